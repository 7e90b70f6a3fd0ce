"""The ARNs of resources that requests name in another way than by their ARNs: what ministack's stores know."""

import re
from collections.abc import Callable, Mapping

from ministack.core.responses import get_account_id
from ministack.services import ec2, ecs, iam, kms, s3, secretsmanager, waf

from local.emulator.application_autoscaling import IDENTITY, REGISTERED
from local.emulator.requests import Parameters

IAM_STORES = {
    "group": iam._groups,
    "instance-profile": iam._instance_profiles,
    "role": iam._roles,
    "user": iam._users,
}
Values = Mapping[str, str]
Finder = Callable[[Values, Parameters], Values | str]

AWS_OWNED_PARAMETER = re.compile(r"/?aws/service/")
SECRET_SUFFIX = "-??????"  # noqa: S105  six random characters
"""How policies name a secret whose ARN is not known:
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html"""


def in_arn(service: str, resource_type: str, values: Mapping[str, str], parameters: Parameters) -> Values | str:
    """How the ARN of a resource names it: the whole ARN if it is known, or else the values of the ARN's variables.

    Args:
        service: the prefix of its actions.
        resource_type: the name of its type in AWS's reference.
        values: the values of the variables as the request has them, by resources.toml.
        parameters: of the request.
    """
    find = _FINDERS.get((service, resource_type))
    return find(values, parameters) if find else values


def _of_iam(kind: str) -> Finder:
    def find(values: Values, parameters: Parameters) -> str | Values:
        ((variable, name),) = values.items()
        entity = IAM_STORES[kind].get(name) if kind in IAM_STORES else None
        path = parameters.get("Path", "/")
        return str(entity["Arn"]) if entity else {variable: f"{path}{name}".removeprefix("/")}

    return find


def _secret(values: Values, _parameters: Parameters) -> str | Values:
    name = values["SecretId"]
    _, secret = secretsmanager._resolve(name)
    return str(secret["ARN"]) if secret else {"SecretId": f"{name}{SECRET_SUFFIX}"}


def _key(values: Values, _parameters: Parameters) -> str | Values:
    return key_arn(values["KeyId"]) or {}


def _scalable_target(_values: Values, parameters: Parameters) -> str | Values:
    target = REGISTERED.targets.get(tuple(str(parameters.get(name)) for name in IDENTITY))
    return str(target["ScalableTargetARN"]) if target else {}


def _task_definition(values: Values, _parameters: Parameters) -> Values:
    family, _, revision = values["TaskDefinitionFamilyName"].partition(":")
    return {"TaskDefinitionFamilyName": family, "TaskDefinitionRevisionNumber": revision or "*"}


def _parameter(values: Values, _parameters: Parameters) -> Values:
    ((variable, name),) = values.items()
    of_aws = {"Account": ""} if AWS_OWNED_PARAMETER.match(name) else {}
    return {variable: name.removeprefix("/"), **of_aws}


def _document(values: Values, _parameters: Parameters) -> Values:
    return {**values, **({"Account": ""} if values["DocumentName"].startswith("AWS-") else {})}


def _in_scope(values: Values, _parameters: Parameters) -> Values:
    return {**values, "Scope": "global" if values["Scope"] == "CLOUDFRONT" else "regional"}


def _last(values: Values, _parameters: Parameters) -> Values:
    return {variable: value.rpartition("/")[2] for variable, value in values.items()}


_FINDERS: Mapping[tuple[str, str], Finder] = {
    **{("iam", kind): _of_iam(kind) for kind in ("group", "instance-profile", "policy", "role", "user")},
    ("iam", "oidc-provider"): lambda values, _: {"OidcProviderName": values["OidcProviderName"].rpartition("://")[2]},
    ("application-autoscaling", "ScalableTarget"): _scalable_target,
    ("ecs", "task-definition"): _task_definition,
    ("kms", "alias"): _last,
    ("kms", "key"): _key,
    ("route53", "change"): _last,
    ("route53", "hostedzone"): _last,
    ("secretsmanager", "Secret"): _secret,
    ("ssm", "document"): _document,
    ("ssm", "parameter"): _parameter,
    ("wafv2", "managedruleset"): _in_scope,
    ("wafv2", "webacl"): _in_scope,
}


def key_arn(name: str) -> str | None:
    """The ARN of a KMS key by its ID, ARN, alias or the alias's ARN. None: an alias of a key that AWS manages."""
    record = kms._resolve_key(name)
    if record is None and ":key/" in name:
        # Of another account, for example.
        return name
    return str(record["Arn"]) if record else None


def bucket_key(bucket: str) -> str | None:
    """The KMS key of the account with which a bucket encrypts its objects, if there is one."""
    configuration = s3._bucket_encryption.get(bucket)
    text = configuration.decode() if isinstance(configuration, bytes) else str(configuration or "")
    match = re.search(r"<KMSMasterKeyID>([^<]+)</KMSMasterKeyID>", text)
    return key_arn(match[1]) if match else None


def volume_key(volume_id: str) -> str | None:
    """The KMS key of the account with which a volume is encrypted, if there is one."""
    name = (ec2._volumes.get(volume_id) or {}).get("KmsKeyId")
    return key_arn(name) if name else None


def secret_key(secret_id: str) -> str | None:
    """The KMS key of the account with which a secret is encrypted, if there is one."""
    _, secret = secretsmanager._resolve(secret_id)
    name = (secret or {}).get("KmsKeyId")
    return key_arn(name) if name else None


def volumes_of(instance_id: str) -> list[str]:
    """The IDs of the volumes that are attached to an instance."""
    return [
        id_
        for id_, volume in ec2._volumes.items()
        if any(attachment["InstanceId"] == instance_id for attachment in volume.get("Attachments", ()))
    ]


def image_owner(image_id: str) -> str:
    """Who owns an image: ``amazon``, or the ID of an account."""
    published = {image[0]: str(image[6] or image[5]) for image in ec2._STUB_AMIS}
    return published.get(image_id) or str(get_account_id())


def ec2_ids(id_: str) -> list[str]:
    """The IDs of the resources that an association's ID stands for, or else the ID itself."""
    if id_.startswith("rtbassoc-"):
        return [
            part
            for table in ec2._route_tables.values()
            for association in table.get("Associations", [])
            if association.get("RouteTableAssociationId") == id_
            for part in (table["RouteTableId"], association.get("SubnetId"))
            if part
        ]
    if id_.startswith("eipassoc-"):
        return [allocation for allocation, address in ec2._addresses.items() if address.get("AssociationId") == id_]
    return [id_]


def vpc_of(id_: str) -> str | None:
    """The VPC of a subnet, security group or network interface."""
    for store in (ec2._subnets, ec2._security_groups, ec2._network_interfaces):
        if id_ in store:
            return str(store[id_]["VpcId"])
    return None


def role_arn(name: str) -> str | None:
    """The ARN of a role by its name or ARN."""
    role = iam._roles.get(name.rpartition("/")[2])
    return str(role["Arn"]) if role else name if name.startswith("arn:") else None


def roles_of_instance_profile(name: str) -> list[str]:
    """The ARNs of the roles of an instance profile, by its name or ARN."""
    profile = iam._instance_profiles.get(name.rpartition("/")[2]) or {}
    return [arn for role in profile.get("Roles", []) if (arn := role_arn(role))]


def roles_of_task_definition(name: str) -> list[str]:
    """The ARNs of the roles of a task definition, by its ARN, or its family with or without the revision."""
    definition = ecs._task_defs.get(ecs._resolve_td_key(name)) or {}
    return [definition[key] for key in ("taskRoleArn", "executionRoleArn") if definition.get(key)]


def web_acl(resource_arn: str) -> str | None:
    """The ARN of the web ACL that protects a resource, if there is one."""
    arn = waf._associations.get(resource_arn)
    return str(arn) if arn else None


def has_service_linked_role(service: str) -> bool:
    """Whether the account has the role of a service, such as ``ecs.amazonaws.com``."""
    return any(role["Path"] == f"/aws-service-role/{service}/" for role in iam._roles.values())


def permissions_boundary(role_name: str) -> str | None:
    """The ARN of the permissions boundary of a role, if it has one."""
    role = iam._roles.get(role_name) or {}
    return str(role["PermissionsBoundary"]) if role.get("PermissionsBoundary") else None
