"""Secrets whose values are in no plan, no state and no synthesized JSON.

A value exists only while Terraform runs: it comes from an ephemeral resource and goes into a write-only argument.
Terraform stores just a version number; another number stores a value again.
https://developer.hashicorp.com/terraform/language/manage-sensitive-data/ephemeral

The rest of the project passes the expressions that are made here as plain strings.
"""

from collections.abc import Mapping
from typing import Any

from cdktf import TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_aws.secretsmanager_secret import SecretsmanagerSecret
from cdktf_cdktf_provider_aws.secretsmanager_secret_version import SecretsmanagerSecretVersion
from constructs import Construct

from modules.accepted_findings import AWS_KEY_SUFFICES, accept_findings


class Secret(Construct):
    """A secret in Secrets Manager.

    The value is stored when the secret is created and whenever ``version`` changes; what others store in between stays.

    Args:
        name: its name.
        description: what it is for.
        value: an expression of this module, or a plain placeholder.
        recovery_window_days: how long it can be restored after it was deleted.
        kms_key_arn: the KMS key that encrypts it, or None for ``aws/secretsmanager``.
        version: the value's version. By default 1.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        value: str,
        recovery_window_days: int,
        kms_key_arn: str | None,
        version: int = 1,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        secret = SecretsmanagerSecret(
            self,
            "secret",
            name=name,
            description=description,
            recovery_window_in_days=recovery_window_days,
            kms_key_id=kms_key_arn,
        )
        accept_findings(
            secret,
            {
                "CKV_AWS_149": AWS_KEY_SUFFICES,
                "CKV2_AWS_57": "Langfuse reads its secrets at start only; what may rotate does so by a raised version",
            },
        )
        self._version = SecretsmanagerSecretVersion(
            self,
            "version",
            secret_id=secret.id,
            secret_string_wo=value,
            secret_string_wo_version=version,
            # AWS deletes a version without a label, and Terraform would then store the value above over what an
            # operator has stored meanwhile. The second label stays with this version when AWSCURRENT moves on.
            version_stages=["AWSCURRENT", "TERRAFORM"],
            lifecycle=TerraformResourceLifecycle(ignore_changes=["version_stages"]),
        )
        # The version's, not the secret's, so that whatever reads the secret is created after its value.
        self.arn = self._version.arn

    def read(self) -> str:
        """The value as Secrets Manager has it, for a write-only argument. It is read only after it is stored.

        By the version's ARN, which is unknown until the version is there. Its ``secret_id`` is known as soon as the
        secret is: the next plan after a deploy that was killed between the two would read a secret without a value.
        """
        arguments = {"secret_id": self._version.arn}
        secret_version = _ephemeral(self, "read", "aws_secretsmanager_secret_version", arguments)
        return f"${{{secret_version}.secret_string}}"


def random_letters_and_digits(scope: Construct, id_: str, *, length: int) -> str:
    """A random value, without punctuation, since Langfuse puts secrets into URLs without escaping them."""
    return _random(scope, id_, {"password_length": length, "exclude_punctuation": True})


def random_hex_digits(scope: Construct, id_: str, *, length: int) -> str:
    """A random value of the digits 0-9 and a-f."""
    return _random(
        scope,
        id_,
        {
            "password_length": length,
            "exclude_punctuation": True,
            "exclude_uppercase": True,
            "exclude_characters": "ghijklmnopqrstuvwxyz",
            "require_each_included_type": False,
        },
    )


def _random(scope: Construct, id_: str, arguments: Mapping[str, Any]) -> str:
    return f"${{{_ephemeral(scope, id_, 'aws_secretsmanager_random_password', arguments)}.random_password}}"


def _ephemeral(scope: Construct, id_: str, type_: str, arguments: Mapping[str, Any]) -> str:
    """Writes an ephemeral resource, which CDKTF 0.21 has no class for, and returns its address.

    Its arguments must come from this stack: CDKTF does not notice another stack's token in an override.
    """
    stack = TerraformStack.of(scope)
    path = f"{scope.node.path}/{id_}".removeprefix(f"{stack.node.path}/")
    name = path.replace("/", "_").replace("-", "_")
    stack.add_override(f"ephemeral.{type_}.{name}", arguments)
    return f"ephemeral.{type_}.{name}"
