"""A deployment of few resources, without Terraform, for tests of ``ops``: what the databases and web's tasks tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from local.embedded_aws import EmbeddedAws
from ops.environment import Environment
from tests.command_line import Ran, ops_in_process
from tests.environments import load
from tests.states import BUCKET, state

WEB = "langfuse-dev-web"
CLUSTER = "langfuse-dev"
VOLUME_GIB = 50
ECS_TASKS = {"Service": "ecs-tasks.amazonaws.com"}
TRUST = {"Effect": "Allow", "Principal": ECS_TASKS, "Action": "sts:AssumeRole"}
DISK: dict[str, Any] = {
    "Namespace": "Langfuse/ClickHouse",
    "MetricName": "disk_used_percent",
    "Dimensions": [{"Name": "Environment", "Value": "dev"}],
}


@dataclass(frozen=True)
class SmallDeployment:
    """The environment ``dev``, with a web service and no worker.

    ``web_group`` is the security group of its tasks, ``task_role`` the name of their role.
    """

    aws: EmbeddedAws
    subnet: str
    web_group: str
    task_role: str
    task_role_arn: str

    def client(self, service: str) -> Any:
        """Creates a client of a service of the embedded AWS."""
        return self._session.client(service, endpoint_url=self.aws.url)  # type: ignore[call-overload]

    def ops(self, *arguments: str, **variables: str) -> Ran:
        """Runs the command with additional environment variables."""
        return ops_in_process(*arguments, environment={**self.aws.environment, "LANGFUSE_ENV": "dev", **variables})

    @cached_property
    def _session(self) -> boto3.Session:
        return self.aws.session()

    def environment(self, **variables: str) -> Environment:
        """The environment as ``ops`` loads it, with additional environment variables."""
        return Environment(load("dev", variables), self._session)

    def store(self, name: str, value: str) -> str:
        """Stores a value in a secret, and returns the secret's ARN."""
        secrets = self.client("secretsmanager")
        try:
            return str(secrets.put_secret_value(SecretId=name, SecretString=value)["ARN"])
        except secrets.exceptions.ResourceNotFoundException:
            return str(secrets.create_secret(Name=name, SecretString=value)["ARN"])

    def run_web(
        self,
        version: str,
        variables: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        *,
        repository: str = "langfuse/langfuse",
        first: Mapping[str, Any] | None = None,
    ) -> None:
        """Lets the web service run a version, with variables and with secrets by their ARNs.

        ``first`` is the definition of a container that must have ended before.
        """
        ecs = self.client("ecs")
        container: dict[str, Any] = {
            "name": WEB,
            "image": f"{repository}:{version}",
            "essential": True,
            "environment": [{"name": name, "value": value} for name, value in (variables or {}).items()],
            "secrets": [{"name": name, "valueFrom": arn} for name, arn in (secrets or {}).items()],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "web", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web"},
            },
        }
        if first:
            container["dependsOn"] = [{"containerName": first["name"], "condition": "SUCCESS"}]
        definition = ecs.register_task_definition(
            family=WEB,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="1024",
            memory="2048",
            taskRoleArn=self.task_role_arn,
            executionRoleArn=self.task_role_arn,
            containerDefinitions=[container, *([first] if first else [])],
        )["taskDefinition"]["taskDefinitionArn"]
        if ecs.describe_services(cluster=CLUSTER, services=[WEB])["services"]:
            ecs.update_service(cluster=CLUSTER, service=WEB, taskDefinition=definition)
            return
        network = {"subnets": [self.subnet], "securityGroups": [self.web_group], "assignPublicIp": "ENABLED"}
        ecs.create_service(
            cluster=CLUSTER,
            serviceName=WEB,
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": network},
        )

    def publish_disk_used_percent(self, percent: float) -> None:
        """Publishes the metric of ClickHouse's disk."""
        data = {"MetricName": DISK["MetricName"], "Dimensions": DISK["Dimensions"], "Value": percent}
        self.client("cloudwatch").put_metric_data(Namespace=DISK["Namespace"], MetricData=[data])


def create(aws: EmbeddedAws) -> SmallDeployment:
    """Creates the resources: web runs Langfuse 3.225.7, ClickHouse is an instance with a volume of 50 GiB."""

    session = aws.session()

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=aws.url)  # type: ignore[call-overload]

    ec2, rds = client("ec2"), client("rds")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("bc")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[https])

    (instance,) = ec2.run_instances(
        ImageId="ami-0123456789abcdef0",
        MinCount=1,
        MaxCount=1,
        InstanceType="t4g.large",
        SubnetId=subnets[0],
        MetadataOptions={"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    )["Instances"]
    volume = ec2.create_volume(
        AvailabilityZone="us-east-1b",
        Size=VOLUME_GIB,
        VolumeType="gp3",
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "langfuse-dev-clickhouse"}]}],
    )["VolumeId"]
    ec2.attach_volume(VolumeId=volume, InstanceId=instance["InstanceId"], Device="/dev/sdf")
    client("cloudwatch").put_metric_alarm(
        AlarmName="langfuse-dev-clickhouse-disk",
        ComparisonOperator="GreaterThanThreshold",
        Threshold=80,
        Period=60,
        EvaluationPeriods=1,
        Statistic="Maximum",
        **DISK,
    )
    rds.create_db_subnet_group(DBSubnetGroupName="all", DBSubnetGroupDescription="all", SubnetIds=subnets)
    rds.create_db_instance(
        DBInstanceIdentifier="langfuse-dev-postgres",
        DBInstanceClass="db.t4g.micro",
        DBSubnetGroupName="all",
        Engine="postgres",
        EngineVersion="15.4",
        AllocatedStorage=20,
        MasterUsername="langfuse",
        MasterUserPassword="not-used-by-anyone",  # pragma: allowlist secret
    )
    client("elasticache").create_replication_group(
        ReplicationGroupId="langfuse-dev-redis",
        ReplicationGroupDescription="redis",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.micro",
        NumCacheClusters=1,
    )
    client("ecs").create_cluster(clusterName=CLUSTER)
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = client("iam").create_role(RoleName="web-task", AssumeRolePolicyDocument=trust)["Role"]
    _store_outputs(client("s3"), instance["InstanceId"])
    deployment = SmallDeployment(aws, subnets[0], group, "web-task", role["Arn"])
    deployment.run_web("3.225.7")
    return deployment


def _store_outputs(s3: Any, instance_id: str) -> None:
    secrets = ("url", "user", "password", "migration_url", "db", "migration_ssl")
    outputs = {
        "data": {
            "database_id": "langfuse-dev-postgres",
            "redis_id": "langfuse-dev-redis",
            "clickhouse_instance_id": instance_id,
            "encryption_key_secret_name": "encryption-key",  # pragma: allowlist secret
            **{f"clickhouse_{name}_secret_name": f"clickhouse-{name}" for name in secrets},
        },
        "services": {
            "cluster_name": CLUSTER,
            "web_service_name": WEB,
            "worker_service_name": "langfuse-dev-worker",
            "web_log_group_name": "web",
            "alb_url": "http://langfuse.example.com",
        },
    }
    s3.create_bucket(Bucket=BUCKET)
    for stack, values in outputs.items():
        stored = json.dumps(state(values, lineage=stack))
        s3.put_object(Bucket=BUCKET, Key=f"langfuse/dev/{stack}.tfstate", Body=stored.encode())
