"""The key that encrypts what is stored."""

from settings.section import Section


class Encryption(Section):
    """The KMS key that encrypts what is stored."""
