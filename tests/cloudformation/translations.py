"""How the resources' types and arguments are named in CloudFormation.

Terraform's provider and CloudFormation name most arguments alike: ``vpc_id`` is ``VpcId``. Only those that differ are
here.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Translation(NamedTuple):
    """How arguments of a Terraform type become properties of a CloudFormation type.

    Args:
        type: CloudFormation's type.
        inside: the property that the arguments are in. By default, the resource itself.
        names: the properties of arguments that have other names there, by the argument's path. A dot leads into a
            property; ``.`` alone says that the block's arguments are beside it; with None, there is nothing to check.
        only: the arguments that are translated. By default, all.
        added: properties that Terraform's provider sets by itself, or that are not inside ``inside``.
    """

    type: str
    inside: str = ""
    names: Mapping[str, str | None] = {}
    only: frozenset[str] = frozenset()
    added: Mapping[str, object] = {}


TRANSLATIONS = {
    "aws_acm_certificate": [Translation("AWS::CertificateManager::Certificate")],
    "aws_appautoscaling_policy": [
        Translation("AWS::ApplicationAutoScaling::ScalingPolicy", names={"name": "PolicyName"})
    ],
    "aws_appautoscaling_target": [Translation("AWS::ApplicationAutoScaling::ScalableTarget")],
    "aws_backup_plan": [
        Translation(
            "AWS::Backup::BackupPlan",
            inside="BackupPlan",
            names={
                "name": "BackupPlanName",
                "rule": "BackupPlanRule",
                "rule.target_vault_name": "TargetBackupVault",
                "rule.schedule": "ScheduleExpression",
                "rule.lifecycle.delete_after": "DeleteAfterDays",
            },
        )
    ],
    "aws_backup_selection": [
        Translation(
            "AWS::Backup::BackupSelection",
            inside="BackupSelection",
            names={"name": "SelectionName", "plan_id": None},
            added={"BackupPlanId": "${plan_id}"},
        )
    ],
    "aws_backup_vault": [
        Translation(
            "AWS::Backup::BackupVault",
            names={"name": "BackupVaultName", "kms_key_arn": "EncryptionKeyArn", "force_destroy": None},
        )
    ],
    "aws_cloudfront_distribution": [
        Translation(
            "AWS::CloudFront::Distribution",
            inside="DistributionConfig",
            names={
                "is_ipv6_enabled": "IPV6Enabled",
                "origin.origin_id": "Id",
                "logging_config": "Logging",
                "web_acl_id": "WebACLId",
            },
        )
    ],
    "aws_cloudfront_response_headers_policy": [
        Translation("AWS::CloudFront::ResponseHeadersPolicy", inside="ResponseHeadersPolicyConfig")
    ],
    "aws_cloudwatch_log_group": [Translation("AWS::Logs::LogGroup", names={"name": "LogGroupName"})],
    "aws_cloudwatch_log_metric_filter": [
        Translation(
            "AWS::Logs::MetricFilter",
            names={
                "name": "FilterName",
                "pattern": "FilterPattern",
                "metric_transformation.name": "MetricName",
                "metric_transformation.namespace": "MetricNamespace",
                "metric_transformation.value": "MetricValue",
            },
        )
    ],
    "aws_cloudwatch_metric_alarm": [Translation("AWS::CloudWatch::Alarm")],
    "aws_db_instance": [
        Translation(
            "AWS::RDS::DBInstance",
            names={
                "identifier": "DBInstanceIdentifier",
                "instance_class": "DBInstanceClass",
                "parameter_group_name": "DBParameterGroupName",
                "username": "MasterUsername",
                "password_wo": "MasterUserPassword",  # pragma: allowlist secret
                "password_wo_version": None,
                "vpc_security_group_ids": "VPCSecurityGroups",
                "enabled_cloudwatch_logs_exports": "EnableCloudwatchLogsExports",
                "final_snapshot_identifier": None,
                "skip_final_snapshot": None,
            },
        )
    ],
    "aws_db_parameter_group": [
        Translation(
            "AWS::RDS::DBParameterGroup",
            names={"name": "DBParameterGroupName"},
            added={"Description": "Managed by Terraform"},
        )
    ],
    "aws_ebs_volume": [Translation("AWS::EC2::Volume", names={"type": "VolumeType", "final_snapshot": None})],
    "aws_ecs_cluster_capacity_providers": [
        Translation(
            "AWS::ECS::ClusterCapacityProviderAssociations",
            names={"cluster_name": "Cluster"},
            added={"DefaultCapacityProviderStrategy": []},
        )
    ],
    "aws_ecs_cluster": [Translation("AWS::ECS::Cluster", names={"name": "ClusterName", "setting": "ClusterSettings"})],
    "aws_ecs_service": [
        Translation(
            "AWS::ECS::Service",
            names={
                "name": "ServiceName",
                "deployment_circuit_breaker": "DeploymentConfiguration.DeploymentCircuitBreaker",
                "deployment_maximum_percent": "DeploymentConfiguration.MaximumPercent",
                "deployment_minimum_healthy_percent": "DeploymentConfiguration.MinimumHealthyPercent",
                "network_configuration": "NetworkConfiguration.AwsvpcConfiguration",
                "wait_for_steady_state": None,
            },
        )
    ],
    "aws_ecs_task_definition": [Translation("AWS::ECS::TaskDefinition")],
    "aws_eip": [Translation("AWS::EC2::EIP")],
    "aws_elasticache_parameter_group": [
        Translation(
            "AWS::ElastiCache::ParameterGroup",
            names={"family": "CacheParameterGroupFamily", "name": None, "parameter": "Properties"},
        )
    ],
    "aws_elasticache_replication_group": [
        Translation(
            "AWS::ElastiCache::ReplicationGroup",
            names={
                "description": "ReplicationGroupDescription",
                "node_type": "CacheNodeType",
                "parameter_group_name": "CacheParameterGroupName",
                "subnet_group_name": "CacheSubnetGroupName",
                "apply_immediately": None,
            },
        ),
        # cfn-lint checks node types and engine versions here only: a replication group is made of such clusters.
        Translation(
            "AWS::ElastiCache::CacheCluster",
            names={"node_type": "CacheNodeType", "num_cache_clusters": "NumCacheNodes"},
            only=frozenset({"engine", "engine_version", "node_type", "num_cache_clusters"}),
        ),
    ],
    "aws_flow_log": [
        Translation(
            "AWS::EC2::FlowLog",
            names={"iam_role_arn": "DeliverLogsPermissionArn", "vpc_id": "ResourceId"},
            added={"ResourceType": "VPC"},
        )
    ],
    "aws_iam_openid_connect_provider": [Translation("AWS::IAM::OIDCProvider")],
    "aws_iam_policy": [
        Translation(
            "AWS::IAM::ManagedPolicy",
            names={"name": "ManagedPolicyName", "policy": "PolicyDocument"},
        )
    ],
    "aws_iam_role": [
        Translation(
            "AWS::IAM::Role",
            names={"name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument"},
        )
    ],
    "aws_iam_role_policy": [
        Translation(
            "AWS::IAM::RolePolicy",
            names={"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
        )
    ],
    "aws_instance": [
        Translation(
            "AWS::EC2::Instance",
            names={
                "ami": "ImageId",
                "associate_public_ip_address": None,
                "vpc_security_group_ids": "SecurityGroupIds",
                "root_block_device": None,
                "user_data": None,
                "user_data_replace_on_change": None,
            },
        )
    ],
    "aws_kms_alias": [Translation("AWS::KMS::Alias", names={"name": "AliasName"})],
    "aws_kms_key": [
        Translation("AWS::KMS::Key", names={"deletion_window_in_days": "PendingWindowInDays", "policy": "KeyPolicy"})
    ],
    "aws_lb": [
        Translation(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            names={
                "load_balancer_type": "Type",
                "access_logs": None,
                "internal": None,
                "drop_invalid_header_fields": None,
                "enable_deletion_protection": None,
                "idle_timeout": None,
            },
        )
    ],
    "aws_lb_listener": [
        Translation(
            "AWS::ElasticLoadBalancingV2::Listener",
            names={
                "certificate_arn": "Certificates.CertificateArn",
                "default_action.redirect": "RedirectConfig",
                "routing_http_response_strict_transport_security_header_value": None,
            },
        )
    ],
    "aws_lb_listener_rule": [
        Translation(
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            names={
                "action": "Actions",
                "condition": "Conditions",
                "condition.path_pattern": "PathPatternConfig",
                "condition.source_ip": "SourceIpConfig",
            },
        )
    ],
    "aws_lb_target_group": [
        Translation(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            names={
                "deregistration_delay": None,
                "health_check": ".",
                "health_check.path": "HealthCheckPath",
                "health_check.interval": "HealthCheckIntervalSeconds",
                "health_check.timeout": "HealthCheckTimeoutSeconds",
                "health_check.healthy_threshold": "HealthyThresholdCount",
                "health_check.unhealthy_threshold": "UnhealthyThresholdCount",
                "health_check.matcher": "Matcher.HttpCode",
            },
        )
    ],
    "aws_nat_gateway": [Translation("AWS::EC2::NatGateway")],
    "aws_route": [Translation("AWS::EC2::Route")],
    "aws_route53_record": [
        Translation(
            "AWS::Route53::RecordSet",
            names={
                "alias": "AliasTarget",
                "alias.name": "DNSName",
                "alias.zone_id": "HostedZoneId",
                "records": "ResourceRecords",
                "zone_id": "HostedZoneId",
                "allow_overwrite": None,
            },
        )
    ],
    "aws_route53_zone": [Translation("AWS::Route53::HostedZone", names={"vpc": None})],
    "aws_s3_bucket_cors_configuration": [
        Translation(
            "AWS::S3::Bucket",
            inside="CorsConfiguration",
            names={"bucket": None, "cors_rule.max_age_seconds": "MaxAge"},
        )
    ],
    "aws_s3_bucket_lifecycle_configuration": [
        Translation(
            "AWS::S3::Bucket",
            inside="LifecycleConfiguration",
            names={
                "bucket": None,
                "rule.filter": ".",
                "rule.expiration": ".",
                "rule.expiration.days": "ExpirationInDays",
            },
        )
    ],
    "aws_s3_bucket_ownership_controls": [
        Translation("AWS::S3::Bucket", inside="OwnershipControls", names={"bucket": None})
    ],
    "aws_s3_bucket_policy": [Translation("AWS::S3::BucketPolicy", names={"policy": "PolicyDocument"})],
    "aws_s3_bucket_public_access_block": [
        Translation("AWS::S3::Bucket", inside="PublicAccessBlockConfiguration", names={"bucket": None})
    ],
    "aws_s3_bucket_server_side_encryption_configuration": [
        Translation(
            "AWS::S3::Bucket",
            inside="BucketEncryption",
            names={
                "bucket": None,
                "rule": "ServerSideEncryptionConfiguration",
                "rule.apply_server_side_encryption_by_default": "ServerSideEncryptionByDefault",
            },
        )
    ],
    "aws_s3_bucket_versioning": [Translation("AWS::S3::Bucket", names={"bucket": None})],
    "aws_secretsmanager_secret": [
        Translation("AWS::SecretsManager::Secret", names={"recovery_window_in_days": None}),
    ],
    "aws_security_group": [
        Translation("AWS::EC2::SecurityGroup", names={"name": "GroupName", "description": "GroupDescription"})
    ],
    "aws_sesv2_email_identity": [Translation("AWS::SES::EmailIdentity")],
    "aws_sns_topic": [Translation("AWS::SNS::Topic", names={"name": "TopicName"})],
    "aws_subnet": [Translation("AWS::EC2::Subnet")],
    "aws_vpc": [Translation("AWS::EC2::VPC", names={"assign_generated_ipv6_cidr_block": None})],
    "aws_wafv2_web_acl": [Translation("AWS::WAFv2::WebACL")],
    "aws_wafv2_web_acl_association": [Translation("AWS::WAFv2::WebACLAssociation")],
    "aws_vpc_endpoint": [Translation("AWS::EC2::VPCEndpoint")],
    "aws_vpc_security_group_egress_rule": [
        Translation(
            "AWS::EC2::SecurityGroupEgress",
            names={
                "security_group_id": "GroupId",
                "cidr_ipv4": "CidrIp",
                "prefix_list_id": "DestinationPrefixListId",
                "referenced_security_group_id": "DestinationSecurityGroupId",
            },
        )
    ],
    "aws_vpc_security_group_ingress_rule": [
        Translation(
            "AWS::EC2::SecurityGroupIngress",
            names={
                "security_group_id": "GroupId",
                "cidr_ipv4": "CidrIp",
                "prefix_list_id": "SourcePrefixListId",
                "referenced_security_group_id": "SourceSecurityGroupId",
            },
        )
    ],
}
"""By Terraform's type. One type may be several: cfn-lint's rules are about CloudFormation's."""

NOTHING_TO_CHECK = {
    "aws_acm_certificate_validation": "a wait",
    "aws_cloudwatch_dashboard": "its body is text",
    "aws_db_subnet_group": "a name and references",
    "aws_default_security_group": "an adoption",
    "aws_elasticache_subnet_group": "a name and references",
    "aws_iam_instance_profile": "a name and a reference",
    "aws_iam_role_policy_attachment": "a reference",
    "aws_internet_gateway": "a reference",
    "aws_route_table": "a reference",
    "aws_route_table_association": "references",
    "aws_s3_bucket": "a name; what is configured are resources of their own",
    "aws_secretsmanager_secret_version": "a value",  # pragma: allowlist secret
    "aws_sns_topic_subscription": "an address",
    "aws_volume_attachment": "references",
    "terraform_data": "Terraform's own",
}
"""The reason, by Terraform's type."""
