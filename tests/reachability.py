"""Who can connect to whom: by the table in reachability.toml, and by what is synthesized."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_network
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from diagram.graph import Graph, Json, Resource
from diagram.parts import GATEWAY_ENDPOINT, Subnets
from settings import Settings

TABLE: Sequence[Mapping[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["reaches"]
INTERNET, ALLOWED, CONNECTED = "internet", "allowed addresses", "connected networks"
CLOUDFRONT, S3 = "CloudFront", "S3"
PUBLIC, PRIVATE, NAT, ENDPOINT, OF_OWNER = (
    "public address",
    "private address",
    "NAT gateway",
    "gateway endpoint",
    "routes of the VPC's owner",
)
COMPONENTS = {
    "aws_lb": "load balancer",
    "aws_db_instance": "PostgreSQL",
    "aws_elasticache_replication_group": "Redis",
    "aws_instance": "ClickHouse",
    "aws_vpc_endpoint": "VPC endpoints",
}
"""What has security groups, beside the services, by its type."""
READ = {
    *COMPONENTS,
    "aws_cloudfront_distribution",
    "aws_default_security_group",
    "aws_ecs_service",
    "aws_eip",
    "aws_internet_gateway",
    "aws_lb_listener",
    "aws_nat_gateway",
    "aws_route",
    "aws_route_table",
    "aws_route_table_association",
    "aws_security_group",
    "aws_subnet",
    "aws_vpc",
    "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
}
"""The types that say who reaches whom, and are read here."""
OTHERWISE = (
    "aws_acm_*",
    "aws_appautoscaling_*",
    "aws_backup_*",
    "aws_cloudfront_response_headers_policy",
    "aws_cloudwatch_*",
    "aws_db_parameter_group",
    "aws_db_subnet_group",
    "aws_ebs_volume",
    "aws_ecs_cluster",
    "aws_ecs_cluster_capacity_providers",
    "aws_ecs_task_definition",
    "aws_elasticache_parameter_group",
    "aws_elasticache_subnet_group",
    "aws_flow_log",
    "aws_iam_*",
    "aws_kms_*",
    "aws_lb_listener_rule",
    "aws_lb_target_group",
    "aws_route53_record",
    "aws_route53_zone",
    "aws_s3_bucket*",
    "aws_secretsmanager_*",
    "aws_sesv2_email_identity",
    "aws_sns_*",
    "aws_volume_attachment",
    "aws_wafv2_*",
    "terraform_data",
)
"""The other types of the stacks, which open no way. ``*`` stands for anything."""


class Way(NamedTuple):
    """A component can open a connection to another."""

    source: str
    target: str
    port: int | str
    by: str


def by_the_table(settings: Settings) -> set[Way]:
    """What the table says for these settings."""
    facts = facts_of(settings)
    return {
        Way(source, row["to"], port, row["by"])
        for row in TABLE
        if all(facts[fact.removeprefix("not ")] != fact.startswith("not ") for fact in row.get("when", ()))
        for source, listed in product(row["from"].split(", "), row["ports"])
        for port in (settings.network.egress_ports if listed == "network.egress_ports" else [listed])
    }


def facts_of(settings: Settings) -> dict[str, bool]:
    """What the table's rows depend on."""
    return {
        "CloudFront": settings.domain.cloudfront,
        "ClickHouse on EC2": settings.clickhouse.mode == "ec2",
        "allowed_cidrs": settings.ingress.allowed_cidrs is not None,
        "certificate": settings.domain.name is not None and not settings.domain.cloudfront,
        "existing VPC": settings.network.vpc_id is not None,
        "internal": settings.ingress.internal,
        "isolated": settings.network.isolated,
        "public tasks": settings.network.public_tasks,
    }


def by_the_stacks(stacks: Mapping[str, Json], allowed_cidrs: Iterable[str] = ()) -> set[Way]:
    """What the synthesized stacks allow. ``allowed_cidrs`` are the blocks that are called allowed addresses."""
    return set(_Reachability(Graph(stacks), frozenset(allowed_cidrs)).all())


def unknown_types(stacks: Mapping[str, Json]) -> set[str]:
    """The types of resources of which it is not known here whether they open a way."""
    types = {type_ for stack in stacks.values() for type_ in stack.get("resource", {})}
    return {type_ for type_ in types - READ if not any(fnmatchcase(type_, pattern) for pattern in OTHERWISE)}


class _Component(NamedTuple):
    name: str
    resource: Resource
    groups: list[Resource]
    subnets: list[Resource]


class _Reachability:
    def __init__(self, graph: Graph, allowed_cidrs: frozenset[str]) -> None:
        self._graph = graph
        self._allowed_cidrs = allowed_cidrs
        self._subnets = Subnets(graph)
        self._components = list(self._found())

    def all(self) -> Iterator[Way]:
        for component in self._components:
            yield from self._into(component)
            yield from self._out_of(component)
            for other in self._components:
                yield from self._inside(component, other)
        for _ in self._graph.of("aws_cloudfront_distribution"):
            yield from (Way(INTERNET, CLOUDFRONT, port, PUBLIC) for port in (80, 443))

    def _found(self) -> Iterator[_Component]:
        for item in self._graph.of("aws_ecs_service", *COMPONENTS):
            if item.values.get("vpc_endpoint_type") != GATEWAY_ENDPOINT:
                # langfuse-<environment>-web-ingestion has the security group of web.
                name = COMPONENTS.get(item.type) or ("worker" if "-worker" in item.values["name"] else "web")
                referred = self._graph.referred(item)
                groups = [it for it in referred if it.type == "aws_security_group"]
                yield _Component(name, item, groups, self._subnets.of(item))

    def _rules(self, direction: str, groups: Sequence[Resource]) -> Iterator[tuple[int | str, Json, list[Resource]]]:
        """The ports, the arguments and the peers of groups' rules."""
        for rule in self._graph.of(f"aws_vpc_security_group_{direction}_rule"):
            if not set(groups) & set(self._graph.referred(rule, "security_group_id")):
                continue
            peers = self._graph.referred(rule, "referenced_security_group_id", "prefix_list_id")
            first, last = rule.values.get("from_port"), rule.values.get("to_port")
            one_port = rule.values["ip_protocol"] == "tcp" and first == last and first is not None
            yield (int(str(first)) if one_port else f"{rule.values['ip_protocol']} {first}-{last}"), rule.values, peers
        for group in groups:
            assert not {"ingress", "egress"} & group.values.keys(), f"{group.key} has rules of its own"

    def _into(self, component: _Component) -> Iterator[Way]:
        """From addresses, at the ports that the component listens at."""
        by = PUBLIC if self._has_public_address(component) and self._is_public(component) else PRIVATE
        for port, rule, peers in self._rules("ingress", component.groups):
            if self._listens(component, port):
                yield from (Way(source, component.name, port, by) for source in self._sources(rule, peers, by))

    def _sources(self, rule: Json, peers: Sequence[Resource], by: str) -> Iterator[str]:
        for cidr in filter(None, (rule.get("cidr_ipv4"), rule.get("cidr_ipv6"))):
            if by == PRIVATE:
                yield CONNECTED
            elif cidr in self._allowed_cidrs:
                yield ALLOWED
            else:
                yield INTERNET if ip_network(cidr).prefixlen == 0 else cidr
        for peer in peers:
            if peer.type == "aws_ec2_managed_prefix_list":
                name = str(peer.values["name"])
                yield CLOUDFRONT if name == "com.amazonaws.global.cloudfront.origin-facing" else name

    def _listens(self, component: _Component, port: int | str) -> bool:
        if component.resource.type != "aws_lb":
            return True
        listeners = self._graph.of("aws_lb_listener")
        return port in {int(it.values["port"]) for it in listeners if component.resource in self._graph.referred(it)}

    def _inside(self, source: _Component, target: _Component) -> Iterator[Way]:
        """What the source's egress and the target's ingress both allow, by the other's group or by any address."""
        into = [(port, peers) for port, _, peers in self._rules("ingress", target.groups) if peers]
        for port, rule, peers in self._rules("egress", source.groups):
            anywhere = "cidr_ipv4" in rule
            for allowed, sources in into:
                named = set(peers) & set(target.groups) or anywhere
                if allowed == port and named and set(sources) & set(source.groups):
                    yield Way(source.name, target.name, port, PRIVATE)

    def _out_of(self, component: _Component) -> Iterator[Way]:
        for port, rule, peers in self._rules("egress", component.groups):
            anywhere = "cidr_ipv4" in rule or "cidr_ipv6" in rule
            to_s3 = any(str(peer.values.get("name")).endswith(".s3") for peer in peers)
            if port == 443 and (anywhere or to_s3) and self._has_gateway_endpoint(component):
                yield Way(component.name, S3, port, ENDPOINT)
            if anywhere:
                yield from (Way(component.name, INTERNET, port, by) for by in self._ways_out(component))
            for peer in peers:
                if peer.type == "aws_ec2_managed_prefix_list" and not to_s3:
                    yield Way(component.name, str(peer.values["name"]), port, PRIVATE)

    def _ways_out(self, component: _Component) -> Iterator[str]:
        routes = self._subnets.routes(component.subnets)
        if any(subnet.address.startswith("data.") for subnet in component.subnets):
            yield OF_OWNER
        if any("nat_gateway_id" in route.values for route in routes):
            yield NAT
        if self._is_public(component) and self._has_public_address(component):
            yield PUBLIC

    def _is_public(self, component: _Component) -> bool:
        return any(map(self._subnets.is_public, component.subnets))

    def _has_public_address(self, component: _Component) -> bool:
        values = component.resource.values
        if component.resource.type == "aws_lb":
            return not values.get("internal")
        if component.resource.type == "aws_ecs_service":
            return bool(values["network_configuration"].get("assign_public_ip"))
        by_subnet = any(subnet.values.get("map_public_ip_on_launch") for subnet in component.subnets)
        addresses = ("associate_public_ip_address", "publicly_accessible")
        return any(values.get(name) for name in addresses) or (component.resource.type == "aws_instance" and by_subnet)

    def _has_gateway_endpoint(self, component: _Component) -> bool:
        routed = {
            table.key
            for endpoint in self._graph.of("aws_vpc_endpoint")
            if endpoint.values.get("vpc_endpoint_type") == GATEWAY_ENDPOINT
            for table in self._graph.referred(endpoint, "route_table_ids")
        }
        return bool(self._subnets.tables(component.subnets) & routed)
