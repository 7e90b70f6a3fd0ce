"""Completes answers of ministack 1.5, so that Terraform's second plan is empty.

Each function below wraps a function of ministack. Remove it when ministack's answer is complete.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from itertools import count, takewhile
from types import ModuleType
from typing import Any, TypeVar
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from ministack.core.responses import AccountScopedDict
from ministack.services import (
    acm,
    cloudfront,
    cloudwatch,
    cloudwatch_logs,
    ec2,
    ecs,
    elasticache,
    iam,
    rds,
    secretsmanager,
    ssm,
)

from local.emulator.log_patterns import Matches, matcher

ARM64_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

Answer = tuple[int, dict[str, str], bytes]
Parameters = Mapping[str, Any]
Handler = Callable[..., Answer]
ToXml = Callable[[Parameters], str]
Function = TypeVar("Function", bound=Callable[..., Any])

_wrappers: list[tuple[dict[str, Any], str, Callable[..., Any]]] = []


def wraps(service: ModuleType, *names: str) -> Callable[[Function], Function]:
    """Makes ``close_gaps`` replace functions of ``service`` by the decorated one, whose first argument is the original.

    A name is an action in the service's ``_ACTION_MAP``, or else an attribute of the module.

    Raises:
        LookupError: if ministack does not have the name, for example after an upgrade.
    """
    dictionaries = {name: _dictionary(service, name) for name in names}

    def register(wrapper: Function) -> Function:
        _wrappers.extend((dictionary, name, wrapper) for name, dictionary in dictionaries.items())
        return wrapper

    return register


def _dictionary(service: ModuleType, name: str) -> dict[str, Any]:
    """The dictionary that has the name: the service's ``_ACTION_MAP`` or else the module's attributes."""
    for dictionary in (getattr(service, "_ACTION_MAP", {}), vars(service)):
        if name in dictionary:
            return dictionary
    raise LookupError(f"{service.__name__} has neither an action nor an attribute {name}")


def close_gaps() -> None:
    """Puts the functions below in place of ministack's."""
    for dictionary, name, wrapper in _wrappers:
        dictionary[name] = partial(wrapper, dictionary[name])
    # SSM in ministack 1.5 has this public parameter for x86_64 only.
    ssm._PUBLIC_AMI_PARAMETERS[ARM64_IMAGE] = "ami-0c2023a1b2c3d4e5f"
    ec2._ACTION_MAP["ModifyInstanceAttribute"] = _change_instance_type
    iam._IAM_HANDLERS |= {
        "TagOpenIDConnectProvider": _tag_identity_provider,
        "UntagOpenIDConnectProvider": _untag_identity_provider,
    }
    # "All dashboards in your account are global, not region-specific":
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    cloudwatch._dashboards = AccountScopedDict()


def _change_instance_type(params: Parameters) -> Answer:
    """EC2 ModifyInstanceAttribute, which ministack 1.5 lacks, for the one attribute that the stacks change."""
    instance_id = ec2._p(params, "InstanceId")
    instance = ec2._instances[instance_id]
    answer: Answer
    if instance["State"]["Name"] != "stopped":
        answer = ec2._error(
            "IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.", 400
        )
    else:
        instance["InstanceType"] = ec2._p(params, "InstanceType.Value")
        answer = ec2._xml(200, "ModifyInstanceAttributeResponse", "<return>true</return>")
    return answer


def _tag_identity_provider(params: Parameters) -> Answer:
    """IAM TagOpenIDConnectProvider, which ministack 1.5 lacks."""
    provider = iam._oidc_providers[iam._p(params, "OpenIDConnectProviderArn")]
    tags = {tag["Key"]: tag for tag in (*provider["Tags"], *iam._extract_tags(params))}
    provider["Tags"] = list(tags.values())
    answer: Answer = iam._xml(200, "TagOpenIDConnectProviderResponse", "", ns="iam")
    return answer


def _untag_identity_provider(params: Parameters) -> Answer:
    """IAM UntagOpenIDConnectProvider, which ministack 1.5 lacks."""
    provider = iam._oidc_providers[iam._p(params, "OpenIDConnectProviderArn")]
    keys = iam._extract_tag_keys(params)
    provider["Tags"] = [tag for tag in provider["Tags"] if tag["Key"] not in keys]
    answer: Answer = iam._xml(200, "UntagOpenIDConnectProviderResponse", "", ns="iam")
    return answer


@wraps(acm, "_validation_options")
def validation_record_of_acm(options: Callable[[str, str], dict[str, Any]], domain: str, method: str) -> dict[str, Any]:
    """ACM RequestCertificate in ministack 1.5 asks for a record as Let's Encrypt does.

    The form of ACM's: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    base = domain.removeprefix("*.")
    name, value = (sha256(f"{kind} {base}".encode()).hexdigest()[:32] for kind in ("name", "value"))
    record = {"Name": f"_{name}.{base}.", "Type": "CNAME", "Value": f"_{value}.acm-validations.aws."}
    return {**options(domain, method), "ResourceRecord": record}


@wraps(cloudwatch, "_describe_alarms")
def full_alarms(
    describe: Handler, params: Parameters, cbor_data: object, is_cbor: bool, is_json: bool = False
) -> Answer:
    """CloudWatch DescribeAlarms in ministack 1.5 drops most properties of an alarm from its XML answer."""
    status, headers, body = describe(params, cbor_data, is_cbor, is_json)
    if is_cbor or is_json:
        return status, headers, body

    def complete(match: re.Match[bytes]) -> bytes:
        alarm = cloudwatch._alarms[match["name"].decode()]
        return f"<member>{_properties(alarm)}</member>".encode()

    member = rb"<member><AlarmName>(?P<name>[^<]*)</AlarmName>(?:(?!</member>).)*<MetricName>.*?</member>"
    return status, headers, re.sub(member, complete, body)


@wraps(cloudwatch, "_put_metric_alarm")
def alarm_with_all_actions(
    put: Handler, params: Parameters, cbor_data: object, is_cbor: bool, is_json: bool = False
) -> Answer:
    """CloudWatch PutMetricAlarm in ministack 1.5 drops the actions for INSUFFICIENT_DATA that come as XML."""
    answer = put(params, cbor_data, is_cbor, is_json)
    if not (is_cbor or is_json):
        values = (cloudwatch._p(params, f"InsufficientDataActions.member.{number}") for number in count(1))
        alarm = cloudwatch._alarms[cloudwatch._p(params, "AlarmName")]
        alarm["InsufficientDataActions"] = list(takewhile(bool, values))
    return answer


def _properties(resource: Mapping[str, Any]) -> str:
    return "".join(
        f"<{key}>{_time(value) if key.endswith('Timestamp') else _value(value)}</{key}>"
        for key, value in resource.items()
        if value is not None
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return _properties(value)
    if isinstance(value, list):
        return "".join(f"<member>{_value(item)}</member>" for item in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


@wraps(cloudwatch_logs, "_compile_filter_pattern")
def exact_filter_pattern(_: Callable[[str], Matches], pattern: str) -> Matches:
    """CloudWatch Logs FilterLogEvents in ministack 1.5 takes a JSON pattern for one that matches every line."""
    return matcher(pattern)


@wraps(cloudwatch_logs, "_put_log_events")
def counted_log_events(put: Handler, data: Parameters) -> Answer:
    """CloudWatch Logs PutLogEvents in ministack 1.5 does not add to the metrics of the metric filters."""
    answer = put(data)
    for (group, _), metric_filter in cloudwatch_logs._metric_filters.items():
        matches = matcher(metric_filter["filterPattern"])
        lines = [event["message"] for event in data["logEvents"] if group == data["logGroupName"]]
        for metric in metric_filter["metricTransformations"] * sum(matches(line) for line in lines):
            cloudwatch.record_metric(metric["metricNamespace"], metric["metricName"], float(metric["metricValue"]))
    cloudwatch._evaluate_all_alarms()
    return answer


@wraps(elasticache, "_create_replication_group")
def replication_group_with_key(create: Handler, params: Parameters) -> Answer:
    """ElastiCache CreateReplicationGroup in ministack 1.5 drops the KMS key."""
    answer = create(params)
    if group := elasticache._replication_groups.get(elasticache._p(params, "ReplicationGroupId")):
        group["KmsKeyId"] = elasticache._p(params, "KmsKeyId")
    return answer


@wraps(elasticache, "_rg_xml")
def replication_group_showing_key(to_xml: ToXml, group: Parameters) -> str:
    """ElastiCache DescribeReplicationGroups in ministack 1.5 does not return the KMS key."""
    return f"{to_xml(group)}<KmsKeyId>{group['KmsKeyId']}</KmsKeyId>" if group.get("KmsKeyId") else to_xml(group)


@wraps(elasticache, "_describe_cache_parameters")
def filtered_cache_parameters(describe: Handler, params: Parameters) -> Answer:
    """ElastiCache DescribeCacheParameters in ministack 1.5 ignores ``Source=user`` and also returns the defaults."""
    status, headers, body = describe(params)
    if elasticache._p(params, "Source") == "user":
        body = re.sub(rb"<Parameter>(?:(?!</Parameter>).)*<Source>system</Source>.*?</Parameter>", b"", body)
    return status, headers, body


@wraps(ec2, "_az_id_for_zone_name")
def zone_ids_in_another_order(to_id: Callable[[str], str], zone: str) -> str:
    """EC2 in ministack 1.5 has the zones' ids in the order of their names; AWS shuffles them for each account.

    Here, ``us-east-1a`` is ``use1-az3``, whose hosts are old.
    """
    return to_id(zone[:-1] + {"a": "c", "b": "a", "c": "b"}.get(zone[-1], zone[-1]))


@wraps(ec2, "DescribeAvailabilityZones")
def all_zones(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeAvailabilityZones in ministack 1.5 returns three zones; ``us-east-1`` has six."""
    status, headers, body = describe(params)
    last = re.findall(rb"<item>(?:(?!</item>).)*?<zoneName>us-east-1c</zoneName>.*?</item>", body, re.DOTALL)
    more = [
        last[0].replace(b"us-east-1c", f"us-east-1{letter}".encode()).replace(b"use1-az2", f"use1-az{number}".encode())
        for letter, number in zip("def", (4, 5, 6), strict=True)
        if last
    ]
    return status, headers, body.replace(b"</availabilityZoneInfo>", b"".join(more) + b"</availabilityZoneInfo>")


@wraps(ec2, "CreateFlowLogs")
def tagged_flow_logs(create: Handler, params: Parameters) -> Answer:
    """EC2 CreateFlowLogs in ministack 1.5 drops the role, the aggregation interval and the tags."""
    status, headers, body = create(params)
    for id_ in re.findall(r"<item>(fl-\w+)</item>", body.decode()):
        ec2._parse_tag_specs(params, "vpc-flow-log", id_)
        ec2._flow_logs[id_]["_role_and_interval"] = (
            f"<deliverLogsPermissionArn>{ec2._p(params, 'DeliverLogsPermissionArn')}</deliverLogsPermissionArn>"
            f"<maxAggregationInterval>{ec2._p(params, 'MaxAggregationInterval') or 600}</maxAggregationInterval>"
        )
    return status, headers, body


@wraps(ec2, "DescribeFlowLogs")
def full_flow_logs(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeFlowLogs in ministack 1.5 does not return the role and the aggregation interval."""
    status, headers, body = describe(params)
    for id_, flow_log in ec2._flow_logs.items():
        element = f"<flowLogId>{id_}</flowLogId>"
        body = body.replace(element.encode(), (element + flow_log["_role_and_interval"]).encode())
    return status, headers, body


@wraps(ec2, "CreateNatGateway", "DescribeNatGateways")
def nat_gateways_with_addresses(answer: Handler, params: Parameters) -> Answer:
    """EC2 DescribeNatGateways in ministack 1.5 lacks the addresses: an import would replace the gateway."""
    status, headers, body = answer(params)
    for id_, gateway in ec2._nat_gateways.items():
        allocation = {"AllocationId": gateway["AllocationId"], "IsPrimary": True, "Status": "succeeded"}
        address = _properties({key[0].lower() + key[1:]: value for key, value in allocation.items()})
        body = re.sub(
            rf"(<natGatewayId>{id_}</natGatewayId>(?:(?!<natGatewayId>).)*?)<natGatewayAddressSet/>".encode(),
            rf"\1<natGatewayAddressSet><item>{address}</item></natGatewayAddressSet>".encode(),
            body,
            flags=re.DOTALL,
        )
    return status, headers, body


@wraps(ec2, "DescribeAddresses")
def filtered_addresses(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeAddresses in ministack 1.5 ignores the filters."""
    filters = ec2._parse_filters(params)
    matching = [id_ for id_ in ec2._addresses if ec2._resource_matches_tag_filters(id_, filters)]
    return _described(describe, params, "AllocationId", matching) if filters else describe(params)


@wraps(ec2, "DescribeVpcEndpoints")
def filtered_vpc_endpoints(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeVpcEndpoints in ministack 1.5 ignores the filters."""
    filters = ec2._parse_filters(params)
    names = {"vpc-id": "VpcId", "service-name": "ServiceName"}
    matching = [
        id_
        for id_, endpoint in ec2._vpc_endpoints.items()
        if ec2._resource_matches_tag_filters(id_, filters)
        and all(endpoint[key] in filters.get(name, [endpoint[key]]) for name, key in names.items())
    ]
    return _described(describe, params, "VpcEndpointId", matching) if filters else describe(params)


def _described(describe: Handler, params: Parameters, argument: str, ids: Iterable[str]) -> Answer:
    """The answer for these resources, of those that are asked for; ministack returns all if there is no ID."""
    asked = ec2._parse_member_list(params, argument)
    wanted = [id_ for id_ in ids if not asked or id_ in asked] or ["none"]
    others = {name: value for name, value in params.items() if not name.startswith(f"{argument}.")}
    return describe({**others, **{f"{argument}.{number}": [id_] for number, id_ in enumerate(wanted, start=1)}})


@wraps(ec2, "RunInstances")
def complete_instances(run: Handler, params: Parameters) -> Answer:
    """EC2 RunInstances in ministack 1.5 drops the metadata options, and of the root volume all but its type.

    It also places every instance in the region's first zone.
    """
    status, headers, body = run(params)
    for id_ in re.findall(r"<instanceId>(i-\w+)</instanceId>", body.decode()):
        instance = ec2._instances[id_]
        instance["MetadataOptions"] = {
            option[0].lower() + option[1:]: ec2._p(params, f"MetadataOptions.{option}")
            for option in ("HttpEndpoint", "HttpTokens", "HttpPutResponseHopLimit")
        } | {"httpProtocolIpv6": "disabled"}
        instance["Placement"]["AvailabilityZone"] = ec2._subnets[instance["SubnetId"]]["AvailabilityZone"]
        root = ec2._volumes[instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]]
        root["Size"] = ec2._p(params, "BlockDeviceMapping.1.Ebs.VolumeSize") or root["Size"]
        root["Encrypted"] = ec2._p(params, "BlockDeviceMapping.1.Ebs.Encrypted") == "true"
        root["KmsKeyId"] = ec2._p(params, "BlockDeviceMapping.1.Ebs.KmsKeyId")
        ec2._tags[root["VolumeId"]] = _specified_tags(params, "volume")
    return status, headers, body


def _specified_tags(params: Parameters, resource_type: str) -> list[dict[str, str]]:
    """The tags that a request has for the resources of a type that it makes."""
    specifications = [f"TagSpecification.{number}" for number in range(1, 10)]
    return [
        {"Key": key, "Value": ec2._p(params, f"{specification}.Tag.{number}.Value")}
        for specification in specifications
        if ec2._p(params, f"{specification}.ResourceType") == resource_type
        for number in range(1, 51)
        if (key := ec2._p(params, f"{specification}.Tag.{number}.Key"))
    ]


@wraps(ec2, "DescribeInstanceAttribute")
def described_user_data(describe: Handler, params: Parameters) -> Answer:
    """EC2 DescribeInstanceAttribute in ministack 1.5 says of every instance that it has no user data."""
    status, headers, body = describe(params)
    instance = ec2._instances.get(ec2._p(params, "InstanceId"), {})
    value = f"<userData><value>{escape(instance.get('UserData', ''))}</value></userData>".encode()
    return status, headers, body.replace(b"<userData/>", value)


@wraps(ec2, "TerminateInstances")
def terminated_with_volumes(terminate: Handler, params: Parameters) -> Answer:
    """EC2 TerminateInstances in ministack 1.5 does not delete the root volumes."""
    answer = terminate(params)
    for instance_id in ec2._parse_member_list(params, "InstanceId"):
        for mapping in ec2._instances[instance_id]["BlockDeviceMappings"]:
            if mapping["Ebs"]["DeleteOnTermination"]:
                ec2._volumes.pop(mapping["Ebs"]["VolumeId"], None)
    return answer


@wraps(ec2, "_instance_xml")
def instance_with_metadata_options(to_xml: ToXml, instance: Parameters) -> str:
    """EC2 DescribeInstances in ministack 1.5 does not return the metadata options."""
    options = _properties(instance.get("MetadataOptions", {}))
    return f"{to_xml(instance).rstrip().removesuffix('</item>')}<metadataOptions>{options}</metadataOptions></item>"


@wraps(ec2, "_matches_filters")
def instance_matches_id(matches: Callable[..., bool], instance: Parameters, filters: Mapping[str, list[str]]) -> bool:
    """EC2 DescribeInstances in ministack 1.5 ignores the filter instance-id."""
    ids = filters.get("instance-id", [instance["InstanceId"]])
    return instance["InstanceId"] in ids and matches(instance, filters)


@wraps(ec2, "_volume_inner_xml")
def volume_with_throughput(to_xml: ToXml, volume: Parameters) -> str:
    """EC2 DescribeVolumes in ministack 1.5 does not return the throughput and the KMS key."""
    key = f"<kmsKeyId>{volume['KmsKeyId']}</kmsKeyId>" if volume.get("KmsKeyId") else ""
    return f"{to_xml(volume)}<throughput>{volume['Throughput']}</throughput>{key}"


@wraps(ec2, "CreateVolume")
def volume_created_with_throughput(create: Handler, params: Parameters) -> Answer:
    """EC2 CreateVolume in ministack 1.5 drops the throughput and the KMS key, and a snapshot's size."""
    snapshot = ec2._snapshots.get(ec2._p(params, "SnapshotId"))
    answer = create({"Size": [str(snapshot["VolumeSize"])], **params} if snapshot else params)
    for id_ in re.findall(r"<volumeId>(vol-\w+)</volumeId>", answer[2].decode()):
        ec2._volumes[id_]["KmsKeyId"] = ec2._p(params, "KmsKeyId")
        ec2._volumes[id_]["Throughput"] = int(ec2._p(params, "Throughput") or ec2._volumes[id_]["Throughput"])
    return answer


@wraps(ec2, "ModifyVolume")
def volume_modified_with_throughput(modify: Handler, params: Parameters) -> Answer:
    """EC2 ModifyVolume in ministack 1.5 drops the throughput, and keeps no times of modifications."""
    answer = modify(params)
    for id_ in re.findall(r"<volumeId>(vol-\w+)</volumeId>", answer[2].decode()):
        volume = ec2._volumes[id_]
        volume["Throughput"] = int(ec2._p(params, "Throughput") or volume["Throughput"])
        volume.setdefault("_modified", []).append(datetime.now(UTC))
    return answer


@wraps(rds, "CreateDBInstance")
def instance_with_log_exports(create: Handler, params: Parameters) -> Answer:
    """RDS CreateDBInstance in ministack 1.5 drops the list of logs that are exported to CloudWatch."""
    answer = create(params)
    instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    if instance:
        instance["EnabledCloudwatchLogsExports"] = rds._parse_member_list(params, "EnableCloudwatchLogsExports")
    return answer


@wraps(rds, "_instance_xml")
def instance_showing_log_exports(to_xml: ToXml, instance: Parameters) -> str:
    """RDS DescribeDBInstances in ministack 1.5 does not return the list of logs that are exported to CloudWatch."""
    logs = _value(instance.get("EnabledCloudwatchLogsExports", []))
    element = f"<EnabledCloudwatchLogsExports>{logs}</EnabledCloudwatchLogsExports>"
    return to_xml(instance).replace("<EnabledCloudwatchLogsExports/>", element)


@wraps(rds, "_apply_instance_filters")
def instances_by_resource_id(
    apply: Callable[..., list[Parameters]], instances: list[Parameters], filters: Mapping[str, list[str]]
) -> list[Parameters]:
    """RDS DescribeDBInstances in ministack 1.5 ignores the filter ``dbi-resource-id``.

    Terraform uses it to wait for the deletion of a database, and would wait an hour while there is another database.
    """
    filtered = apply(instances, filters)
    resource_ids = filters.get("dbi-resource-id")
    if resource_ids is None:
        return filtered
    return [instance for instance in filtered if instance["DbiResourceId"] in resource_ids]


@wraps(secretsmanager, "_put_secret_value")
def labelled_secret_value(put: Handler, data: Parameters) -> Answer:
    """Secrets Manager PutSecretValue in ministack 1.5 drops the staging labels other than AWSCURRENT."""
    answer = put(data)
    _, secret = secretsmanager._resolve(data["SecretId"])
    for label in set(data.get("VersionStages", [])) - {"AWSCURRENT"} if secret else ():
        secretsmanager._remove_stage_everywhere(secret, label)
        secretsmanager._add_stage(secret, data["ClientRequestToken"], label)
    return answer


@wraps(secretsmanager, "_create_secret")
def secret_without_a_value(create: Handler, data: Parameters) -> Answer:
    """Secrets Manager CreateSecret in ministack 1.5 makes a version without a value, where AWS makes none."""
    answer = create(data)
    if answer[0] == 200 and not {"SecretString", "SecretBinary"} & data.keys():
        secretsmanager._secrets[data["Name"]]["Versions"].clear()
    return answer


@wraps(secretsmanager, "_list_secret_version_ids")
def labelled_versions(list_versions: Handler, data: Parameters) -> Answer:
    """Secrets Manager ListSecretVersionIds in ministack 1.5 lists versions without a label whoever asks."""
    status, headers, body = list_versions(data)
    content = json.loads(body)
    if status == 200 and not data.get("IncludeDeprecated"):
        content["Versions"] = [version for version in content["Versions"] if version["VersionStages"]]
    return status, headers, json.dumps(content).encode()


@wraps(ecs, "SubmitTaskStateChange")
def recorded_task_state(submit: Handler, data: Parameters) -> Answer:
    """ECS SubmitTaskStateChange in ministack 1.5 does not change the task.

    Without Docker, tests can end a task with an exit code by this action only.
    """
    task = ecs._resolve_task(data["task"], ecs._resolve_cluster_name(data["cluster"]))
    if task and data["status"] == "STOPPED":
        code = max(container["exitCode"] for container in data["containers"])
        for container in task["containers"]:
            container["reason"] = data["containers"][0].get("reason")
        ecs._mark_task_stopped(
            task["taskArn"], task, data["reason"], stop_code="EssentialContainerExited", exit_code=code
        )
    return submit(data)


@wraps(ecs, "CreateService", "UpdateService")
def balanced_service(change: Handler, data: Parameters) -> Answer:
    """ECS CreateService and UpdateService in ministack 1.5 drop ``availabilityZoneRebalancing``."""
    answer = change(data)
    name = data.get("serviceName") or data["service"].rpartition("/")[2]
    for service in ecs._services.values():
        if service["serviceName"] == name and "availabilityZoneRebalancing" in data:
            service["availabilityZoneRebalancing"] = data["availabilityZoneRebalancing"]
    return answer


@wraps(cloudfront, "_build_rhp_config_xml")
def headers_policy_without_empty_parts(
    build: Callable[[Element, Parameters], None], parent: Element, configuration: Parameters
) -> None:
    """CloudFront GetResponseHeadersPolicy in ministack 1.5 also answers with what the policy does not have, empty.

    AWS leaves it out: https://github.com/hashicorp/terraform-provider-aws/issues/41684
    """
    build(parent, configuration)
    for part in list(parent):
        if part.findtext("Quantity") == "0":
            parent.remove(part)
