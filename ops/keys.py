"""``ops keys``: where the first user's password and the first project's API keys are."""

import sys
from typing import Annotated

import typer

from ops.console import AsJson, console, print_json, show as show_table, table
from ops.environment import Environment, OpsError, load_environment
from ops.secret_value import secret_value

PROJECT_KEYS = {
    "LANGFUSE_PUBLIC_KEY": "LANGFUSE_INIT_PROJECT_PUBLIC_KEY",
    "LANGFUSE_SECRET_KEY": "LANGFUSE_INIT_PROJECT_SECRET_KEY",  # pragma: allowlist secret
}
"""By the variable that SDKs read a key from, that of web."""
SECRETS = {
    "password": ("LANGFUSE_INIT_USER_PASSWORD", "to sign in, until it is changed in Langfuse"),
    "public key": (PROJECT_KEYS["LANGFUSE_PUBLIC_KEY"], "LANGFUSE_PUBLIC_KEY of SDKs; `ops smoke`"),
    "secret key": (PROJECT_KEYS["LANGFUSE_SECRET_KEY"], "LANGFUSE_SECRET_KEY of SDKs; `ops smoke`"),
}
"""By what a secret holds, web's variable and what it is for."""


def keys(
    show: Annotated[
        bool, typer.Option("--show", help="Show the values too, on a terminal only. CloudTrail records each read.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where the first password and API keys are.

    They are those of the settings' section first. Without --show, only the names of the secrets are shown, and no
    secret is read.

    Example: ops keys
    """
    if show and as_json:
        raise typer.BadParameter("--show: is for people, and --json never has the values: leave one of them out")
    if show and not sys.stdout.isatty():
        raise typer.BadParameter("--show: only a terminal gets the values, and not a file or a pipe")
    environment = load_environment()
    first = environment.settings.first
    if not first.is_set:
        raise OpsError(
            f"{environment.name} has no first user and project: set the section first in"
            f" environments/{environment.name}.toml, then {environment.deploy_command}"
        )
    names = {what: environment.secret_name(variable) for what, (variable, _) in SECRETS.items()}
    url = environment.outputs("services")["alb_url"]
    if as_json:
        print_json({"url": url, "user_email": first.user_email, "secrets": names})
        return
    values = {what: stored(environment, variable) for what, (variable, _) in SECRETS.items()} if show else {}
    rows = [
        ("address", "", "to sign in; LANGFUSE_BASE_URL of SDKs", url),
        ("user", "", "to sign in", first.user_email or ""),
        *((what, names[what], use, values.get(what, "")) for what, (_, use) in SECRETS.items()),
    ]
    show_table(table("what", "secret", "for", "value", rows=rows))
    if not show:
        console.print("Add --show to read the secrets and show their values. CloudTrail records who does.")


def project_keys(environment: Environment) -> dict[str, str]:
    """The first project's API keys, by the variable that SDKs read them from.

    Raises:
        OpsError: if they are not deployed.
    """
    return {name: stored(environment, variable) for name, variable in PROJECT_KEYS.items()}


def stored(environment: Environment, variable: str) -> str:
    """The value of the secret that a variable of web comes from.

    Raises:
        OpsError: if there is no value, or the secret is not deployed.
    """
    name = environment.secret_name(variable)
    value = secret_value(environment, name)
    if value is None:
        raise OpsError(f"the secret {name} is deleted, or holds no value: see `ops doctor`")
    return value
