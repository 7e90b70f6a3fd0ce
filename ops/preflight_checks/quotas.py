"""Whether the quotas of the account leave room for the environment. Those of a new account are small."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from ops.environment import Environment
from ops.findings import Finding, Verdict, finding
from settings.sections.service_size import ServiceSize

# Families of the quota of standard instances. The others (GPU, memory, HPC) have quotas of their own.
STANDARD_TYPE = re.compile(r"(a|c|d|h|i|im|is|m|r|t|z)\d")


class Quota(NamedTuple):
    """A quota by the codes that Service Quotas has for it."""

    name: str
    service: str
    code: str


FARGATE_VCPUS = Quota("Fargate vCPUs", "fargate", "L-3032A538")
FARGATE_SPOT_VCPUS = Quota("Fargate Spot vCPUs", "fargate", "L-36FBB829")
EC2_VCPUS = Quota("EC2 vCPUs", "ec2", "L-1216C47A")
ADDRESSES = Quota("Elastic IP addresses", "ec2", "L-0263D0A3")
VPCS = Quota("VPCs", "vpc", "L-F678F1CE")


def fargate_vcpus(environment: Environment) -> Iterator[Finding]:
    """The vCPUs of all tasks, twice: a deployment starts every new task before it stops an old one."""
    settings = environment.settings
    for kind, spot in ((FARGATE_VCPUS, False), (FARGATE_SPOT_VCPUS, True)):
        if services := [size for size in settings.services.values() if size.spot == spot]:
            yield from _vcpus(environment, kind, services)


def _vcpus(environment: Environment, kind: Quota, services: Sequence[ServiceSize]) -> Iterator[Finding]:
    quota = _value(environment, kind)
    least = sum(service.cpu * service.min_tasks for service in services) / 1024
    most = sum(service.cpu * service.max_tasks for service in services) / 1024
    evidence = f"needs {least:g}, and {2 * least:g} during a deployment; the account's quota is {quota:g}"
    yield finding(
        kind.name,
        2 * least <= quota,
        evidence,
        f"{_increase(environment, kind, 2 * least)}; or lower cpu or min_tasks of the services",
    )
    evidence = f"max_tasks needs {most:g}, and {2 * most:g} during a deployment; the account's quota is {quota:g}"
    yield finding(
        f"{kind.name} for max_tasks",
        2 * most <= quota,
        evidence,
        f"autoscaling stops at the quota: {_increase(environment, kind, 2 * most)}",
        otherwise=Verdict.WARNING,
    )


def ec2_vcpus(environment: Environment) -> Iterator[Finding]:
    """The vCPUs of ClickHouse's instance, beside those of the instances that already run."""
    type_ = environment.settings.clickhouse.instance_type
    if environment.settings.clickhouse.mode != "ec2" or _has(environment, "aws_instance"):
        return
    if not STANDARD_TYPE.match(type_):
        evidence = f"{type_} is of none of the standard families (A, C, D, H, I, M, R, T, Z)"
        yield Finding(EC2_VCPUS.name, Verdict.NOT_CHECKED, evidence, "look up its family's quota in Service Quotas")
        return
    ec2 = environment.session.client("ec2")
    filters: Any = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
    running = Counter(
        instance["InstanceType"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
        if STANDARD_TYPE.match(instance["InstanceType"]) and instance.get("InstanceLifecycle") != "spot"
    )
    types: Any = sorted({type_, *running})
    vcpus: dict[str, int] = {
        description["InstanceType"]: description["VCpuInfo"]["DefaultVCpus"]
        for description in ec2.describe_instance_types(InstanceTypes=types)["InstanceTypes"]
    }
    used = sum(vcpus[name] * count for name, count in running.items())
    yield _room(
        environment, EC2_VCPUS, used=used, needed=vcpus[type_], instead="choose a smaller clickhouse.instance_type"
    )


def vpcs(environment: Environment) -> Iterator[Finding]:
    """One more VPC, unless the environment is deployed into an existing one."""
    if environment.settings.network.vpc_id or _has(environment, "aws_vpc"):
        return
    pages = environment.session.client("ec2").get_paginator("describe_vpcs").paginate()
    used = sum(len(page["Vpcs"]) for page in pages)
    yield _room(environment, VPCS, used=used, needed=1, instead="set network.vpc_id")


def addresses(environment: Environment) -> Iterator[Finding]:
    """An address for each NAT gateway."""
    network = environment.settings.network
    if network.vpc_id or network.isolated or not network.nat_gateways or _has(environment, "aws_eip"):
        return
    used = len(environment.session.client("ec2").describe_addresses()["Addresses"])
    yield _room(environment, ADDRESSES, used=used, needed=network.nat_gateways, instead="lower network.nat_gateways")


def _has(environment: Environment, type_: str) -> bool:
    """Whether the environment is deployed already, at least so far that it has a resource of the type."""
    return any(resource.type == type_ for resource in environment.resources)


def _room(environment: Environment, quota: Quota, *, used: int, needed: int, instead: str) -> Finding:
    value = _value(environment, quota)
    evidence = f"needs {needed}; {used} are in use, and the account's quota is {value:g}"
    remedy = f"{_increase(environment, quota, used + needed)}; or {instead}"
    return finding(quota.name, used + needed <= value, evidence, remedy)


def _value(environment: Environment, quota: Quota) -> float:
    """The account's value, or the default where Service Quotas has no value of the account."""
    client: Any = environment.session.client("service-quotas")
    codes = {"ServiceCode": quota.service, "QuotaCode": quota.code}
    try:
        return float(client.get_service_quota(**codes)["Quota"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
    return float(client.get_aws_default_service_quota(**codes)["Quota"]["Value"])


def _increase(environment: Environment, quota: Quota, value: float) -> str:
    return (
        f"`aws service-quotas request-service-quota-increase --region {environment.settings.region}"
        f" --service-code {quota.service} --quota-code {quota.code} --desired-value {ceil(value)}`,"
        " which AWS takes minutes to days to grant"
    )
