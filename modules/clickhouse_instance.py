"""The instance that ClickHouse runs on. It holds nothing: destroy it, and the next one goes on with the volume."""

from pathlib import Path

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from cdktf_cdktf_provider_aws.instance import Instance, InstanceMetadataOptions, InstanceRootBlockDevice
from cdktf_cdktf_provider_aws.volume_attachment import VolumeAttachment
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.policy_document import Allow, policy_document, trust_document
from settings import Settings

# https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
BOOT_SCRIPT = Path(__file__).with_name("clickhouse_boot.sh")
METRIC_NAMESPACE = "Langfuse/ClickHouse"
ROOT_GIB = 20


class ClickhouseInstance(Construct):
    """A Graviton instance with Amazon Linux 2023 in a private subnet, and the data volume attached to it.

    Nobody logs in by SSH; Session Manager opens a shell. Its role reads the one secret and publishes the one namespace.
    ``clickhouse_boot.sh`` does the rest at the first start; a change of it, or of its variables, replaces the instance.
    A newer Amazon Linux alone does not: ``-replace`` the instance to get it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        settings: Settings,
        subnet_id: str,
        security_group_id: str,
        volume_id: str,
        user: str,
        password_secret_arn: str,
    ) -> None:
        super().__init__(scope, id_)
        role = IamRole(self, "role", name=name, assume_role_policy=trust_document("ec2.amazonaws.com"))
        IamRolePolicyAttachment(
            self,
            "session-manager",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        )
        policy = IamRolePolicy(
            self,
            "policy",
            name="clickhouse",
            role=role.name,
            policy=policy_document(
                Allow(actions=["secretsmanager:GetSecretValue"], resources=[password_secret_arn]),
                Allow(
                    actions=["cloudwatch:PutMetricData"],
                    resources=["*"],
                    conditions={"StringEquals": {"cloudwatch:namespace": METRIC_NAMESPACE}},
                ),
            ),
        )
        profile = IamInstanceProfile(self, "profile", name=name, role=role.name)
        image = DataAwsSsmParameter(self, "image", name=IMAGE_PARAMETER)
        instance = Instance(
            self,
            "instance",
            ami=image.insecure_value,
            instance_type=settings.clickhouse.instance_type,
            subnet_id=subnet_id,
            vpc_security_group_ids=[security_group_id],
            iam_instance_profile=profile.name,
            metadata_options=InstanceMetadataOptions(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            root_block_device=InstanceRootBlockDevice(encrypted=True, volume_type="gp3", volume_size=ROOT_GIB),
            user_data=_user_data(
                AWS_REGION=settings.region,
                VOLUME_ID=volume_id,
                CLICKHOUSE_VERSION=settings.clickhouse.version,
                CLICKHOUSE_USER=user,
                PASSWORD_SECRET_ARN=password_secret_arn,
                ENVIRONMENT=settings.name,
                METRIC_NAMESPACE=METRIC_NAMESPACE,
            ),
            user_data_replace_on_change=True,
            tags={"Name": name},
            depends_on=[policy],
            lifecycle=TerraformResourceLifecycle(ignore_changes=["ami"]),
        )
        accept_findings(
            instance,
            {
                "CKV_AWS_126": "The agent and the status checks report each minute already",
                "CKV_AWS_135": "Every Graviton instance is, without being asked to",
            },
        )
        VolumeAttachment(
            self,
            "attachment",
            # Nitro names the device by the volume's id; this name is only a place in AWS's list.
            device_name="/dev/sdf",
            volume_id=volume_id,
            instance_id=instance.id,
            # ClickHouse closes its files before the volume goes to the next instance.
            stop_instance_before_detaching=True,
        )
        self.id = instance.id
        self.private_ip = instance.private_ip


def _user_data(**variables: str) -> str:
    """The boot script below its variables, with its own ``${`` kept from Terraform."""
    shebang, _, script = BOOT_SCRIPT.read_text().partition("\n")
    assignments = "".join(f"export {name}='{value}'\n" for name, value in variables.items())
    return f"{shebang}\n{assignments}{script.replace('${', '$${')}"
