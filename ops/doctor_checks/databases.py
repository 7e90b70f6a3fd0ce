"""Whether PostgreSQL and Redis can be used."""

from collections.abc import Iterator

from ops.doctor_checks.security_group_rules import allows
from ops.ecs_services import existing_services
from ops.environment import Environment
from ops.findings import Finding, finding
from ops.redis_nodes import redis_nodes
from settings.ports import POSTGRES


def database_is_reachable(environment: Environment) -> Iterator[Finding]:
    """P1001: the database runs, and the security groups let web and worker connect to it."""
    rds = environment.session.client("rds")
    database_id = environment.database_id
    try:
        (instance,) = rds.describe_db_instances(DBInstanceIdentifier=database_id)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        yield finding("database is available", False, f"{database_id} is absent", environment.deploy_command)
        return
    state = instance["DBInstanceStatus"]
    available = state == "available"
    remedy = f"`aws rds start-db-instance --db-instance-identifier {database_id}` if it is stopped"
    yield finding("database is available", available, f"{database_id} is {state}", remedy)
    database_groups = {group["VpcSecurityGroupId"] for group in instance["VpcSecurityGroups"]}
    for name, service in existing_services(environment, environment.services).items():
        service_groups = set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        egress = allows(environment, service_groups, POSTGRES, peers=database_groups, is_egress=True)
        ingress = allows(environment, database_groups, POSTGRES, peers=service_groups, is_egress=False)
        evidence = (
            f"port {POSTGRES}: {'may' if egress else 'may not'} leave {name}, {'may' if ingress else 'may not'} enter"
        )
        remedy = f"a rule was removed: {environment.deploy_command} puts it back"
        yield finding(f"{name} may reach the database", egress and ingress, evidence, remedy)


def redis_never_evicts(environment: Environment) -> Iterator[Finding]:
    """Redis never evicts a key: a lost job makes the worker hang."""
    cache = environment.session.client("elasticache")
    names = sorted({node["CacheParameterGroup"]["CacheParameterGroupName"] for node in redis_nodes(environment)})
    policies = {
        parameter.get("ParameterValue")
        for name in names
        for page in cache.get_paginator("describe_cache_parameters").paginate(CacheParameterGroupName=name)
        for parameter in page["Parameters"]
        if parameter["ParameterName"] == "maxmemory-policy"
    }
    passed = policies == {"noeviction"}
    shown = ", ".join(sorted(map(str, policies))) or "unknown"
    remedy = f"{environment.deploy_command} puts noeviction back"
    evidence = f"{', '.join(names) or environment.redis_id}: maxmemory-policy is {shown}"
    yield finding("Redis never evicts a key", passed, evidence, remedy)
