"""What the picture does with each type of resource: one table. A type that is not here fails a test."""

from typing import NamedTuple


class Box(NamedTuple):
    """The resources of a type are boxes.

    Args:
        icon: the file of ``aws-icons``, without its ending.
        together: whether one box shows all of them; otherwise, each has its own.
    """

    icon: str
    together: bool = False


SERVICE = "architecture-service"

BOXES = {
    "aws_cloudfront_distribution": Box(f"{SERVICE}/AmazonCloudFront"),
    "aws_lb": Box(f"{SERVICE}/ElasticLoadBalancing"),
    "aws_nat_gateway": Box("resource/AmazonVPCNATGateway", together=True),
    "aws_ecs_service": Box(f"{SERVICE}/AWSFargate"),
    "aws_db_instance": Box(f"{SERVICE}/AmazonRDS"),
    "aws_elasticache_replication_group": Box(f"{SERVICE}/AmazonElastiCache"),
    "aws_instance": Box(f"{SERVICE}/AmazonEC2"),
    "aws_vpc_endpoint": Box("resource/AmazonVPCEndpoints", together=True),
    "aws_s3_bucket": Box(f"{SERVICE}/AmazonSimpleStorageService", together=True),
    "aws_secretsmanager_secret": Box(f"{SERVICE}/AWSSecretsManager", together=True),
    "aws_cloudwatch_metric_alarm": Box(f"{SERVICE}/AmazonCloudWatch", together=True),
    "aws_sesv2_email_identity": Box(f"{SERVICE}/AmazonSimpleEmailService"),
    "aws_kms_key": Box(f"{SERVICE}/AWSKeyManagementService"),
}
"""What has a box."""

SHOWN_IN = {
    "aws_acm_certificate": ("aws_lb", "aws_cloudfront_distribution"),
    "aws_acm_certificate_validation": ("aws_lb", "aws_cloudfront_distribution"),
    "aws_appautoscaling_policy": ("aws_ecs_service",),
    "aws_appautoscaling_target": ("aws_ecs_service",),
    "aws_backup_plan": ("aws_instance",),
    "aws_backup_selection": ("aws_instance",),
    "aws_backup_vault": ("aws_instance",),
    "aws_cloudfront_response_headers_policy": ("aws_cloudfront_distribution",),
    "aws_cloudwatch_dashboard": ("aws_cloudwatch_metric_alarm",),
    "aws_cloudwatch_log_group": ("aws_cloudwatch_metric_alarm",),
    "aws_cloudwatch_log_metric_filter": ("aws_cloudwatch_metric_alarm",),
    "aws_db_parameter_group": ("aws_db_instance",),
    "aws_db_subnet_group": ("aws_db_instance",),
    "aws_ebs_volume": ("aws_instance",),
    "aws_ecs_task_definition": ("aws_ecs_service",),
    "aws_eip": ("aws_nat_gateway",),
    "aws_elasticache_parameter_group": ("aws_elasticache_replication_group",),
    "aws_elasticache_subnet_group": ("aws_elasticache_replication_group",),
    "aws_iam_instance_profile": ("aws_instance",),
    "aws_kms_alias": ("aws_kms_key",),
    "aws_lb_listener": ("aws_lb",),
    "aws_lb_listener_rule": ("aws_lb",),
    "aws_lb_target_group": ("aws_lb",),
    "aws_s3_bucket_cors_configuration": ("aws_s3_bucket",),
    "aws_s3_bucket_lifecycle_configuration": ("aws_s3_bucket",),
    "aws_s3_bucket_ownership_controls": ("aws_s3_bucket",),
    "aws_s3_bucket_policy": ("aws_s3_bucket",),
    "aws_s3_bucket_public_access_block": ("aws_s3_bucket",),
    "aws_s3_bucket_server_side_encryption_configuration": ("aws_s3_bucket",),
    "aws_s3_bucket_versioning": ("aws_s3_bucket",),
    "aws_secretsmanager_secret_version": ("aws_secretsmanager_secret",),
    "aws_sns_topic": ("aws_cloudwatch_metric_alarm",),
    "aws_sns_topic_subscription": ("aws_cloudwatch_metric_alarm",),
    "aws_volume_attachment": ("aws_instance",),
    "aws_wafv2_web_acl": ("aws_lb", "aws_cloudfront_distribution"),
    "aws_wafv2_web_acl_association": ("aws_lb",),
}
"""What is shown in the box of another type: that which refers to it, or to which it refers, if need be in steps."""

PLACES_AND_LINES = {
    "aws_ecs_cluster": "the frame around the services",
    "aws_ecs_cluster_capacity_providers": "what the cluster's services may run on",
    "aws_internet_gateway": "makes a subnet public",
    "aws_route": "what a subnet reaches, and through what",
    "aws_route_table": "what a subnet reaches, and through what",
    "aws_route_table_association": "what a subnet reaches, and through what",
    "aws_security_group": "who reaches whom",
    "aws_subnet": "the frames in the VPC",
    "aws_vpc": "the frame of the VPC",
    "aws_vpc_security_group_egress_rule": "who reaches whom",
    "aws_vpc_security_group_ingress_rule": "who reaches whom",
}
"""What is no box, but a frame or a line."""

NOT_DRAWN = {
    "aws_default_security_group": "has no rule and no member",
    "aws_flow_log": "records the VPC's rejected connections, and connects nothing",
    "aws_iam_openid_connect_provider": "who may call which API of AWS is no connection",
    "aws_iam_policy": "who may call which API of AWS is no connection",
    "aws_iam_role": "who may call which API of AWS is no connection",
    "aws_iam_role_policy": "who may call which API of AWS is no connection",
    "aws_iam_role_policy_attachment": "who may call which API of AWS is no connection",
    "aws_route53_record": "a name of a part that is drawn",
    "aws_route53_zone": "names of parts that are drawn",
    "terraform_data": "exists in Terraform's state only",
}
"""What is not drawn, and why."""
