"""The mails that Langfuse sends."""

from settings.section import Section


class Mail(Section):
    """The mails that Langfuse sends: invitations, and links to reset a password. By default, it sends none."""

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the containers that these settings stand for."""
        return {}

    @property
    def secrets(self) -> dict[str, str]:
        """The ARNs of the secrets that further variables get their values from."""
        return {}
