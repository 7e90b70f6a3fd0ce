"""How users sign in."""

from settings.section import Section


class SignIn(Section):
    """Who may sign up, and how users sign in."""

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the containers that these settings stand for."""
        return {}

    @property
    def secrets(self) -> dict[str, str]:
        """The ARNs of the secrets that further variables get their values from."""
        return {}
