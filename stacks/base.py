"""What all stacks share: the provider, the remote state and the tags."""

from cdktf import S3Backend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

from modules.permissions_boundary import set_permissions_boundary
from settings import Settings
from setup.lock_file import locked_provider

OLDEST_TERRAFORM = "1.11"
"""The first version with write-only arguments, which keep the secrets out of the state."""


class LangfuseStack(TerraformStack):
    """A stack with the AWS provider, and with its state in S3, encrypted and locked there."""

    has_roles_boundary = True
    """Whether its roles get the permissions boundary, if the settings have one."""

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        # cdktn refuses write-only arguments without it; CDKTF has no use for it.
        self.node.set_context("targetVersions", {"terraform": f">={OLDEST_TERRAFORM}"})
        self._settings = settings
        self.add_provider("aws", region=settings.region)
        S3Backend(
            self,
            bucket=settings.state.bucket,
            key=settings.state_key(id_),
            region=settings.region,
            encrypt=True,
            kms_key_id=settings.state_kms_key_id,
        )
        if self.has_roles_boundary and settings.roles_boundary_arn:
            set_permissions_boundary(self, settings.roles_boundary_arn)
        # CDKTF 0.21 has no argument for either.
        self.add_override("terraform.backend.s3.use_lockfile", True)
        self.add_override("terraform.required_version", f">= {OLDEST_TERRAFORM}")
        # The version of the lock file, whichever version the bindings were generated from.
        self.add_override("terraform.required_providers.aws.version", locked_provider().version)

    def add_provider(self, id_: str, *, region: str, alias: str | None = None) -> AwsProvider:
        """Adds the AWS provider of a Region: that of the stack, or one with an alias."""
        return AwsProvider(
            self,
            id_,
            alias=alias,
            region=region,
            allowed_account_ids=list(self._settings.allowed_account_ids) or None,
            default_tags=[AwsProviderDefaultTags(tags=self._settings.default_tags)],
        )

    def add_outputs(self, outputs: dict[str, str | list[str]]) -> None:
        """Adds outputs under exactly these names, without the hashes that CDKTF would add."""
        for name, value in outputs.items():
            TerraformOutput(self, name, value=value)
