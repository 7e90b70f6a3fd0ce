"""What ``network.isolated`` leaves no way to, of what the settings name."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from settings import ports
from settings.images import ECR
from settings.partition import partition_of


class Unreachable(NamedTuple):
    """A setting that can't work, with its value and what is allowed."""

    key: str
    value: object
    allowed: str


ON_THE_INTERNET = {
    "AUTH_AZURE_AD_CLIENT_ID": "login.microsoftonline.com",
    "AUTH_GITHUB_CLIENT_ID": "github.com",
    "AUTH_GITLAB_CLIENT_ID": "gitlab.com",
    "AUTH_GOOGLE_CLIENT_ID": "accounts.google.com",
    "AUTH_WORDPRESS_CLIENT_ID": "public-api.wordpress.com",
    "AUTH_WORKOS_CLIENT_ID": "api.workos.com",
    "SLACK_CLIENT_ID": "slack.com",
}
"""By a variable of Langfuse's containers, what Langfuse connects to with it, if no other variable names an address.

Source: Langfuse 4.16.0, web/src/server/auth.ts and next-auth's providers. The issuers of the others are variables.
"""
ADDRESSES = {"AUTH_GITLAB_CLIENT_ID": "AUTH_GITLAB_URL"}
"""The variables that name another address instead."""


def unreachable_sources(region: str, registry: str, package_repository: str | None) -> Iterator[Unreachable]:
    """The sources of images and packages that have no VPC endpoint.

    Args:
        region: the AWS region.
        registry: the registry of the images.
        package_repository: the repository of ClickHouse's packages, or None if no instance installs them.
    """
    if partition_of(region) == "aws-cn":
        # Some endpoints' names start with cn.com.amazonaws there, others don't: aws/aws-cdk#25333.
        yield Unreachable(
            "network.isolated", True, f"is not possible in {region}: the endpoints have other names there"
        )
    host = f"dkr.ecr.{region}.amazonaws.com"
    ecr = ECR.fullmatch(registry)
    if ecr is None or ecr["region"] != region:
        allowed = (
            f"with network.isolated, must be a private ECR registry in {region}, such as 123456789012.{host}/mirror"
        )
        yield Unreachable("langfuse.registry", registry, allowed)
    host = f"s3.{region}.amazonaws.com"
    if package_repository and not re.fullmatch(
        rf"(.+\.)?s3\.(dualstack\.)?{re.escape(region)}\.amazonaws\.com", urlsplit(package_repository).hostname or ""
    ):
        allowed = f"with network.isolated, must be in S3 in {region}, such as https://acme-packages.{host}/clickhouse/"
        yield Unreachable("clickhouse.package_repository", package_repository, allowed)


def unreachable_services(variables: Iterable[str], open_ports: Iterable[int]) -> Iterator[Unreachable]:
    """What Langfuse connects to on the internet without being told an address, by the names of its variables.

    A proxy, or another network that ``network.egress_ports`` opens 443 for, may lead there.
    """
    names = set(variables)
    if ports.HTTPS in open_ports or "HTTPS_PROXY" in names:
        return
    for name, host in ON_THE_INTERNET.items():
        if name in names and ADDRESSES.get(name) not in names:
            allowed = (
                f"leaves no way to {host}, which {name} needs: leave that out,"
                " or add 443 to network.egress_ports if another network leads there"
            )
            yield Unreachable("network.isolated", True, allowed)
