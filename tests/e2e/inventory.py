"""Lists AWS resources of the types that the stacks create, to find those that a destroy leaves."""

from typing import Any

import jmespath

from local.embedded_aws import EmbeddedAws
from settings.partition import CLOUDFRONT_REGION

# service, operation, arguments, JMESPath of the ids
LISTINGS: list[tuple[str, str, dict[str, Any], str]] = [
    ("ec2", "describe_vpcs", {}, "Vpcs[].VpcId"),
    ("ec2", "describe_subnets", {}, "Subnets[].SubnetId"),
    ("ec2", "describe_security_groups", {}, "SecurityGroups[].GroupId"),
    ("ec2", "describe_nat_gateways", {}, "NatGateways[?State!='deleted'].NatGatewayId"),
    ("ec2", "describe_internet_gateways", {}, "InternetGateways[].InternetGatewayId"),
    ("ec2", "describe_route_tables", {}, "RouteTables[].RouteTableId"),
    ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints[].VpcEndpointId"),
    ("ec2", "describe_addresses", {}, "Addresses[].AllocationId"),
    ("ec2", "describe_flow_logs", {}, "FlowLogs[].FlowLogId"),
    ("ec2", "describe_instances", {}, "Reservations[].Instances[?State.Name!='terminated'][].InstanceId"),
    ("ec2", "describe_volumes", {}, "Volumes[].VolumeId"),
    ("ec2", "describe_snapshots", {"OwnerIds": ["self"]}, "Snapshots[].SnapshotId"),
    ("backup", "list_backup_vaults", {}, "BackupVaultList[].BackupVaultName"),
    ("backup", "list_backup_plans", {}, "BackupPlansList[].BackupPlanId"),
    ("route53", "list_hosted_zones", {}, "HostedZones[].Id"),
    ("rds", "describe_db_instances", {}, "DBInstances[].DBInstanceIdentifier"),
    ("rds", "describe_db_snapshots", {}, "DBSnapshots[].DBSnapshotIdentifier"),
    ("rds", "describe_db_parameter_groups", {}, "DBParameterGroups[].DBParameterGroupName"),
    ("rds", "describe_db_subnet_groups", {}, "DBSubnetGroups[].DBSubnetGroupName"),
    ("elasticache", "describe_replication_groups", {}, "ReplicationGroups[].ReplicationGroupId"),
    ("elasticache", "describe_cache_parameter_groups", {}, "CacheParameterGroups[].CacheParameterGroupName"),
    ("elasticache", "describe_cache_subnet_groups", {}, "CacheSubnetGroups[].CacheSubnetGroupName"),
    ("s3", "list_buckets", {}, "Buckets[].Name"),
    ("secretsmanager", "list_secrets", {"IncludePlannedDeletion": True}, "SecretList[].Name"),
    ("kms", "list_aliases", {}, "Aliases[].AliasName"),
    ("ecs", "list_clusters", {}, "clusterArns[]"),
    ("ecs", "list_task_definitions", {"status": "ACTIVE"}, "taskDefinitionArns[]"),
    ("elbv2", "describe_load_balancers", {}, "LoadBalancers[].LoadBalancerArn"),
    ("elbv2", "describe_target_groups", {}, "TargetGroups[].TargetGroupArn"),
    ("logs", "describe_log_groups", {}, "logGroups[].logGroupName"),
    ("logs", "describe_metric_filters", {}, "metricFilters[].filterName"),
    ("iam", "list_roles", {}, "Roles[].RoleName"),
    ("iam", "list_policies", {"Scope": "Local"}, "Policies[].PolicyName"),
    ("iam", "list_open_id_connect_providers", {}, "OpenIDConnectProviderList[].Arn"),
    ("iam", "list_instance_profiles", {}, "InstanceProfiles[].InstanceProfileName"),
    ("acm", "list_certificates", {}, "CertificateSummaryList[].CertificateArn"),
    ("cloudfront", "list_distributions", {}, "not_null(DistributionList.Items, `[]`)[].Id"),
    (
        "cloudfront",
        "list_response_headers_policies",
        {"Type": "custom"},
        "ResponseHeadersPolicyList.Items[].ResponseHeadersPolicy.Id",
    ),
    ("wafv2", "list_web_acls", {"Scope": "REGIONAL"}, "WebACLs[].Id"),
    ("wafv2", "list_web_acls", {"Scope": "CLOUDFRONT"}, "WebACLs[].Id"),
    (
        "application-autoscaling",
        "describe_scalable_targets",
        {"ServiceNamespace": "ecs"},
        "ScalableTargets[].ResourceId",
    ),
    ("sesv2", "list_email_identities", {}, "EmailIdentities[].IdentityName"),
    ("sns", "list_topics", {}, "Topics[].TopicArn"),
    ("cloudwatch", "describe_alarms", {}, "MetricAlarms[].AlarmName"),
    ("cloudwatch", "list_dashboards", {}, "DashboardEntries[].DashboardName"),
]


def inventory(aws: EmbeddedAws) -> set[tuple[str, str, str]]:
    """Returns each resource as (service, operation, id)."""
    session = aws.session()
    things = set()
    for service, operation, arguments, path in LISTINGS:
        region = CLOUDFRONT_REGION if arguments.get("Scope") == "CLOUDFRONT" else None
        client = session.client(service, region, endpoint_url=aws.url)  # type: ignore[call-overload]
        if client.can_paginate(operation):
            ids = client.get_paginator(operation).paginate(**arguments).search(path)
        else:
            ids = jmespath.search(path, getattr(client, operation)(**arguments)) or []
        things |= {(service, operation, str(id_)) for id_ in ids}
    return things
