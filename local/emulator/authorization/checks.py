"""What AWS authorizes in a request: each action with each resource, and the values of the condition keys."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from ministack.core.responses import get_account_id, set_request_account_id, set_request_region

from local.emulator.authorization import known, reference, tables
from local.emulator.authorization.reference import Action, ResourceType
from local.emulator.authorization.tables import Names
from local.emulator.authorization.tags import Tags, as_mapping, resource_tags
from local.emulator.requests import AwsRequest, Parameters

Value = str | list[str]
Context = dict[str, Value]

TAG_PARAMETERS = ("Tags", "tags", "BackupVaultTags", "BackupPlanTags", "AddTags", "Tagging")
TAG_KEY_PARAMETERS = ("TagKeys", "tagKeys", "TagKeyList", "RemoveTagKeys")
UNTAGGING = ("DeleteTags", "RemoveTagsFromCertificate")
"""Their parameter ``Tags`` says which tags go."""
WITHOUT_IDS = {"Filters", "IpPermissions", "TagSpecifications", "UserData"}
"""Parameters of EC2 with IDs of resources on which the action is not authorized."""
OF_LOG_GROUP_ITSELF = {"logs:ListTagsForResource", "logs:TagResource", "logs:UntagResource"}
"""Their resource is the ARN of the log group; that of all other actions ends with ``:*``.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"""


class UnknownActionError(LookupError):
    """AWS's service authorization reference has no such action. The message names the operation."""


@dataclass(frozen=True)
class Check:
    """One decision that AWS makes about a request.

    Args:
        action: the action, such as ``ec2:CreateSubnet``.
        resource: the ARN, with ``*`` for what is not known before a resource is created, or ``*`` alone if the action
            can't be limited to resources.
        context: the condition keys, in lower case, with their values. AWS has no others for this action and resource,
            apart from those that describe the caller and the connection.
    """

    action: str
    resource: str
    context: Context

    def agrees_with(self, other: "Check") -> bool:
        """Whether it is one decision with another check: of the same action and resource, without another value."""
        same = (self.action, self.resource) == (other.action, other.resource)
        return same and all(self.context.get(key, value) == value for key, value in other.context.items())


def checks(request: AwsRequest) -> list[Check]:
    """What AWS authorizes in a request.

    Raises:
        UnknownActionError: if the tables do not say which action of the reference the operation needs.
    """
    set_request_account_id(request.access_key)
    set_request_region(request.region)
    call = _Call(request)
    found: list[Check] = []
    for check in _checks(call):
        for other in found:
            if other.agrees_with(check):
                other.context.update(check.context)
                break
        else:
            found.append(check)
    return found


class _Call:
    """A request, and what it names."""

    def __init__(self, request: AwsRequest) -> None:
        self.request = request
        self.service = request.service
        self.operation = request.operation.name
        self.parameters: Parameters = request.parameters
        self.names = tables.names(self.service, self.operation)
        self.region = "us-east-1" if self.service in tables.GLOBAL else request.region
        self.account = get_account_id()

    @cached_property
    def arns(self) -> list[str]:
        """The ARNs among the parameters, and in the lists among them, and that of the web ACL of a resource."""
        texts = (
            text
            for value in self.parameters.values()
            for text in (value if isinstance(value, list) else [value])
            if isinstance(text, str) and text.startswith("arn:")
        )
        of_resource = known.web_acl(str(self.parameters.get("ResourceArn"))) if self.service == "wafv2" else None
        return list(dict.fromkeys([*texts, *([of_resource] if of_resource else [])]))

    @cached_property
    def ec2_ids(self) -> Mapping[str, list[str]]:
        """The IDs among the parameters of a request to EC2, by their resource types."""
        found: dict[str, list[str]] = {}
        for id_ in _ids(self.parameters):
            for one in known.ec2_ids(id_):
                type_ = tables.ec2_ids().get(one.partition("-")[0])
                if type_ and one not in found.setdefault(type_, []):
                    found[type_].append(one)
        return found

    @cached_property
    def general_tags(self) -> Tags:
        """The tags that the request has as a parameter."""
        for name in TAG_PARAMETERS:
            if self.parameters.get(name):
                return as_mapping(self.parameters[name])
        inner = self.parameters.get("DistributionConfigWithTags", {})
        return as_mapping(inner.get("Tags"))

    @cached_property
    def specified_tags(self) -> Mapping[str, Tags]:
        """The tags that the request has for each resource type that it creates in EC2."""
        specifications = self.parameters.get("TagSpecifications") or ()
        return {one["ResourceType"]: as_mapping(one.get("Tags")) for one in specifications if one.get("Tags")}

    def tags(self, type_: ResourceType | None) -> Tags:
        """The tags that the request has for a resource of the type."""
        if self.specified_tags:
            return self.specified_tags.get(type_.name, {}) if type_ else {}
        return self.general_tags

    def fill(self, type_: ResourceType, values: Mapping[str, str]) -> str:
        """The ARN of a resource with these values of its variables."""
        return type_.fill({"Partition": "aws", "Region": self.region, "Account": self.account, **values})

    def named(self, type_: ResourceType) -> list[str]:
        """The ARNs of the resources of a type that the request names by IDs or names."""
        if type_.service == "ec2":
            variable = reference.VARIABLE.findall(type_.arn)[-1]
            return [self.fill(type_, {variable: id_}) for id_ in self.ec2_ids.get(type_.name, ())]
        if self.service == "elbv2" and type_.name.startswith("loadbalancer/"):
            return self._load_balancer(type_)
        if self.service == "application-autoscaling" and type_.service != self.service:
            return self._scaled(type_)
        by_variable = tables.variables(type_.service, type_.name)
        values = [tables.texts(expressions, self.parameters) for expressions in by_variable.values()]
        if not by_variable or not all(values):
            return []
        arns = []
        for one in product(*values):
            texts = dict(zip(by_variable, map(_name, one), strict=True))
            in_arn = known.in_arn(type_.service, type_.name, texts, self.parameters)
            arns.append(in_arn if isinstance(in_arn, str) else self.fill(type_, in_arn))
        return arns

    def _scaled(self, type_: ResourceType) -> list[str]:
        """The ECS service that Application Auto Scaling scales, or the alarms by which it does.

        Source of the alarms' names:
        https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
        """
        service = self.parameters["ResourceId"]
        if type_.name == "service":
            return [f"arn:aws:ecs:{self.region}:{self.account}:{service}"]
        return [self.fill(type_, {"AlarmName": f"TargetTracking-{service}-*"})] if type_.name == "alarm" else []

    def _load_balancer(self, type_: ResourceType) -> list[str]:
        """The load balancer that CreateLoadBalancer makes."""
        kind = {"network": "net", "gateway": "gwy"}.get(self.parameters.get("Type", ""), "app")
        name = self.parameters.get("Name")
        return [self.fill(type_, {"LoadBalancerName": name})] if name and f"/{kind}/" in type_.name else []


def _name(text: str) -> str:
    """The name in the ARN of another resource, such as the cluster of a service."""
    whole = not text.startswith("arn:") or text.startswith(("arn:aws:kms:", "arn:aws:secretsmanager:"))
    return text if whole else text.rpartition("/")[2]


def _checks(call: _Call) -> Iterator[Check]:
    names = call.names
    main = names.action
    for expression, name in names.action_with.items():
        if tables.search(expression, call.parameters):
            main = name
    action = _action(main, call)
    resources = list(_resources(action, call, names))
    for type_, arn in resources:
        yield _check(action, type_, arn, call)
    also_with = [name for expression, name in names.also_with.items() if tables.search(expression, call.parameters)]
    for name in (*names.also, *also_with):
        further = _action(name, call)
        for type_, arn in _resources(further, call, None):
            yield _check(further, type_, arn, call)
    yield from _tag_checks(resources, call)
    yield from _role_checks(call)
    yield from _key_checks(call)


def _action(name: str, call: _Call) -> Action:
    action = reference.action(name)
    if action is None:
        raise UnknownActionError(
            f"{call.service}:{call.operation}: the service authorization reference has no action {name}; "
            "name the action in local/emulator/authorization/action_names.toml"
        )
    return action


def _resources(action: Action, call: _Call, names: Names | None) -> Iterator[tuple[ResourceType | None, str]]:
    """The resources on which an action is authorized, with their types."""
    own = names.resource_types if names else None
    types = tables.types(action, tuple(own) if own is not None else None, tuple(names.required) if names else ())
    alternatives = set(names.alternatives) if names else set()
    satisfied = set()
    for type_ in types:
        if type_.name == "recoveryPoint":
            # Its ARN is that of a resource of the service that has the backup: of a snapshot in EC2, for example.
            if arn := call.parameters.get("RecoveryPointArn"):
                satisfied.add(type_.family)
                yield type_, arn
            continue
        arns = [arn for arn in map(_without_suffix, call.arns) if type_.pattern.fullmatch(arn)]
        # An ARN says which resource it is: no name is left out, for which a default such as ECS's cluster would stand.
        if not arns and "resourceArn" not in call.parameters:
            arns = call.named(type_)
        if not arns and type_.name in call.specified_tags:
            arns = [call.fill(type_, {})]
        for arn in arns:
            satisfied |= {type_.family} | (alternatives if type_.name in alternatives else set())
            yield type_, _as_authorized(action, type_, arn)
    for type_ in types:
        if type_.required and type_.family not in satisfied:
            satisfied.add(type_.family)
            yield type_, _as_authorized(action, type_, call.fill(type_, {}))
    if not satisfied:
        # Such as rds:DescribeDBInstances without an identifier: AWS authorizes it on all instances, arn:...:db:*.
        alone = len(types) == 1 and tables.variables(types[0].service, types[0].name)
        yield (types[0], call.fill(types[0], {})) if alone else (None, "*")


def _without_suffix(arn: str) -> str:
    """The ARN of a resource, by an ARN that its service also takes for it.

    That is the one of all streams of a log group, or of a subscription to a topic.
    """
    parts = arn.split(":")
    if parts[2] == "logs":
        return arn.removesuffix(":*")
    return ":".join(parts[:6]) if parts[2] == "sns" else arn


def _as_authorized(action: Action, type_: ResourceType, arn: str) -> str:
    of_streams = type_.name == "log-group" and action.name not in OF_LOG_GROUP_ITSELF
    return f"{arn}:*" if of_streams else arn


def _check(
    action: Action, type_: ResourceType | None, arn: str, call: _Call, context: Mapping[str, Value] | None = None
) -> Check:
    """The check, with the condition keys that the action has for a resource of the type."""
    supported = action.condition_keys | (type_.condition_keys if type_ else frozenset())
    region = "us-east-1" if action.name.partition(":")[0] in tables.GLOBAL else call.request.region
    found: Context = {"aws:requestedregion": region}
    for key, value in (*_of_tags(call, type_), *_of_request(call, supported, arn), *(context or {}).items()):
        if key in supported:
            found[key] = value
    if "aws:requesttag/" in supported:
        for name, text in _request_tags(call, type_).items():
            found[f"aws:requesttag/{name.lower()}"] = text
    of_resource = [key for key in supported if key.endswith(":resourcetag/")]
    if of_resource and arn != "*" and not arn.startswith("arn:aws:s3:"):
        for name, text in resource_tags(arn).items():
            found.update({f"{key}{name.lower()}": text for key in of_resource})
    return Check(action.name, arn, found)


def _request_tags(call: _Call, type_: ResourceType | None) -> Tags:
    return {} if call.operation in UNTAGGING else call.tags(type_)


def _of_tags(call: _Call, type_: ResourceType | None) -> Iterator[tuple[str, Value]]:
    keys = list(call.tags(type_))
    for name in TAG_KEY_PARAMETERS:
        keys += call.parameters.get(name) or ()
    if keys:
        yield "aws:tagkeys", keys


def _of_request(call: _Call, supported: Iterable[str], arn: str) -> Iterator[tuple[str, Value]]:
    """The values of the services' own condition keys that the action supports."""
    for key in supported:
        expression = _PARAMETERS.get(key)
        value = tables.search(expression, call.parameters) if expression else None
        find = _FURTHER.get(key)
        if find:
            value = find(call, arn)
        if value not in (None, "", []):
            yield key, [str(one) for one in value] if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:  # noqa: ANN401  of any parameter
    return str(value).lower() if isinstance(value, bool) else str(value)


def _boundary(call: _Call, _arn: str) -> str | None:
    given = call.parameters.get("PermissionsBoundary")
    return given or known.permissions_boundary(str(call.parameters.get("RoleName")))


def _record_sets(call: _Call, expression: str) -> list[str]:
    return tables.texts([f"ChangeBatch.Changes[].{expression}"], call.parameters)


def _normalized_names(call: _Call) -> list[str]:
    """The names of records: in lower case, without the trailing dot.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
    """
    return [name.lower().removesuffix(".") for name in _record_sets(call, "ResourceRecordSet.Name")]


def _cluster(call: _Call, arn: str) -> str | None:
    """The cluster of a service or task: its name follows the type in the ARN."""
    before, _, resource = arn.rpartition(":")
    parts = resource.split("/")
    if len(parts) > 2:  # the type, the cluster and the name
        return f"{before}:cluster/{parts[1]}"
    return next(iter(call.named(reference.resource_type("ecs", "cluster"))), None)


def _vpc(call: _Call, arn: str) -> str | None:
    vpc = known.vpc_of(arn.rpartition("/")[2])
    return vpc and f"arn:aws:ec2:{call.region}:{call.account}:vpc/{vpc}"


_PARAMETERS = {
    "application-autoscaling:scalable-dimension": "ScalableDimension",
    "application-autoscaling:service-namespace": "ServiceNamespace",
    "cloudwatch:alarmactions": "AlarmActions",
    "cloudwatch:namespace": "Namespace",
    "ec2:instancetype": "InstanceType",
    "iam:awsservicename": "AWSServiceName",
    "iam:policyarn": "PolicyArn",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:prefix": "Prefix",
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "secretsmanager:forcedeletewithoutrecovery": "ForceDeleteWithoutRecovery",
    "secretsmanager:name": "Name",
    "secretsmanager:versionstage": "VersionStage",
    "servicequotas:service": "ServiceCode",
    "sns:endpoint": "Endpoint",
    "sns:protocol": "Protocol",
}
_FURTHER: Mapping[str, Callable[[_Call, str], Value | None]] = {
    "ec2:owner": lambda _, arn: known.image_owner(arn.rpartition("/")[2]) if ":image/" in arn else None,
    "ec2:vpc": _vpc,
    "ecs:cluster": _cluster,
    "iam:permissionsboundary": _boundary,
    "route53:changeresourcerecordsetsactions": lambda call, _: _record_sets(call, "Action"),
    "route53:changeresourcerecordsetsnormalizedrecordnames": lambda call, _: _normalized_names(call),
    "route53:changeresourcerecordsetsrecordtypes": lambda call, _: _record_sets(call, "ResourceRecordSet.Type"),
    "ec2:region": lambda call, _: call.region,
    "secretsmanager:secretid": lambda _, arn: arn,
}


def _tag_checks(resources: list[tuple[ResourceType | None, str]], call: _Call) -> Iterator[Check]:
    """The checks of the tags that a request gives to what it creates."""
    if call.service == "ec2" and call.operation != "CreateTags":
        action = _action("ec2:CreateTags", call)
        for type_ in action.types:
            if type_.name in call.specified_tags:
                yield _check(action, type_, call.fill(type_, {}), call, {"ec2:createaction": call.operation})
    if call.names.tags and call.tags(None):
        action = _action(call.names.tags, call)
        created = {f"{action.name.partition(':')[0]}:createaction": call.operation}
        for type_, arn in _tagged(action, resources, call):
            yield _check(action, type_, _as_authorized(action, type_, arn), call, created)


def _tagged(
    action: Action, resources: list[tuple[ResourceType | None, str]], call: _Call
) -> Iterator[tuple[ResourceType, str]]:
    """The resources that get the tags of a request, with their types."""
    if call.service == "elbv2":
        ((type_, arn),) = resources
        names = {"CreateListener": "listener/app", "CreateRule": "listener-rule/app"}
        created = names.get(call.operation, type_.name if type_ else "")
        if call.operation in names:
            kind = arn.split(":")[5].partition("/")[0]
            arn = arn.replace(f":{kind}/", f":{created.partition('/')[0]}/") + "/*"
        yield reference.resource_type("elasticloadbalancing", created), arn
        return
    for type_ in action.types:
        arns = [arn for own, arn in resources if own and own.name == type_.name]
        if type_.name == call.names.tags_on:
            yield from ((type_, arn) for arn in arns or [call.fill(type_, {})])
        elif not call.names.tags_on:
            yield from ((type_, arn.removesuffix(":*") if type_.name == "log-group" else arn) for arn in arns)
    if not call.names.tags_on and not any(own for own, _ in resources):
        # The reference has no resource type for the creation, as of a certificate.
        yield action.types[0], call.fill(action.types[0], {})


def _role_checks(call: _Call) -> Iterator[Check]:
    """The checks of the roles that a request passes to services, and of those that services create."""
    for service, expressions in call.names.pass_roles.items():
        action = _action("iam:PassRole", call)
        for arn in _passed(expressions, call):
            yield _check(action, action.types[0], arn, call, {"iam:passedtoservice": service})
    linked = call.names.service_linked_role
    condition = call.names.service_linked_role_with
    if linked and (condition is None or tables.search(condition, call.parameters)):
        service = linked.partition("/")[0]
        if not known.has_service_linked_role(service):
            action = _action("iam:CreateServiceLinkedRole", call)
            arn = f"arn:aws:iam::{call.account}:role/aws-service-role/{linked}"
            yield _check(action, action.types[0], arn, call, {"iam:awsservicename": service})


def _passed(expressions: list[str], call: _Call) -> Iterator[str]:
    """The ARNs of the roles that a request passes."""
    for expression in expressions:
        if expression == "=task definition":
            yield from known.roles_of_task_definition(call.parameters["taskDefinition"])
            continue
        for name in tables.texts([expression], call.parameters):
            if expression.startswith("IamInstanceProfile"):
                yield from known.roles_of_instance_profile(name)
            else:
                yield known.role_arn(name) or f"arn:aws:iam::{call.account}:role/{name}"


def _key_checks(call: _Call) -> Iterator[Check]:
    """The checks of the KMS keys of the account that a request uses through a service."""
    for arn, actions, via in _used_keys(call):
        for name in actions:
            action = _action(name, call)
            context = {
                "kms:viaservice": f"{via}.{call.request.region}.amazonaws.com",
                "kms:grantisforawsresource": "true",
            }
            yield _check(action, action.types[0], arn, call, context)


def _used_keys(call: _Call) -> Iterator[tuple[str, Iterable[str], str]]:
    keys = call.names.keys
    if keys:
        names = [name for expression in keys.parameters for name in tables.texts([expression], call.parameters)]
        for name in names:
            arn = known.key_arn(name)
            if arn:
                yield arn, keys.actions, keys.via
    # https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html
    if call.service == "ec2" and call.operation in ("AttachVolume", "StartInstances"):
        started = [id_ for instance in call.parameters.get("InstanceIds", ()) for id_ in known.volumes_of(instance)]
        attached = [call.parameters["VolumeId"]] if call.operation == "AttachVolume" else []
        for arn in filter(None, map(known.volume_key, [*attached, *started])):
            yield arn, ["kms:CreateGrant"], "ec2"
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
    if call.service == "s3" and call.names.action in ("s3:GetObject", "s3:PutObject"):
        given = call.parameters.get("SSEKMSKeyId")
        plain = call.parameters.get("ServerSideEncryption") == "AES256"
        arn = known.key_arn(given) if given else None if plain else known.bucket_key(call.parameters["Bucket"])
        reads = call.names.action == "s3:GetObject"
        if arn:
            # HeadObject of an object that a key encrypts needs kms:Decrypt too.
            yield arn, ["kms:Decrypt"] if reads else ["kms:GenerateDataKey", "kms:Decrypt"], "s3"
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    if call.service == "secretsmanager" and call.operation in ("GetSecretValue", "PutSecretValue", "UpdateSecret"):
        arn = known.secret_key(str(call.parameters.get("SecretId")))
        writes = call.operation != "GetSecretValue"
        if arn:
            yield arn, ["kms:Decrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"], "secretsmanager"


def _ids(parameters: Any) -> Iterator[str]:  # noqa: ANN401  of any type
    """The texts in parameters of EC2 that can be IDs."""
    if isinstance(parameters, str):
        if "-" in parameters:
            yield parameters
    elif isinstance(parameters, Mapping):
        for name, value in parameters.items():
            if name not in WITHOUT_IDS:
                yield from _ids(value)
    elif isinstance(parameters, list):
        for value in parameters:
            yield from _ids(value)
