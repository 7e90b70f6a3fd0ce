"""The first organization, project and user."""

from typing import Self

from pydantic import model_validator

from settings.field_types import LangfuseName, UserEmail
from settings.secret_variables import FIRST_SECRETS
from settings.section import Section, refuse

# What Langfuse does with them: https://github.com/langfuse/langfuse/blob/v4.16.0/web/src/initialize.ts
# Fixed, since Langfuse creates what has an ID that it does not know: with IDs made of the names, another name would
# make a second organization, or a second project without the data.
ORGANIZATION_ID = "first-organization"
PROJECT_ID = "first-project"
USER_NAME = "Administrator"


class First(Section):
    """The first organization, its project with API keys, and its owner, which Langfuse creates when web starts.

    So nobody has to sign up first: [the first trace](first-trace.md) shows it. By default, none of them is created.

    The owner's password and the project's two API keys are generated into secrets, which ``ops keys`` names, and which
    ``ops smoke`` sends its trace with. They have no version, since Langfuse stores them only once. Set all three
    settings, or none.

    At each start of web, Langfuse creates what is missing, and changes nothing that is there but the owner's role. So
    what you delete or revoke in Langfuse comes back, also the API key, until you remove this section. Another
    organization's or project's name has no effect any more: rename them in Langfuse. When you remove the section, the
    three secrets are deleted, and can be restored for ``secrets.recovery_window_days``. Langfuse keeps the
    organization, the project with its keys, and the owner. Their IDs are ``first-organization`` and ``first-project``,
    for example for ``LANGFUSE_DEFAULT_ORG_ID``.
    """

    organization: LangfuseName | None = None
    """Name of the organization. Requires ``project`` and ``user_email``."""
    project: LangfuseName | None = None
    """Name of the project. Requires ``organization`` and ``user_email``."""
    user_email: UserEmail | None = None
    """E-mail address that the organization's owner signs in with. A user who has this address already becomes an owner
    and keeps the password. Another address later makes a further owner, with the generated password. Requires
    ``organization`` and ``project``."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        missing = [name for name in First.model_fields if getattr(self, name) is None]
        if missing and len(missing) < len(First.model_fields):
            given = next(name for name in First.model_fields if name not in missing)
            # Without the value: any text may be a name, also a secret in the wrong place.
            refuse(given, None, f"needs {' and '.join(missing)} beside it: set all of the section first, or nothing")
        return self

    @property
    def is_set(self) -> bool:
        """Whether Langfuse creates the first organization."""
        return self.organization is not None

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the containers that these settings stand for."""
        if not (self.organization and self.project and self.user_email):
            return {}
        return {
            "LANGFUSE_INIT_ORG_ID": ORGANIZATION_ID,
            "LANGFUSE_INIT_ORG_NAME": self.organization,
            "LANGFUSE_INIT_PROJECT_ID": PROJECT_ID,
            "LANGFUSE_INIT_PROJECT_NAME": self.project,
            "LANGFUSE_INIT_USER_EMAIL": self.user_email,
            "LANGFUSE_INIT_USER_NAME": USER_NAME,
        }

    @property
    def generated_secrets(self) -> tuple[str, ...]:
        """The secret variables of web whose values the data stack generates."""
        return FIRST_SECRETS if self.is_set else ()
