"""The EC2 instance that ClickHouse runs on. It keeps no data: its successor continues with the same volume."""

from pathlib import Path

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
from cdktf_cdktf_provider_aws.iam_instance_profile import IamInstanceProfile
from cdktf_cdktf_provider_aws.iam_role import IamRole
from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
from cdktf_cdktf_provider_aws.instance import Instance, InstanceMetadataOptions, InstanceRootBlockDevice
from cdktf_cdktf_provider_aws.volume_attachment import VolumeAttachment
from constructs import Construct

from modules.accepted_findings import accept_findings
from modules.data.clickhouse.metrics import ClickhouseMetrics
from modules.literals import literal
from modules.metric import Metric
from modules.permissions import metrics
from modules.policy_document import Allow, decryption, policy_document, trust_document
from settings.clickhouse_metrics import METRIC_NAMESPACE
from settings.partition import partition_of
from settings.sections.clickhouse import DEFAULT_PACKAGE_REPOSITORY, Clickhouse

# https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
# What the agent needs for Session Manager, and for Run Command with a document that reads no parameter and installs no
# package: https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
# and https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html. AWS's
# policy AmazonSSMManagedInstanceCore would also let the instance read every parameter of the account. None of these
# names a resource: an instance gets what is sent to itself.
SESSION_MANAGER = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
BOOT_SCRIPT = Path(__file__).with_name("boot.sh")
ROOT_GIB = 20
# In China, EC2 is the only service used here whose principal has the partition's suffix: terraform-provider-aws#46209.
EC2_SERVICE = {"aws": "ec2.amazonaws.com", "aws-cn": "ec2.amazonaws.com.cn", "aws-us-gov": "ec2.amazonaws.com"}


class ClickhouseInstance(Construct):
    """A Graviton instance with Amazon Linux 2023, with the data volume attached.

    There is no SSH key; Session Manager opens a shell. The role can read one secret, publish metrics to one namespace
    and answer Session Manager and Run Command. ``boot.sh`` installs ClickHouse at the first start; a change of the
    script or of its variables replaces the instance. A newer Amazon Linux does not: replace the instance to get it
    (docs/scaling.md).

    Args:
        name: the instance's name.
        role_name: the name of its role and its profile.
        settings: ClickHouse's version and the instance's type.
        environment: the environment's name, a dimension of the metrics.
        region: the AWS region.
        subnet_id: the subnet, in the volume's Availability Zone.
        public: whether it has a public address, which it needs in a public subnet: that has no NAT.
        security_group_id: who may connect.
        volume_id: the data volume.
        user: the ClickHouse user that Langfuse connects as.
        password_secret_arn: the secret with that user's password.
        kms_key_arn: the KMS key that encrypts that secret and the root volume, or None for AWS's own keys. Another one
            replaces the instance.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        role_name: str,
        settings: Clickhouse,
        environment: str,
        region: str,
        subnet_id: str,
        public: bool,
        security_group_id: str,
        volume_id: str,
        user: str,
        password_secret_arn: str,
        kms_key_arn: str | None,
    ) -> None:
        super().__init__(scope, id_)
        trust = trust_document(EC2_SERVICE[partition_of(region)])
        role = IamRole(self, "role", name=role_name, assume_role_policy=trust)
        policy = IamRolePolicy(
            self,
            "policy",
            name="clickhouse",
            role=role.name,
            policy=policy_document(
                Allow(actions=["secretsmanager:GetSecretValue"], resources=[password_secret_arn]),
                metrics(METRIC_NAMESPACE),
                Allow(actions=SESSION_MANAGER, resources=["*"]),
                *([decryption([kms_key_arn], region=region)] if kms_key_arn else []),
            ),
        )
        profile = IamInstanceProfile(self, "profile", name=role_name, role=role.name)
        image = DataAwsSsmParameter(self, "image", name=IMAGE_PARAMETER)
        instance = Instance(
            self,
            "instance",
            ami=image.insecure_value,
            instance_type=settings.instance_type,
            subnet_id=subnet_id,
            associate_public_ip_address=public or None,
            vpc_security_group_ids=[security_group_id],
            iam_instance_profile=profile.name,
            metadata_options=InstanceMetadataOptions(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            root_block_device=InstanceRootBlockDevice(
                encrypted=True, kms_key_id=kms_key_arn, volume_type="gp3", volume_size=ROOT_GIB
            ),
            user_data=_user_data(
                settings.package_repository,
                AWS_REGION=region,
                VOLUME_ID=volume_id,
                CLICKHOUSE_VERSION=settings.version,
                CLICKHOUSE_USER=user,
                PASSWORD_SECRET_ARN=password_secret_arn,
                ENVIRONMENT=environment,
                METRIC_NAMESPACE=METRIC_NAMESPACE,
            ),
            user_data_replace_on_change=True,
            tags={"Name": name},
            depends_on=[policy],
            # A stopped instance has no public address, for which the provider would replace it.
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["ami", *(["associate_public_ip_address"] if public else [])]
            ),
        )
        accept_findings(
            instance,
            {
                "CKV_AWS_126": "The agent and the status checks report each minute already",
                "CKV_AWS_135": "Every Graviton instance is, without being asked to",
            },
        )
        if public:
            accept_findings(instance, {"CKV_AWS_88": "Its security group lets web and worker in, and nobody else"})
        VolumeAttachment(
            self,
            "attachment",
            # The API requires a name, but Nitro instances name the device by the volume's id.
            device_name="/dev/sdf",
            volume_id=volume_id,
            instance_id=instance.id,
            # So that ClickHouse closes its files before the volume is attached to the next instance.
            stop_instance_before_detaching=True,
        )
        self.id = instance.id
        self.private_ip = instance.private_ip
        self.metrics = ClickhouseMetrics.of(environment)
        published_by_ec2 = {"InstanceId": instance.id}
        self.system_status_check_failed = Metric("AWS/EC2", "StatusCheckFailed_System", published_by_ec2)
        self.instance_status_check_failed = Metric("AWS/EC2", "StatusCheckFailed_Instance", published_by_ec2)


def _user_data(package_repository: str, **variables: str) -> str:
    """The boot script with its variables above it.

    The repository is no variable: a line more would replace every instance that runs.
    """
    script = BOOT_SCRIPT.read_text().replace(DEFAULT_PACKAGE_REPOSITORY, package_repository)
    shebang, _, script = script.partition("\n")
    assignments = "".join(f"export {name}={_quoted(value)}\n" for name, value in variables.items())
    return f"{shebang}\n{assignments}{literal(script)}"


def _quoted(value: str) -> str:
    """The value as a word of the shell. Not ``shlex.quote``: what it leaves unquoted would replace the instance."""
    return "'" + value.replace("'", "'\\''") + "'"
