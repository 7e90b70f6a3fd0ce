"""What all three stacks share: the provider, the remote state, the tags."""

from cdktf import S3Backend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider, AwsProviderDefaultTags
from constructs import Construct

from settings import Settings

OLDEST_TERRAFORM = "1.11"
"""The first with write-only arguments, which keep the secrets out of the state."""


class LangfuseStack(TerraformStack):
    """A stack with the AWS provider and its state in S3, encrypted and locked there.

    The state's key is ``langfuse/<environment>/<stack>.tfstate``.
    """

    def __init__(self, scope: Construct, id_: str, settings: Settings) -> None:
        super().__init__(scope, id_)
        AwsProvider(
            self,
            "aws",
            region=settings.region,
            allowed_account_ids=list(settings.allowed_account_ids) or None,
            default_tags=[
                AwsProviderDefaultTags(
                    tags={"Project": "langfuse", "Environment": settings.name, **settings.tags},
                )
            ],
        )
        S3Backend(
            self,
            bucket=settings.state.bucket,
            key=f"langfuse/{settings.name}/{id_}.tfstate",
            region=settings.region,
            encrypt=True,
            kms_key_id=settings.state.kms_key_id,
        )
        # CDKTF 0.21 has no argument for either.
        self.add_override("terraform.backend.s3.use_lockfile", True)
        self.add_override("terraform.required_version", f">= {OLDEST_TERRAFORM}")

    def add_outputs(self, outputs: dict[str, str | list[str]]) -> None:
        """Makes the stack print these after an apply, under exactly these names."""
        for name, value in outputs.items():
            TerraformOutput(self, name, value=value)
