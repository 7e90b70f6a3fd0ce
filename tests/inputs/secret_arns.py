"""ARNs of another place, service or form, or with wildcards; names of variables."""

from collections.abc import Iterator

from tests.inputs.case import CANARY, Case, right, setting
from tests.inputs.container_variables import FILLED_BY_STACKS, NAMES
from tests.inputs.formats import ACCOUNT, REGION

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:langfuse/smtp-AbCdEf"
WRONG = (
    "", " ", "langfuse/smtp", CANARY, ARN.upper(), f" {ARN}", f"{ARN} ", f"{ARN}\n", ARN.replace(REGION, "us-east-1"),
    ARN.replace(REGION, ""), ARN.replace(REGION, "*"), ARN.replace(ACCOUNT, ""), ARN.replace(ACCOUNT, "*"),
    ARN.replace(ACCOUNT, "12345678901"), ARN.replace("aws:", "aws-cn:", 1), ARN.replace(ACCOUNT, "12345678901２"),
    ARN.replace("arn:aws:", "arn:aws-us-gov:"), ARN.replace("arn:aws:", "arn:aws-iso:"),
    ARN.replace("secretsmanager", "ssm"), f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/smtp",
    ARN.replace(":secret:", ":parameter:"), ARN.replace(":secret:", ":secret/"), ARN.replace("-AbCdEf", ""),
    ARN.replace("-AbCdEf", "-??????"), ARN.replace("-AbCdEf", "-*"), ARN.replace("langfuse/smtp-AbCdEf", "*"),
    ARN.replace("langfuse/smtp-AbCdEf", ""), ARN.replace("langfuse/", "*/"), ARN.replace("smtp", "s?tp"),
    ARN.replace("-AbCdEf", "-AbCdE"), ARN.replace("-AbCdEf", "-AbCdEfG"), ARN.replace("-AbCdEf", "-AbCdE_"),
    ARN.replace("smtp", "sm tp"), ARN.replace("smtp", "${x}"), ARN.replace("smtp", "%{x}"), ARN.replace("smtp", "é"),
    ARN.replace("smtp", "a\nb"), ARN.replace("smtp", "x" * 600), ARN.replace("smtp", "\x1b[31m"),
    ARN.replace("smtp", '"'), ARN.replace("smtp", "a,b"), ARN.replace("smtp", "\u202e"), f"{ARN}{ARN}", f"{ARN},{ARN}",
    f"{ARN}:{CANARY}:::x", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/x", f"arn:aws:s3:::{CANARY}",
    f"https://example.com/{CANARY}", ARN.replace("arn", "ARN"),
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Yields the cases."""
    yield from (secret("SMTP_PASSWORD", arn) for arn in WRONG)
    yield from (secret(name, ARN) for name in (*NAMES, *FILLED_BY_STACKS))
    yield from (
        setting("langfuse.secrets", value)
        for value in (f'{{"A": {{"B": "{CANARY}"}}}}', f'["{CANARY}"]', CANARY, '{"A": null}')
    )
    yield setting("langfuse.secrets", {"A": ARN}, langfuse__environment={"A": CANARY})
    yield setting("langfuse.secrets", {"LANGFUSE_INIT_USER_PASSWORD": ARN})
    yield setting(
        "langfuse.secrets",
        {"LANGFUSE_INIT_PROJECT_SECRET_KEY": ARN},
        langfuse__environment={"LANGFUSE_INIT_ORG_ID": "a"},
    )
    yield setting("langfuse.secrets", {"AUTH_GOOGLE_CLIENT_SECRET": ARN})
    yield setting("langfuse.secrets", {"A": ARN}, allowed_account_ids=["000000000000"])
    yield setting("langfuse.secrets", {"A": ARN}, region="us-gov-west-1")
    yield setting("langfuse.secrets", {"A": ARN}, region="us-east-1")
    yield setting("langfuse.secrets", {f"A{number}": ARN for number in range(2000)})
    yield right(secret("SMTP_PASSWORD", ARN))
    yield right(secret("A", ARN.replace("langfuse/smtp", "a")))
    yield right(secret("A", ARN.replace("langfuse/smtp", "a-AbCdEf")))
    yield right(secret("A", ARN.replace("langfuse/smtp", "x" * 512)))
    yield right(secret("A", ARN.replace("langfuse/smtp", "a/b_c+d=e.f@g-h")))
    yield right(setting("langfuse.secrets", {"A": ARN}, allowed_account_ids=[ACCOUNT]))
    yield right(
        setting(
            "langfuse.secrets", {"AUTH_GOOGLE_CLIENT_SECRET": ARN}, langfuse__environment={"AUTH_GOOGLE_CLIENT_ID": "x"}
        )
    )
    custom = {"AUTH_CUSTOM_CLIENT_ID": "x", "AUTH_CUSTOM_ISSUER": "https://id.example.com", "AUTH_CUSTOM_NAME": "Acme"}
    custom |= {"AUTH_CUSTOM_ID_TOKEN": "true", "AUTH_CUSTOM_CLIENT_AUTH_METHOD": "client_secret_post"}
    yield right(setting("langfuse.secrets", {"AUTH_CUSTOM_CLIENT_SECRET": ARN}, langfuse__environment=custom))
    yield right(
        setting(
            "langfuse.secrets",
            {"A": ARN.replace("aws:", "aws-cn:", 1).replace(REGION, "cn-north-1")},
            region="cn-north-1",
        )
    )
    every = {
        "LANGFUSE_INIT_ORG_ID": "a",
        "LANGFUSE_INIT_PROJECT_ID": "p",
        "LANGFUSE_INIT_PROJECT_PUBLIC_KEY": "pk-lf-1",
    }
    every |= {"LANGFUSE_INIT_USER_EMAIL": "me@example.com"}
    secrets = {"LANGFUSE_INIT_PROJECT_SECRET_KEY": ARN, "LANGFUSE_INIT_USER_PASSWORD": ARN}
    yield right(setting("langfuse.secrets", secrets, langfuse__environment=every))


def secret(name: str, arn: str) -> Case:
    """A secret variable of the containers."""
    return setting("langfuse.secrets", {name: arn})
