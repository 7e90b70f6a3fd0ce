"""How the resources of the stacks are recognized in AWS without Terraform's state: one row per resource type.

A row says which AWS call lists the existing resources under a resource's own name, or under its tags and what it
belongs to, and how their Terraform import IDs follow from the answer. ``ops recover`` imports what a broken deploy has
left; ``ops doctor`` finds what has disappeared.

Sources: the AWS API reference of each operation for the answers, and the section "Import" of each resource's page at
https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs for the import IDs.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Identity(NamedTuple):
    """How a resource type is recognized.

    A placeholder, ``{tags.Name}`` or ``{alias.0.name}``, stands for an attribute of the resource in Terraform, and
    ``{region}`` and ``{prefix}`` for the environment's region and the prefix of its names. In a JMESPath, an attribute
    that is null is an empty text.

    Args:
        service: boto3's name of the service.
        operation: the call that lists the resources, or that fails if there is none.
        arguments: its arguments, with placeholders.
        import_ids: the JMESPath, with placeholders, that gives their import IDs. It leaves out what is being deleted,
            and what AWS keeps for a while after its deletion.
        import_id: the import ID by the attributes that a resource has in the state.
        made_again: the resource has no import ID, or none by its name: a deploy makes it, without an error or a loss.
        instead_of_import: for a type that must not be imported, since its value would then be in the plan and in the
            state in clear text, and the next deploy would replace it by a new value: these attributes, beside those
            that a plan shows, are put into the state, with the import ID as ``id``.
    """

    service: str
    operation: str
    arguments: Mapping[str, Any]
    import_ids: str
    import_id: str = "{id}"
    made_again: bool = False
    instead_of_import: Mapping[str, Any] | None = None


def _tagged(*filters: tuple[str, str]) -> list[dict[str, Any]]:
    """EC2's filters for the environment's resources of a name.

    Tags that are given with the request that creates a resource are there as soon as the resource is.
    """
    return _filters(*((f"tag:{tag}", f"{{tags_all.{tag}}}") for tag in ("Name", "Environment", "Project")), *filters)


def _filters(*filters: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in filters]


NETWORK = {
    "aws_vpc": Identity("ec2", "describe_vpcs", {"Filters": _tagged()}, "Vpcs[].VpcId"),
    "aws_subnet": Identity(
        "ec2", "describe_subnets", {"Filters": _tagged(("vpc-id", "{vpc_id}"))}, "Subnets[].SubnetId"
    ),
    # Without its VPC, which an interrupted deploy may not have attached it to.
    "aws_internet_gateway": Identity(
        "ec2", "describe_internet_gateways", {"Filters": _tagged()}, "InternetGateways[].InternetGatewayId"
    ),
    "aws_route_table": Identity(
        "ec2", "describe_route_tables", {"Filters": _tagged(("vpc-id", "{vpc_id}"))}, "RouteTables[].RouteTableId"
    ),
    "aws_route": Identity(
        "ec2",
        "describe_route_tables",
        {"RouteTableIds": ["{route_table_id}"]},
        "RouteTables[].Routes[?DestinationCidrBlock=='{destination_cidr_block}'"
        " || DestinationIpv6CidrBlock=='{destination_ipv6_cidr_block}'][]"
        ".join('_', ['{route_table_id}', DestinationCidrBlock || DestinationIpv6CidrBlock])",
        import_id="{route_table_id}_{destination_cidr_block}{destination_ipv6_cidr_block}",
    ),
    "aws_route_table_association": Identity(
        "ec2",
        "describe_route_tables",
        {"RouteTableIds": ["{route_table_id}"]},
        "RouteTables[].Associations[?SubnetId=='{subnet_id}'"
        " && AssociationState.State!='disassociating' && AssociationState.State!='disassociated'][]"
        ".join('/', [SubnetId, RouteTableId])",
        import_id="{subnet_id}/{route_table_id}",
    ),
    "aws_eip": Identity("ec2", "describe_addresses", {"Filters": _tagged()}, "Addresses[].AllocationId"),
    "aws_nat_gateway": Identity(
        "ec2",
        "describe_nat_gateways",
        {"Filter": _tagged(("subnet-id", "{subnet_id}"))},
        "NatGateways[?State=='pending' || State=='available'].NatGatewayId",
    ),
    # AWS's model has these states with capitals, its answers have them without.
    "aws_vpc_endpoint": Identity(
        "ec2",
        "describe_vpc_endpoints",
        {"Filters": _tagged(("vpc-id", "{vpc_id}"), ("service-name", "{service_name}"))},
        "VpcEndpoints[?contains(['pending', 'available', 'Pending', 'Available'], State)].VpcEndpointId",
    ),
    "aws_flow_log": Identity(
        "ec2", "describe_flow_logs", {"Filter": _tagged(("resource-id", "{vpc_id}"))}, "FlowLogs[].FlowLogId"
    ),
    "aws_default_security_group": Identity(
        "ec2",
        "describe_security_groups",
        {"Filters": _filters(("vpc-id", "{vpc_id}"), ("group-name", "default"))},
        "SecurityGroups[].GroupId",
    ),
    "aws_security_group": Identity(
        "ec2",
        "describe_security_groups",
        {"Filters": _filters(("vpc-id", "{vpc_id}"), ("group-name", "{name}"))},
        "SecurityGroups[].GroupId",
    ),
    # AWS refuses a second rule of the same group, direction, protocol, ports and peer.
    **{
        f"aws_vpc_security_group_{direction}_rule": Identity(
            "ec2",
            "describe_security_group_rules",
            {"Filters": _filters(("group-id", "{security_group_id}"))},
            f"SecurityGroupRules[?IsEgress==`{is_egress}` && IpProtocol=='{{ip_protocol}}'"
            " && to_string(FromPort)=='{from_port}' && to_string(ToPort)=='{to_port}'"
            " && (CidrIpv4=='{cidr_ipv4}' || CidrIpv6=='{cidr_ipv6}' || PrefixListId=='{prefix_list_id}'"
            " || ReferencedGroupInfo.GroupId=='{referenced_security_group_id}')].SecurityGroupRuleId",
        )
        for direction, is_egress in (("ingress", "false"), ("egress", "true"))
    },
}

EC2 = {
    "aws_ebs_volume": Identity(
        "ec2",
        "describe_volumes",
        {"Filters": _tagged()},
        "Volumes[?State=='creating' || State=='available' || State=='in-use'].VolumeId",
    ),
    "aws_instance": Identity(
        "ec2",
        "describe_instances",
        {"Filters": _tagged()},
        "Reservations[].Instances[?State.Name!='shutting-down' && State.Name!='terminated'][].InstanceId",
    ),
    "aws_volume_attachment": Identity(
        "ec2",
        "describe_volumes",
        {"VolumeIds": ["{volume_id}"]},
        "Volumes[].Attachments[?InstanceId=='{instance_id}' && (State=='attaching' || State=='attached')][]"
        ".join(':', [Device, VolumeId, InstanceId])",
        import_id="{device_name}:{volume_id}:{instance_id}",
    ),
}

BACKUP = {
    "aws_backup_vault": Identity(
        "backup", "list_backup_vaults", {}, "BackupVaultList[?BackupVaultName=='{name}'].BackupVaultName"
    ),
    "aws_backup_plan": Identity(
        "backup", "list_backup_plans", {}, "BackupPlansList[?BackupPlanName=='{name}'].BackupPlanId"
    ),
    "aws_backup_selection": Identity(
        "backup",
        "list_backup_selections",
        {"BackupPlanId": "{plan_id}"},
        "BackupSelectionsList[?SelectionName=='{name}'].join('|', ['{plan_id}', SelectionId])",
        import_id="{plan_id}|{id}",
    ),
}

DATABASES = {
    "aws_db_instance": Identity(
        "rds",
        "describe_db_instances",
        {"DBInstanceIdentifier": "{identifier}"},
        "DBInstances[?DBInstanceStatus!='deleting'].DBInstanceIdentifier",
        import_id="{identifier}",
    ),
    "aws_db_parameter_group": Identity(
        "rds",
        "describe_db_parameter_groups",
        {"DBParameterGroupName": "{name}"},
        "DBParameterGroups[].DBParameterGroupName",
    ),
    "aws_db_subnet_group": Identity(
        "rds", "describe_db_subnet_groups", {"DBSubnetGroupName": "{name}"}, "DBSubnetGroups[].DBSubnetGroupName"
    ),
    "aws_elasticache_replication_group": Identity(
        "elasticache",
        "describe_replication_groups",
        {"ReplicationGroupId": "{replication_group_id}"},
        "ReplicationGroups[?Status!='deleting'].ReplicationGroupId",
    ),
    "aws_elasticache_parameter_group": Identity(
        "elasticache",
        "describe_cache_parameter_groups",
        {"CacheParameterGroupName": "{name}"},
        "CacheParameterGroups[].CacheParameterGroupName",
    ),
    "aws_elasticache_subnet_group": Identity(
        "elasticache",
        "describe_cache_subnet_groups",
        {"CacheSubnetGroupName": "{name}"},
        "CacheSubnetGroups[].CacheSubnetGroupName",
    ),
}

# S3 answers with an error where a bucket has none.
_BUCKET = {"Bucket": "{bucket}"}
S3 = {
    # The name is the prefix and 26 digits, which tells `prod` from an environment `prod-events`. The provider sets the
    # tags only after the bucket is made: an interrupted deploy can leave one without.
    "aws_s3_bucket": Identity(
        "s3",
        "list_buckets",
        {"Prefix": "{bucket_prefix}", "BucketRegion": "{region}"},
        "Buckets[?starts_with(Name, '{bucket_prefix}')"
        " && length(Name)==length('{bucket_prefix}YYYYMMDDhhmmss----01234567')].Name",
    ),
    "aws_s3_bucket_cors_configuration": Identity("s3", "get_bucket_cors", _BUCKET, "['{bucket}']"),
    "aws_s3_bucket_lifecycle_configuration": Identity(
        "s3", "get_bucket_lifecycle_configuration", _BUCKET, "['{bucket}']"
    ),
    "aws_s3_bucket_ownership_controls": Identity("s3", "get_bucket_ownership_controls", _BUCKET, "['{bucket}']"),
    "aws_s3_bucket_policy": Identity("s3", "get_bucket_policy", _BUCKET, "['{bucket}']"),
    "aws_s3_bucket_public_access_block": Identity("s3", "get_public_access_block", _BUCKET, "['{bucket}']"),
    "aws_s3_bucket_server_side_encryption_configuration": Identity(
        "s3", "get_bucket_encryption", _BUCKET, "['{bucket}']"
    ),
    # S3 always answers, without a status if versioning never was enabled.
    "aws_s3_bucket_versioning": Identity("s3", "get_bucket_versioning", _BUCKET, "Status && ['{bucket}']"),
}

SECRETS = {
    "aws_secretsmanager_secret": Identity(
        "secretsmanager", "describe_secret", {"SecretId": "{name}"}, "[@][?!DeletedDate].ARN"
    ),
    # The version that Terraform has stored, with the label of modules/secret.py: an operator may have stored another
    # since. The provider's import reads the value into the state, and `secret_string_wo_version`, which it leaves null,
    # replaces the version: https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/secretsmanager/secret_version.go
    "aws_secretsmanager_secret_version": Identity(
        "secretsmanager",
        "list_secret_version_ids",
        {"SecretId": "{secret_id}"},
        "Versions[?contains(VersionStages, 'TERRAFORM')].join('|', ['{secret_id}', VersionId])",
        instead_of_import={"has_secret_string_wo": True},
    ),
}

IAM = {
    "aws_iam_role": Identity("iam", "get_role", {"RoleName": "{name}"}, "[Role.RoleName]"),
    "aws_iam_role_policy": Identity(
        "iam",
        "list_role_policies",
        {"RoleName": "{role}"},
        "PolicyNames[?@=='{name}'].join(':', ['{role}', @])",
    ),
    "aws_iam_role_policy_attachment": Identity(
        "iam",
        "list_attached_role_policies",
        {"RoleName": "{role}"},
        "AttachedPolicies[?PolicyArn=='{policy_arn}'].join('/', ['{role}', PolicyArn])",
        import_id="{role}/{policy_arn}",
    ),
    "aws_iam_policy": Identity(
        "iam", "list_policies", {"Scope": "Local"}, "Policies[?PolicyName=='{name}'].Arn", import_id="{arn}"
    ),
    # An account has one of GitHub, which may be another environment's, and is never taken: by its ARN, which only the
    # state has.
    "aws_iam_openid_connect_provider": Identity(
        "iam",
        "get_open_id_connect_provider",
        {"OpenIDConnectProviderArn": "{arn}"},
        "['{arn}']",
        import_id="{arn}",
        made_again=True,
    ),
    "aws_iam_instance_profile": Identity(
        "iam",
        "get_instance_profile",
        {"InstanceProfileName": "{name}"},
        "[InstanceProfile.InstanceProfileName]",
    ),
}

ECS = {
    "aws_ecs_cluster": Identity(
        "ecs",
        "describe_clusters",
        {"clusters": ["{name}"]},
        "clusters[?status!='INACTIVE'].clusterName",
        import_id="{name}",
    ),
    # Not of a cluster without any: it is imported by the cluster's name.
    "aws_ecs_cluster_capacity_providers": Identity(
        "ecs",
        "describe_clusters",
        {"clusters": ["{cluster_name}"]},
        "clusters[?status!='INACTIVE' && capacityProviders].clusterName",
        import_id="{cluster_name}",
    ),
    "aws_ecs_service": Identity(
        "ecs",
        "describe_services",
        {"cluster": "{prefix}", "services": ["{name}"]},
        "services[?status=='ACTIVE'].join('/', ['{prefix}', serviceName])",
        import_id="{prefix}/{name}",
    ),
    # The newest revision first.
    "aws_ecs_task_definition": Identity(
        "ecs",
        "list_task_definitions",
        {"familyPrefix": "{family}", "status": "ACTIVE", "sort": "DESC"},
        "taskDefinitionArns",
        import_id="{arn}",
    ),
    "aws_appautoscaling_target": Identity(
        "application-autoscaling",
        "describe_scalable_targets",
        {
            "ServiceNamespace": "{service_namespace}",
            "ResourceIds": ["{resource_id}"],
            "ScalableDimension": "{scalable_dimension}",
        },
        "ScalableTargets[].join('/', [ServiceNamespace, ResourceId, ScalableDimension])",
        import_id="{service_namespace}/{resource_id}/{scalable_dimension}",
    ),
    "aws_appautoscaling_policy": Identity(
        "application-autoscaling",
        "describe_scaling_policies",
        {
            "ServiceNamespace": "{service_namespace}",
            "ResourceId": "{resource_id}",
            "ScalableDimension": "{scalable_dimension}",
            "PolicyNames": ["{name}"],
        },
        "ScalingPolicies[].join('/', [ServiceNamespace, ResourceId, ScalableDimension, PolicyName])",
        import_id="{service_namespace}/{resource_id}/{scalable_dimension}/{name}",
    ),
}

ENTRANCE = {
    "aws_lb": Identity("elbv2", "describe_load_balancers", {"Names": ["{name}"]}, "LoadBalancers[].LoadBalancerArn"),
    "aws_lb_target_group": Identity(
        "elbv2", "describe_target_groups", {"Names": ["{name}"]}, "TargetGroups[].TargetGroupArn"
    ),
    "aws_lb_listener": Identity(
        "elbv2",
        "describe_listeners",
        {"LoadBalancerArn": "{load_balancer_arn}"},
        "Listeners[?to_string(Port)=='{port}'].ListenerArn",
    ),
    "aws_lb_listener_rule": Identity(
        "elbv2", "describe_rules", {"ListenerArn": "{listener_arn}"}, "Rules[?Priority=='{priority}'].RuleArn"
    ),
    # A second certificate of a domain is valid too, and ACM lists them without tags: another owner's is never taken.
    "aws_acm_certificate": Identity(
        "acm",
        "describe_certificate",
        {"CertificateArn": "{arn}"},
        "[Certificate.CertificateArn]",
        made_again=True,
    ),
    # It only waits: AWS has no such resource.
    "aws_acm_certificate_validation": Identity(
        "acm",
        "describe_certificate",
        {"CertificateArn": "{certificate_arn}"},
        "[Certificate][?Status=='ISSUED'].CertificateArn",
        import_id="{certificate_arn}",
        made_again=True,
    ),
    "aws_cloudfront_distribution": Identity(
        "cloudfront", "list_distributions", {}, "DistributionList.Items[?Comment=='{comment}'].Id"
    ),
    "aws_cloudfront_response_headers_policy": Identity(
        "cloudfront",
        "list_response_headers_policies",
        {"Type": "custom", "MaxItems": "100"},
        "ResponseHeadersPolicyList.Items[?ResponseHeadersPolicy.ResponseHeadersPolicyConfig.Name=='{name}']"
        ".ResponseHeadersPolicy.Id",
    ),
    "aws_wafv2_web_acl": Identity(
        "wafv2",
        "list_web_acls",
        {"Scope": "{scope}", "Limit": 100},
        "WebACLs[?Name=='{name}'].join('/', [Id, Name, '{scope}'])",
        import_id="{id}/{name}/{scope}",
    ),
    # A load balancer has one at most: another one there is not this project's.
    "aws_wafv2_web_acl_association": Identity(
        "wafv2",
        "get_web_acl_for_resource",
        {"ResourceArn": "{resource_arn}"},
        "[WebACL][?ARN=='{web_acl_arn}'].join(',', [ARN, '{resource_arn}'])",
        import_id="{web_acl_arn},{resource_arn}",
    ),
    # By its VPC: another region may have a zone of the same name.
    "aws_route53_zone": Identity(
        "route53",
        "list_hosted_zones_by_vpc",
        {"VPCId": "{vpc.0.vpc_id}", "VPCRegion": "{region}"},
        "HostedZoneSummaries[?Name=='{name}.'].HostedZoneId",
    ),
    # The list starts with the record, if there is one. An alias for something else than the load balancer is not this
    # project's: the deploy has to fail.
    "aws_route53_record": Identity(
        "route53",
        "list_resource_record_sets",
        {
            "HostedZoneId": "{zone_id}",
            "StartRecordName": "{name}",
            "StartRecordType": "{type}",
            "PaginationConfig": {"MaxItems": 1, "PageSize": 1},
        },
        "ResourceRecordSets[?(Name=='{name}' || Name=='{name}.') && Type=='{type}'"
        " && (!AliasTarget || AliasTarget.DNSName=='{alias.0.name}.')].join('_', ['{zone_id}', '{name}', Type])",
    ),
}

KMS = {
    # A key has no name: its alias, which the stacks make right after it, tells it from others.
    "aws_kms_key": Identity(
        "kms", "describe_key", {"KeyId": "alias/{prefix}"}, "[KeyMetadata][?KeyState!='PendingDeletion'].KeyId"
    ),
    "aws_kms_alias": Identity("kms", "list_aliases", {}, "Aliases[?AliasName=='{name}'].AliasName"),
}

MAIL = {
    "aws_sesv2_email_identity": Identity(
        "sesv2", "get_email_identity", {"EmailIdentity": "{email_identity}"}, "['{email_identity}']"
    ),
}

MONITORING = {
    "aws_cloudwatch_log_group": Identity(
        "logs",
        "describe_log_groups",
        {"logGroupNamePrefix": "{name}"},
        "logGroups[?logGroupName=='{name}'].logGroupName",
    ),
    "aws_cloudwatch_log_metric_filter": Identity(
        "logs",
        "describe_metric_filters",
        {"logGroupName": "{log_group_name}", "filterNamePrefix": "{name}"},
        "metricFilters[?filterName=='{name}'].join(':', [logGroupName, filterName])",
        import_id="{log_group_name}:{name}",
    ),
    "aws_cloudwatch_metric_alarm": Identity(
        "cloudwatch", "describe_alarms", {"AlarmNames": ["{alarm_name}"]}, "MetricAlarms[].AlarmName"
    ),
    "aws_cloudwatch_dashboard": Identity(
        "cloudwatch",
        "list_dashboards",
        {"DashboardNamePrefix": "{dashboard_name}"},
        "DashboardEntries[?DashboardName=='{dashboard_name}'].DashboardName",
    ),
    "aws_sns_topic": Identity("sns", "list_topics", {}, "Topics[?ends_with(TopicArn, ':{name}')].TopicArn"),
    # Without an ARN until somebody confirms it. SNS returns the one that exists instead of making a second.
    "aws_sns_topic_subscription": Identity(
        "sns",
        "list_subscriptions_by_topic",
        {"TopicArn": "{topic_arn}"},
        "Subscriptions[?Protocol=='{protocol}' && Endpoint=='{endpoint}'].Endpoint",
        import_id="{endpoint}",
        made_again=True,
    ),
}

IDENTITIES: Mapping[str, Identity] = {
    **NETWORK,
    **EC2,
    **BACKUP,
    **DATABASES,
    **S3,
    **SECRETS,
    **KMS,
    **IAM,
    **ECS,
    **ENTRANCE,
    **MAIL,
    **MONITORING,
}
