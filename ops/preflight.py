"""``ops preflight``: checks, before the first deploy, that the account and the Region have what it needs."""

from collections.abc import Iterator
from contextlib import suppress

import typer

from ops import bootstrap
from ops.console import AsJson, print_json
from ops.environment import Environment, load_environment
from ops.findings import Check, Finding, Verdict, finding, print_findings, run_checks
from ops.preflight_checks.domain import certificate, hosted_zone, mail_zone
from ops.preflight_checks.encryption_key import encryption_key
from ops.preflight_checks.global_names import dashboard, github_provider, iam_names
from ops.preflight_checks.mail import mail_identity
from ops.preflight_checks.names import backup_vault, log_groups, secrets
from ops.preflight_checks.network import existing_vpc, instance_class, instance_type, interface_endpoints, zones
from ops.preflight_checks.queue_metrics import queue_metrics
from ops.preflight_checks.quotas import addresses, ec2_vcpus, fargate_vcpus, vpcs
from ops.state.checks import check_states
from ops.state.states import NoBucketError

HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""By partition, a Region that every account has. The others answer no account that has not enabled them."""


def preflight(as_json: AsJson = False) -> None:
    """Check whether the account has what the first deploy needs.

    Checks the state bucket, quotas, zones, instance types, an existing VPC, a KMS key of yours, the domain and its
    certificate, the SES identity, names that an earlier or another deployment has, and whether another shares the
    queues' metrics. It only reads. Exit code 1 if a check fails; what these credentials may not ask is "not checked".

    Example: ops preflight --json
    """
    environment = load_environment()
    # Not a check: without credentials, there is nothing to ask.
    account = environment.session.client("sts", region_name=_home_region(environment)).get_caller_identity()["Account"]
    findings = run_checks(environment, CHECKS)
    if as_json:
        print_json({"account": account, "findings": [found._asdict() for found in findings]})
    else:
        print_findings(
            findings, title=f"{environment.settings.prefix}: account {account}, {environment.settings.region}"
        )
    if any(found.verdict is Verdict.FAILED for found in findings):
        raise typer.Exit(1)


def _home_region(environment: Environment) -> str:
    return HOME_REGIONS[environment.session.get_partition_for_region(environment.settings.region)]


def _region(environment: Environment) -> Iterator[Finding]:
    region = environment.settings.region
    ec2 = environment.session.client("ec2", region_name=_home_region(environment))
    regions = ec2.describe_regions(AllRegions=True, Filters=[{"Name": "region-name", "Values": [region]}])["Regions"]
    status = regions[0]["OptInStatus"] if regions else "unknown to this account"
    enabled = status in ("opt-in-not-required", "opted-in")
    yield finding("Region", enabled, f"{region} is {status}", f"`aws account enable-region --region-name {region}`")


def _state_bucket(environment: Environment) -> Iterator[Finding]:
    missing = bootstrap.missing(environment)
    evidence = (
        f"{environment.settings.state.bucket}: {'missing: ' + ', '.join(missing) if missing else 'as it must be'}"
    )
    yield finding("state bucket", not missing, evidence, "`ops bootstrap --apply`")


def _states(environment: Environment) -> Iterator[Finding]:
    with suppress(NoBucketError):
        check_states(environment)
    yield Finding("states", Verdict.OK, "none is damaged or lost")


CHECKS: dict[str, Check] = {
    "Region": _region,
    "state bucket": _state_bucket,
    "states": _states,
    "Fargate vCPUs": fargate_vcpus,
    "EC2 vCPUs": ec2_vcpus,
    "VPCs": vpcs,
    "Elastic IP addresses": addresses,
    "Availability Zones": zones,
    "interface endpoints": interface_endpoints,
    "ClickHouse's instance type": instance_type,
    "PostgreSQL's instance class": instance_class,
    "existing VPC": existing_vpc,
    "encryption key": encryption_key,
    "hosted zone": hosted_zone,
    "hosted zone for mail": mail_zone,
    "certificate": certificate,
    "SES": mail_identity,
    "secrets' names": secrets,
    "log groups' names": log_groups,
    "backup vault's name": backup_vault,
    "IAM names": iam_names,
    "GitHub's provider": github_provider,
    "dashboard's name": dashboard,
    "queue metrics": queue_metrics,
}
