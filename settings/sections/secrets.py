"""The generated secrets."""

from typing import Annotated

from pydantic import Field, model_validator

from settings.field_types import (
    RecoveryWindowDays,
)
from settings.section import Section, refuse


class Secrets(Section):
    """The secrets that are generated. When a version is raised by one, the next deploy generates a new value.

    ``SALT`` and ``ENCRYPTION_KEY`` have no version, since they must never change: with another value, stored API keys
    and credentials could not be read. ``salt_version`` and ``encryption_key_version`` are therefore not allowed.
    """

    database_password_version: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    """Version of PostgreSQL's password. A new password is in effect after the deploy; run ``ops redeploy --apply``
    right after it, since the tasks read the password only when they start."""
    nextauth_secret_version: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    """Version of the secret that signs user sessions. ``ops redeploy --apply`` makes the tasks read a new one, which
    signs every user out."""
    recovery_window_days: RecoveryWindowDays = 30
    """Number of days that a deleted secret can be restored. Until then its name is in use, and a new deploy of the same
    environment fails. ``0`` deletes secrets at once."""

    @model_validator(mode="before")
    @classmethod
    def _never_rotate(cls, values: object) -> object:
        if isinstance(values, dict):
            for name in ("salt_version", "encryption_key_version"):
                if name in values:
                    refuse(name, values[name], "SALT and ENCRYPTION_KEY never rotate: stored data would be unreadable")
        return values
