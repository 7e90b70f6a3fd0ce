"""The boxes and frames of an architecture, from its resources."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from diagram.architecture import AWS, CLUSTER, INTERNET, PRIVATE, PUBLIC, STORAGE, VPC, Part, Place
from diagram.descriptions import DESCRIPTIONS, containers, scaling
from diagram.graph import Graph, Resource
from diagram.resource_types import BOXES, SHOWN_IN

USERS = "users"
ELSEWHERE = "elsewhere"
EXTERNAL_CLICKHOUSE = "external-clickhouse"
REGISTRY = "registry"
GATEWAY_ENDPOINT = "Gateway"
MOST_LINES = 3
"""Below a name, in a box."""
OF_ECR = ".dkr.ecr."
"""In the host's name of a registry in ECR."""
OUTSIDE = {"aws_cloudfront_distribution": INTERNET, "aws_s3_bucket": STORAGE}
OF_VPC = {
    "aws_lb",
    "aws_nat_gateway",
    "aws_ecs_service",
    "aws_db_instance",
    "aws_elasticache_replication_group",
    "aws_instance",
    "aws_vpc_endpoint",
}


class Subnets:
    """The subnets, whether the VPC is the project's or an existing one, and their routes."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._all = graph.of("aws_subnet", "data.aws_subnet")

    def of(self, resource: Resource) -> list[Resource]:
        """The subnets of a resource, by its own arguments or by those of its subnet group."""
        referred = self._graph.referred(resource)
        direct = [item for item in referred if item in self._all]
        groups = [item for item in referred if item.type.endswith("_subnet_group")]
        return direct or [subnet for group in groups for subnet in self._graph.referred(group) if subnet in self._all]

    def is_public(self, subnet: Resource) -> bool:
        """Whether it routes to an internet gateway. Of an existing VPC, the settings say it."""
        if subnet.address.startswith("data."):
            return "_public-" in subnet.address
        return any("gateway_id" in route.values for route in self.routes([subnet]))

    def kind(self, public: bool) -> list[Resource]:
        """The public subnets, or the private ones."""
        return [subnet for subnet in self._all if self.is_public(subnet) == public]

    def tables(self, subnets: Iterable[Resource]) -> set[str]:
        """The keys of the route tables of the subnets."""
        wanted = set(subnets)
        return {
            table.key
            for item in self._graph.of("aws_route_table_association")
            if wanted & set(self._graph.referred(item, "subnet_id"))
            for table in self._graph.referred(item, "route_table_id")
        }

    def routes(self, subnets: Iterable[Resource]) -> list[Resource]:
        """The routes of the subnets."""
        tables = self.tables(subnets)
        return [
            route
            for route in self._graph.of("aws_route")
            if any(table.key in tables for table in self._graph.referred(route, "route_table_id"))
        ]


def places(graph: Graph) -> list[Place]:
    """The frames."""
    subnets = Subnets(graph)
    vpc = graph.of("aws_vpc", "data.aws_vpc")[0]
    versions = {_image(graph, item).rpartition(":")[2] for item in graph.of("aws_ecs_service")}
    public, private = (subnets.kind(public=public) for public in (True, False))
    clusters = graph.of("aws_ecs_cluster")
    langfuse = f"Langfuse {', '.join(sorted(versions))}"
    tasks = [subnet for service in graph.of("aws_ecs_service") for subnet in subnets.of(service)]
    of_tasks = PUBLIC if any(map(subnets.is_public, tasks)) else PRIVATE
    return [
        Place(VPC, "VPC", (str(vpc.values.get("cidr_block") or vpc.values["id"]),), None, _keys([vpc])),
        Place(PUBLIC, "Public subnets", _blocks(public), VPC, _keys(public)),
        Place(PRIVATE, "Private subnets", _blocks(private), VPC, _keys(private)),
        Place(CLUSTER, "ECS on Fargate", (langfuse,), of_tasks, _keys(clusters)),
        Place(AWS, "Services of AWS", (graph.region,)),
    ]


def _keys(resources: Iterable[Resource]) -> frozenset[str]:
    return frozenset(item.key for item in resources)


def _image(graph: Graph, service: Resource) -> str:
    return str(containers(graph, service)[0]["image"]).partition("@")[0]


def _blocks(subnets: Sequence[Resource]) -> tuple[str, ...]:
    return tuple(
        line
        for number, subnet in enumerate(subnets, 1)
        for line in (f"zone {number}", str(subnet.values.get("cidr_block") or subnet.values["id"]))
    )


def parts(graph: Graph) -> list[Part]:
    """The boxes, in the order of the table of types."""
    shown = _shown(graph)
    found: list[Part] = []
    for type_, box in BOXES.items():
        resources = [item for item in graph.of(type_) if item.values.get("vpc_endpoint_type") != GATEWAY_ENDPOINT]
        for members in [resources] if box.together else [[item] for item in resources]:
            if not members:
                continue
            staying = [item for item in members if item.key not in graph.gone]
            name, details = DESCRIPTIONS[type_](graph, staying or members)
            key = type_ if box.together else members[0].address
            keys = frozenset(key for member in members for key in shown[member.key])
            if box.together:
                keys |= {item.key for item in graph.all() if type_ in SHOWN_IN.get(item.type, ())}
            found.append(Part(key, name, details, box.icon, _place(graph, members[0]), keys))
    found.sort(key=lambda part: part.place != STORAGE)
    found.insert(1, _users(graph))
    hosts = list(dict.fromkeys(_image(graph, item).partition("/")[0] for item in graph.of("aws_ecs_service")))
    of_ecr = [host for host in hosts if OF_ECR in host]
    if of_ecr:
        found.append(
            Part(REGISTRY, "ECR", ("container images",), "architecture-service/AmazonElasticContainerRegistry", AWS)
        )
    others = [host for host in hosts if host not in of_ecr]
    found.append(Part(ELSEWHERE, "Internet", (*others, "any other address"), "resource/Internet", INTERNET))
    if all(item.key in graph.gone for item in graph.of("aws_instance")):
        found.append(Part(EXTERNAL_CLICKHOUSE, "ClickHouse", ("outside of the stacks",), "resource/Database", INTERNET))
    return found


def _users(graph: Graph) -> Part:
    blocks = [
        str(rule.values.get("cidr_ipv4") or rule.values["cidr_ipv6"])
        for rule in graph.of("aws_vpc_security_group_ingress_rule")
        if "cidr_ipv4" in rule.values or "cidr_ipv6" in rule.values
    ]
    unique = list(dict.fromkeys(blocks))
    shown = unique if len(unique) <= MOST_LINES else [*unique[: MOST_LINES - 1], f"{len(unique)} blocks in all"]
    anyone = not unique or "0.0.0.0/0" in unique
    return Part(USERS, "Users and SDKs", ("any address",) if anyone else tuple(shown), "resource/Users", INTERNET)


def _place(graph: Graph, resource: Resource) -> str:
    if resource.type not in OF_VPC:
        return OUTSIDE.get(resource.type, AWS)
    if resource.type == "aws_ecs_service":
        return CLUSTER
    subnets = Subnets(graph)
    return PUBLIC if any(map(subnets.is_public, subnets.of(resource))) else PRIVATE


def _shown(graph: Graph) -> dict[str, set[str]]:
    """The keys of what each box's resource shows: itself, and what the table shows in its type."""
    links: dict[str, set[Resource]] = defaultdict(set)
    for resource in graph.all():
        for other in graph.referred(resource):
            links[resource.key].add(other)
            links[other.key].add(resource)
    for service in graph.of("aws_ecs_service"):
        for target in scaling(graph, service):
            links[service.key].add(target)
    shown = {}
    for resource in graph.all():
        if resource.type not in BOXES or resource.address.startswith("data."):
            continue
        found, new = {resource.key}, [resource]
        while new:
            for other in links[new.pop().key]:
                if resource.type in SHOWN_IN.get(other.type, ()) and other.key not in found:
                    found.add(other.key)
                    new.append(other)
        shown[resource.key] = found
    return shown
