"""The first organization, project and user."""

from settings.section import Section


class First(Section):
    """The first organization, its project with API keys, and its user, which Langfuse creates when it starts.

    By default, it creates none.
    """

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the containers that these settings stand for."""
        return {}

    @property
    def secrets(self) -> dict[str, str]:
        """The ARNs of the secrets that further variables get their values from."""
        return {}
