"""Who reaches whom, from the rules of security groups, listeners, routes, endpoints and the containers' variables."""

import json
from collections.abc import Iterator, Sequence

from diagram.architecture import Edge, Part
from diagram.descriptions import listeners
from diagram.graph import Graph, Resource
from diagram.parts import ELSEWHERE, EXTERNAL_CLICKHOUSE, GATEWAY_ENDPOINT, REGISTRY, USERS, Subnets
from settings import ports

INGRESS = "aws_vpc_security_group_ingress_rule"
EGRESS = "aws_vpc_security_group_egress_rule"
NAT = "aws_nat_gateway"
ENDPOINTS = "aws_vpc_endpoint"
ENDPOINT_OF = {
    "aws_secretsmanager_secret": "secretsmanager",  # pragma: allowlist secret
    "aws_cloudwatch_metric_alarm": "logs",
    "aws_sesv2_email_identity": "email",
    REGISTRY: "ecr.dkr",
}
"""The interface endpoint by which the service of a box is reached: the end of its name."""
MAIL_BY_SES = "ses://"
"""How Langfuse's SMTP_CONNECTION_URL names SES's API."""


class Connections:
    """Finds the edges between parts."""

    def __init__(self, graph: Graph, parts: Sequence[Part]) -> None:
        self._graph = graph
        self._parts = {part.key: part for part in parts}
        self._by_resource = {key: part for part in parts for key in part.resources}
        self._subnets = Subnets(graph)
        self._gateways = [item for item in graph.of(ENDPOINTS) if item.values["vpc_endpoint_type"] == GATEWAY_ENDPOINT]
        self._resources = {item.key: item for item in graph.all()}

    def all(self) -> list[Edge]:
        """Every edge, once."""
        edges = [*self._from_users(), *self._inside(), *self._to_aws(), *self._to_internet()]
        return list(dict.fromkeys(edges))

    def _members(self, group: Resource) -> list[Part]:
        """The parts in a security group."""
        return [part for part in self._parts.values() if group in self._groups(part)]

    def _groups(self, part: Part) -> list[Resource]:
        boxes = [self._resources[key] for key in sorted(part.resources) if key in self._resources]
        return [group for box in boxes for group in self._graph.referred(box) if group.type == "aws_security_group"]

    def _rules(self, type_: str, group: Resource) -> list[Resource]:
        return [rule for rule in self._graph.of(type_) if group in self._graph.referred(rule, "security_group_id")]

    def _peers(self, type_: str, group: Resource, peer: Resource) -> set[int]:
        """The ports at which the group's rules of the type name the peer."""
        named = ("referenced_security_group_id", "prefix_list_id")
        return {
            int(rule.values["from_port"])
            for rule in self._rules(type_, group)
            if peer in self._graph.referred(rule, *named)
        }

    def _world(self, group: Resource) -> set[int]:
        """The ports to which the group may connect at any address."""
        return {int(rule.values["from_port"]) for rule in self._rules(EGRESS, group) if "cidr_ipv4" in rule.values}

    def _inside(self) -> Iterator[Edge]:
        """Between security groups: what the source's egress and the target's ingress both allow."""
        groups = self._graph.of("aws_security_group")
        for target in groups:
            for source in groups:
                allowed = self._peers(INGRESS, target, source) & self._peers(EGRESS, source, target)
                for one in self._members(source) if allowed else ():
                    for other in self._members(target):
                        yield Edge(one.key, other.key, tuple(sorted(allowed)))

    def _from_users(self) -> Iterator[Edge]:
        for balancer in self._graph.of("aws_lb"):
            served = {int(item.values["port"]) for item in listeners(self._graph, balancer)}
            part = self._by_resource[balancer.key]
            rules = [rule for group in self._groups(part) for rule in self._rules(INGRESS, group)]
            direct = [rule for rule in rules if "cidr_ipv4" in rule.values or "cidr_ipv6" in rule.values]
            allowed = {int(rule.values["from_port"]) for rule in direct} & served
            if allowed:
                yield Edge(USERS, part.key, tuple(sorted(allowed)))
            for distribution in self._graph.of("aws_cloudfront_distribution"):
                edge = self._by_resource[distribution.key].key
                origin = distribution.values["origin"][0]["custom_origin_config"]
                origin = origin[0] if isinstance(origin, list) else origin  # in a plan
                scheme = "http" if origin["origin_protocol_policy"] == "http-only" else "https"
                named = {int(rule.values["from_port"]) for rule in rules if "prefix_list_id" in rule.values}
                yield Edge(USERS, edge, (80, 443))
                if reached := named & served & {int(origin[f"{scheme}_port"])}:
                    yield Edge(edge, part.key, tuple(reached))

    def _computing(self) -> Iterator[tuple[Part, Resource, Resource]]:
        """What runs code of Langfuse's or ClickHouse's: its part, its resource, and what says what it uses."""
        for service in self._graph.of("aws_ecs_service"):
            for definition in self._graph.referred(service, "task_definition"):
                yield self._by_resource[service.key], service, definition
        for instance in self._graph.of("aws_instance"):
            yield self._by_resource[instance.key], instance, instance

    def _to_aws(self) -> Iterator[Edge]:
        """To the services of AWS whose resources the containers' or the instance's definition refers to."""
        for part, resource, definition in self._computing():
            used = [
                self._by_resource[item.key].key
                for item in self._graph.referred(definition)
                if item.key in self._by_resource
            ]
            if MAIL_BY_SES in json.dumps(definition.values):
                used += [self._by_resource[item.key].key for item in self._graph.of("aws_sesv2_email_identity")]
            if resource.type == "aws_ecs_service" and REGISTRY in self._parts:
                used.append(REGISTRY)
            for target in dict.fromkeys(used):
                if target == "aws_s3_bucket":
                    yield from self._to_s3(part, resource)
                elif self._endpoint(target):
                    yield from self._to_service(part, resource, target)

    def _to_s3(self, part: Part, resource: Resource) -> Iterator[Edge]:
        """By the gateway endpoint, if the subnet's route table has it, or else by the default route."""
        subnets = self._subnets.of(resource)
        lists = self._graph.of("data.aws_ec2_managed_prefix_list")
        routed = {table.key for item in self._gateways for table in self._graph.referred(item, "route_table_ids")}
        if self._may_connect(part, lists) and self._subnets.tables(subnets) & routed:
            yield Edge(part.key, "aws_s3_bucket", (ports.HTTPS,), note="gateway endpoint")
        elif self._may_connect(part):
            yield from self._by_default_route(part.key, "aws_s3_bucket", {ports.HTTPS}, subnets)

    def _to_service(self, part: Part, resource: Resource, target: str) -> Iterator[Edge]:
        """By the service's interface endpoint, or else by the default route."""
        endpoints = self._groups(self._parts[ENDPOINTS]) if ENDPOINTS in self._parts else []
        names = [str(item.values["service_name"]) for item in self._graph.of(ENDPOINTS)]
        offered = any(name.endswith(f".{self._endpoint(target)}") for name in names)
        if endpoints and offered and self._may_connect(part, endpoints):
            yield Edge(part.key, target, (ports.HTTPS,), ENDPOINTS)
        elif self._may_connect(part):
            yield from self._by_default_route(part.key, target, {ports.HTTPS}, self._subnets.of(resource))

    def _may_connect(self, part: Part, peers: Sequence[Resource] = ()) -> bool:
        """Whether the part's egress allows HTTPS to any address, or to one of the peers."""
        return any(
            ports.HTTPS in self._world(group) or any(ports.HTTPS in self._peers(EGRESS, group, peer) for peer in peers)
            for group in self._groups(part)
        )

    def _endpoint(self, target: str) -> str:
        return ENDPOINT_OF.get(target.partition(".")[0], "")

    def _to_internet(self) -> Iterator[Edge]:
        """To any address: by the ports that egress allows, if a route leads there."""
        for part, resource, _ in self._computing():
            open_ports = {port for group in self._groups(part) for port in self._world(group)}
            to_clickhouse = open_ports & set(ports.CLICKHOUSE_TLS) if EXTERNAL_CLICKHOUSE in self._parts else set()
            for target, allowed in ((EXTERNAL_CLICKHOUSE, to_clickhouse), (ELSEWHERE, open_ports - to_clickhouse)):
                if allowed:
                    yield from self._by_default_route(part.key, target, allowed, self._subnets.of(resource))

    def _by_default_route(
        self, source: str, target: str, allowed: set[int], own_subnets: Sequence[Resource]
    ) -> Iterator[Edge]:
        existing = any(subnet.address.startswith("data.") for subnet in own_subnets)
        gateways = any("nat_gateway_id" in route.values for route in self._subnets.routes(own_subnets))
        if any(map(self._subnets.is_public, own_subnets)):
            yield Edge(source, target, tuple(sorted(allowed)), note="its public address")
        elif gateways:
            yield Edge(source, target, tuple(sorted(allowed)), NAT)
        elif existing:
            yield Edge(source, target, tuple(sorted(allowed)), note="the VPC's own routes")
