"""What ministack 1.5 leaves out of its answers, so that a second plan would find changes that are none.

Each function stands for one API and can go when ministack answers in full. ``close_gaps`` puts them in place.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch, ec2, ecs, elasticache, rds, secretsmanager, ssm

ARM64_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

Answer = tuple[int, dict[str, str], bytes]
Parameters = Mapping[str, Any]


def close_gaps() -> None:
    """Replaces ministack's handlers by the ones below."""
    cloudwatch._describe_alarms = full_alarms(cloudwatch._describe_alarms)
    elasticache._describe_cache_parameters = filtered_cache_parameters(elasticache._describe_cache_parameters)
    ec2._ACTION_MAP["CreateFlowLogs"] = tagged_flow_logs(ec2._create_flow_logs)
    ec2._ACTION_MAP["DescribeFlowLogs"] = full_flow_logs(ec2._describe_flow_logs)
    ec2._ACTION_MAP["RunInstances"] = complete_instances(ec2._run_instances)
    ec2._ACTION_MAP["TerminateInstances"] = terminated_with_volumes(ec2._ACTION_MAP["TerminateInstances"])
    ec2._instance_xml = instance_with_metadata_options(ec2._instance_xml)
    ec2._volume_inner_xml = volume_with_throughput(ec2._volume_inner_xml)
    rds._ACTION_MAP["CreateDBInstance"] = instance_with_log_exports(rds._ACTION_MAP["CreateDBInstance"])
    rds._instance_xml = instance_showing_log_exports(rds._instance_xml)
    rds._apply_instance_filters = instances_by_resource_id(rds._apply_instance_filters)
    # SSM's public parameters: only the x86_64 image is there.
    ssm._PUBLIC_AMI_PARAMETERS[ARM64_IMAGE] = "ami-0c2023a1b2c3d4e5f"
    secretsmanager._put_secret_value = labelled_secret_value(secretsmanager._put_secret_value)
    ecs._ACTION_MAP["SubmitTaskStateChange"] = recorded_task_state(ecs._ACTION_MAP["SubmitTaskStateChange"])
    for action in ("CreateService", "UpdateService"):
        ecs._ACTION_MAP[action] = balanced_service(ecs._ACTION_MAP[action])


def full_alarms(describe: Callable[..., Answer]) -> Callable[..., Answer]:
    """CloudWatch DescribeAlarms: the XML answer lacks dimensions, statistic, period, actions and description."""

    def described(params: Parameters, cbor_data: object, is_cbor: bool, is_json: bool = False) -> Answer:
        status, headers, body = describe(params, cbor_data, is_cbor, is_json)
        if is_cbor or is_json:
            return status, headers, body

        def fill(match: re.Match[bytes]) -> bytes:
            alarm = cloudwatch._alarms[match["name"].decode()]
            return f"<member>{_fields(alarm)}</member>".encode()

        member = rb"<member><AlarmName>(?P<name>[^<]*)</AlarmName>(?:(?!</member>).)*<MetricName>.*?</member>"
        return status, headers, re.sub(member, fill, body)

    return described


def _fields(record: Mapping[str, Any]) -> str:
    return "".join(
        f"<{key}>{_time(value) if key.endswith('Timestamp') else _value(value)}</{key}>"
        for key, value in record.items()
        if value is not None
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _fields(value)
    if isinstance(value, list):
        return "".join(f"<member>{_value(item)}</member>" for item in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def filtered_cache_parameters(describe: Callable[..., Answer]) -> Callable[..., Answer]:
    """ElastiCache DescribeCacheParameters: ``Source=user`` is ignored, so defaults look like settings."""

    def described(params: Parameters) -> Answer:
        status, headers, body = describe(params)
        if elasticache._p(params, "Source") == "user":
            body = re.sub(rb"<Parameter>(?:(?!</Parameter>).)*<Source>system</Source>.*?</Parameter>", b"", body)
        return status, headers, body

    return described


def tagged_flow_logs(create: Callable[..., Answer]) -> Callable[..., Answer]:
    """EC2 CreateFlowLogs: forgets the role, the interval and the tags (which AWS types ``vpc-flow-log``)."""

    def created(params: Parameters) -> Answer:
        status, headers, body = create(params)
        for id_ in re.findall(r"<item>(fl-\w+)</item>", body.decode()):
            ec2._parse_tag_specs(params, "vpc-flow-log", id_)
            ec2._flow_logs[id_]["_rest"] = (
                f"<deliverLogsPermissionArn>{ec2._p(params, 'DeliverLogsPermissionArn')}</deliverLogsPermissionArn>"
                f"<maxAggregationInterval>{ec2._p(params, 'MaxAggregationInterval') or 600}</maxAggregationInterval>"
            )
        return status, headers, body

    return created


def full_flow_logs(describe: Callable[..., Answer]) -> Callable[..., Answer]:
    """EC2 DescribeFlowLogs: shows neither role nor interval."""

    def described(params: Parameters) -> Answer:
        status, headers, body = describe(params)
        for id_, log in ec2._flow_logs.items():
            shown = f"<flowLogId>{id_}</flowLogId>"
            body = body.replace(shown.encode(), (shown + log["_rest"]).encode())
        return status, headers, body

    return described


def complete_instances(run: Callable[..., Answer]) -> Callable[..., Answer]:
    """EC2 RunInstances: forgets the metadata options, and the root volume's size and encryption."""

    def ran(params: Parameters) -> Answer:
        status, headers, body = run(params)
        for id_ in re.findall(r"<instanceId>(i-\w+)</instanceId>", body.decode()):
            instance = ec2._instances[id_]
            instance["MetadataOptions"] = {
                option[0].lower() + option[1:]: ec2._p(params, f"MetadataOptions.{option}")
                for option in ("HttpEndpoint", "HttpTokens", "HttpPutResponseHopLimit")
            } | {"httpProtocolIpv6": "disabled"}
            root = ec2._volumes[instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]]
            root["Size"] = ec2._p(params, "BlockDeviceMapping.1.Ebs.VolumeSize") or root["Size"]
            root["Encrypted"] = ec2._p(params, "BlockDeviceMapping.1.Ebs.Encrypted") == "true"
        return status, headers, body

    return ran


def terminated_with_volumes(terminate: Callable[..., Answer]) -> Callable[..., Answer]:
    """EC2 TerminateInstances: leaves the root volumes behind."""

    def terminated(params: Parameters) -> Answer:
        answer = terminate(params)
        for instance_id in ec2._parse_member_list(params, "InstanceId"):
            for mapping in ec2._instances[instance_id]["BlockDeviceMappings"]:
                if mapping["Ebs"]["DeleteOnTermination"]:
                    ec2._volumes.pop(mapping["Ebs"]["VolumeId"], None)
        return answer

    return terminated


def instance_with_metadata_options(show: Callable[[Parameters], str]) -> Callable[[Parameters], str]:
    """EC2 DescribeInstances: does not show the metadata options."""

    def shown(instance: Parameters) -> str:
        options = _fields(instance.get("MetadataOptions", {}))
        return f"{show(instance).rstrip().removesuffix('</item>')}<metadataOptions>{options}</metadataOptions></item>"

    return shown


def volume_with_throughput(show: Callable[[Parameters], str]) -> Callable[[Parameters], str]:
    """EC2 DescribeVolumes: does not show the throughput."""
    return lambda volume: f"{show(volume)}<throughput>{volume['Throughput']}</throughput>"


def instance_with_log_exports(create: Callable[..., Answer]) -> Callable[..., Answer]:
    """RDS CreateDBInstance: forgets which logs go to CloudWatch."""

    def created(params: Parameters) -> Answer:
        answer = create(params)
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if instance:
            instance["EnabledCloudwatchLogsExports"] = rds._parse_member_list(params, "EnableCloudwatchLogsExports")
        return answer

    return created


def instance_showing_log_exports(show: Callable[[Parameters], str]) -> Callable[[Parameters], str]:
    """RDS DescribeDBInstances: does not show which logs go to CloudWatch."""

    def shown(instance: Parameters) -> str:
        logs = _value(instance["EnabledCloudwatchLogsExports"])
        filled = f"<EnabledCloudwatchLogsExports>{logs}</EnabledCloudwatchLogsExports>"
        return show(instance).replace("<EnabledCloudwatchLogsExports/>", filled)

    return shown


def instances_by_resource_id(apply: Callable[..., list[Parameters]]) -> Callable[..., list[Parameters]]:
    """RDS DescribeDBInstances: the filter ``dbi-resource-id`` is ignored.

    Terraform would wait an hour for the end of a deleted database, as long as there is another.
    """

    def filtered(instances: list[Parameters], filters: Mapping[str, list[str]]) -> list[Parameters]:
        wanted = filters.get("dbi-resource-id")
        found = apply(instances, filters)
        return found if wanted is None else [instance for instance in found if instance["DbiResourceId"] in wanted]

    return filtered


def labelled_secret_value(put: Callable[..., Answer]) -> Callable[..., Answer]:
    """Secrets Manager PutSecretValue: forgets the labels that are given beside AWSCURRENT."""

    def stored(data: Parameters) -> Answer:
        answer = put(data)
        _, secret = secretsmanager._resolve(data["SecretId"])
        for label in set(data.get("VersionStages", [])) - {"AWSCURRENT"} if secret else ():
            secretsmanager._remove_stage_everywhere(secret, label)
            secretsmanager._add_stage(secret, data["ClientRequestToken"], label)
        return answer

    return stored


def recorded_task_state(submit: Callable[..., Answer]) -> Callable[..., Answer]:
    """ECS SubmitTaskStateChange: accepted, and forgotten; without Docker nothing else ends a task by itself."""

    def submitted(data: Parameters) -> Answer:
        task = ecs._resolve_task(data["task"], ecs._resolve_cluster_name(data["cluster"]))
        if task and data["status"] == "STOPPED":
            code = max(container["exitCode"] for container in data["containers"])
            for container in task["containers"]:
                container["reason"] = data["containers"][0].get("reason")
            ecs._mark_task_stopped(
                task["taskArn"], task, data["reason"], stop_code="EssentialContainerExited", exit_code=code
            )
        return submit(data)

    return submitted


def balanced_service(change: Callable[..., Answer]) -> Callable[..., Answer]:
    """ECS CreateService and UpdateService: forget ``availabilityZoneRebalancing``."""

    def changed(data: Parameters) -> Answer:
        answer = change(data)
        name = data.get("serviceName") or data["service"].rpartition("/")[2]
        for service in ecs._services.values():
            if service["serviceName"] == name and "availabilityZoneRebalancing" in data:
                service["availabilityZoneRebalancing"] = data["availabilityZoneRebalancing"]
        return answer

    return changed
