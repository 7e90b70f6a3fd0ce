"""What the resources of each type cost: a rule for a type, or the reason why it is free.

A rule yields items of a resource, whose prices are in ``cost/prices``. A type that has neither fails a test.
"""

from collections.abc import Callable, Iterator, Mapping

from cost.item import Item
from cost.resources import Resource, Resources
from cost.rules import clickhouse, databases, entrance, monitoring, network, storage, tasks
from cost.usage import Usage

Rule = Callable[[Resource, Resources, Usage], Iterator[Item]]

RULES: Mapping[str, Rule] = {
    "aws_ecs_cluster": monitoring.container_insights,
    "aws_ecs_service": tasks.service,
    "aws_ecs_task_definition": monitoring.published_metrics,
    "aws_db_instance": databases.postgresql,
    "aws_elasticache_replication_group": databases.redis,
    "aws_instance": clickhouse.instance,
    "aws_ebs_volume": clickhouse.volume,
    "aws_backup_plan": clickhouse.snapshots,
    "aws_nat_gateway": network.nat_gateway,
    "aws_eip": network.address,
    "aws_vpc_endpoint": network.endpoint,
    "aws_route53_zone": network.zone,
    "aws_lb": entrance.load_balancer,
    "aws_cloudfront_distribution": entrance.cloudfront,
    "aws_wafv2_web_acl": entrance.web_acl,
    "aws_s3_bucket": storage.bucket,
    "aws_secretsmanager_secret": storage.secret,
    "aws_kms_key": storage.key,
    "aws_cloudwatch_log_group": monitoring.logs,
    "aws_cloudwatch_metric_alarm": monitoring.alarm,
    "aws_appautoscaling_policy": monitoring.scaling_alarms,
    "aws_cloudwatch_dashboard": monitoring.dashboard,
}
"""What each type costs."""

_SETTING = "a setting of a resource that is counted"
_ACCESS = "AWS does not charge for who may do what"

FREE: Mapping[str, str] = {
    "aws_acm_certificate": "a public certificate costs nothing",
    "aws_acm_certificate_validation": "only waits: AWS has no such resource",
    "aws_appautoscaling_target": "counted as the number of tasks of its service: what it adds above the minimum costs",
    "aws_backup_selection": "what it selects is counted with the backup plan",
    "aws_backup_vault": "the snapshots in it are counted with the backup plan",
    "aws_cloudfront_response_headers_policy": _SETTING,
    "aws_cloudwatch_log_metric_filter": "its metric costs only in hours in which a line matches",
    "aws_db_parameter_group": _SETTING,
    "aws_db_subnet_group": _SETTING,
    "aws_default_security_group": _ACCESS,
    "aws_ecs_cluster_capacity_providers": "the tasks are counted with the services",
    "aws_elasticache_parameter_group": _SETTING,
    "aws_elasticache_subnet_group": _SETTING,
    "aws_flow_log": "its lines are counted with the log groups",
    "aws_iam_instance_profile": _ACCESS,
    "aws_iam_openid_connect_provider": _ACCESS,
    "aws_iam_policy": _ACCESS,
    "aws_iam_role": _ACCESS,
    "aws_iam_role_policy": _ACCESS,
    "aws_iam_role_policy_attachment": _ACCESS,
    "aws_internet_gateway": "traffic out is counted with the load balancer and the NAT gateways",
    "aws_kms_alias": "the key is counted",
    "aws_lb_listener": "counted with the load balancer's capacity units",
    "aws_lb_listener_rule": "counted with the load balancer's capacity units",
    "aws_lb_target_group": "counted with the load balancer's capacity units",
    "aws_route": _SETTING,
    "aws_route53_record": "questions for aliases are free; those in the VPC's zone cost less than a cent",
    "aws_route_table": _SETTING,
    "aws_route_table_association": _SETTING,
    "aws_s3_bucket_cors_configuration": _SETTING,
    "aws_s3_bucket_lifecycle_configuration": _SETTING,
    "aws_s3_bucket_ownership_controls": _SETTING,
    "aws_s3_bucket_policy": _ACCESS,
    "aws_s3_bucket_public_access_block": _ACCESS,
    "aws_s3_bucket_server_side_encryption_configuration": _SETTING,
    "aws_s3_bucket_versioning": "older versions are part of what the buckets hold",
    "aws_secretsmanager_secret_version": "the secret is counted",  # pragma: allowlist secret
    "aws_security_group": _ACCESS,
    "aws_sesv2_email_identity": "1,000 mails cost 0.10 USD: Langfuse sends a few",
    "aws_sns_topic": "the first million requests a month are free",
    "aws_sns_topic_subscription": "the first 1,000 mails a month are free",
    "aws_ssm_document": "a document of your own costs nothing",
    "aws_subnet": _SETTING,
    "aws_volume_attachment": "the volume and the instance are counted",
    "aws_vpc": "what is in it costs",
    "aws_vpc_security_group_egress_rule": _ACCESS,
    "aws_vpc_security_group_ingress_rule": _ACCESS,
    "aws_wafv2_web_acl_association": _SETTING,
    "terraform_data": "exists in Terraform's state only",
}
"""What is free, and why."""
