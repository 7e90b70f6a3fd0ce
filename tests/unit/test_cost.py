"""Tests of what resources cost: every type has a rule, every price a source, and the rules count what people forget."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from itertools import product as every_pair
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cost import HOURS_A_MONTH
from cost.month import Month, month
from cost.prices import DEFAULT_REGION, FOLDER, file_of, prices_of, product
from cost.resources import Resource, Resources, region_of, synthesized
from cost.rules import FREE, RULES
from cost.usage import Usage
from settings.load import ENVIRONMENTS as ENVIRONMENT_FILES
from tests.changes.values import variables
from tests.combinations import REGIONS, covering
from tests.command_line import PROJECT, assert_one_line, ops_in_process
from tests.environments import EDGE, ENVIRONMENTS, ISOLATED_EC2, OWN_KEY, RUNNING, SECURED, SYNTHESIZED, UPGRADED
from tests.synthesis import app

Json = dict[str, Any]
Overrides = Mapping[str, str]
NO_USE = replace(Usage(), **dict.fromkeys([knob.name for knob in fields(Usage)], 0.0))
PRICED_REGIONS = ("us-east-1", "eu-central-1")


def every_setting() -> Iterator[tuple[str, Overrides]]:
    """Environments that have every resource together."""
    yield from every_pair(ENVIRONMENTS, ({}, RUNNING, {**RUNNING, **UPGRADED}))
    yield from ((environment, {}) for environment in SYNTHESIZED if environment not in ENVIRONMENTS)
    yield from (("dev", overrides) for overrides in SECURED.values())
    for environment, region in (*every_pair(["dev"], REGIONS), ("prod", REGIONS[0])):
        yield from ((environment, dict(combination)) for combination in covering(environment, region))


@cache
def some_resources() -> list[Resources]:
    """The resources of environments that differ in what costs most."""
    return [
        resources(*each) for each in (*every_pair(ENVIRONMENTS, ({}, RUNNING)), *(("dev", o) for o in SECURED.values()))
    ]


SOME_RESOURCES = st.integers(0, 6).map(lambda number: some_resources()[number])


def resources(environment: str = "dev", overrides: Overrides | None = None) -> Resources:
    return synthesized({name: stack.json for name, stack in app(environment, overrides or {}).items()})


def counted(environment: str = "dev", usage: Usage | None = None, **settings: object) -> Month:
    """A month of an environment whose services run, with settings by their names with ``__`` for the point."""
    changed = variables({name.replace("__", "."): value for name, value in settings.items()})
    stacks = {name: stack.json for name, stack in app(environment, {**RUNNING, **changed}).items()}
    return month(synthesized(stacks), prices_of(region_of(stacks)), usage or Usage())


def usd(found: Month, key: str) -> float:
    """USD a month of the lines with the price, to the cent."""
    return round(sum(line.usd for line in found.lines if line.item.key == key), 2)


def quantity(found: Month, key: str) -> float:
    return sum(line.item.quantity for line in found.lines if line.item.key == key)


def test_every_type_of_resource_has_a_price_rule_or_is_free() -> None:
    """And everything is counted, with a price."""
    for environment, overrides in every_setting():
        found = month(resources(environment, overrides), prices_of(DEFAULT_REGION), Usage())
        assert (dict(found.uncounted), found.without_price) == ({}, []), (environment, overrides)
    assert not RULES.keys() & FREE.keys()


def test_a_type_without_a_rule_is_not_counted_silently() -> None:
    found = month(Resources([Resource("data", "aws_kinesis_stream.a", "aws_kinesis_stream", {})]), {}, Usage())  # type: ignore[arg-type]
    assert found.uncounted == {"data: aws_kinesis_stream.a": "there is no price rule for aws_kinesis_stream"}


@pytest.mark.parametrize("region", PRICED_REGIONS)
def test_every_instance_type_of_the_documents_has_a_price(region: str) -> None:
    texts = [path.read_text() for path in (*(PROJECT / "docs").glob("*.md"), *ENVIRONMENT_FILES.glob("*.toml"))]
    keys = {
        "instance_class": ["rds"],
        "node_type": ["elasticache-redis", "elasticache-valkey"],
        "instance_type": ["ec2"],
    }
    found = {
        f"{kind}/{type_}"
        for text in texts
        for setting, type_ in re.findall(r'\b(instance_class|node_type|instance_type) = "([\w.]+)"', text)
        for kind in keys[setting]
    }
    assert {"rds/db.t4g.micro", "ec2/m7g.xlarge", "elasticache-valkey/cache.m7g.large"} <= found
    assert found <= prices_of(region).keys()


@pytest.mark.parametrize("region", PRICED_REGIONS)
def test_every_price_has_a_unit_a_source_and_a_date(region: str) -> None:
    assert {path.stem for path in FOLDER.glob("*-*.toml")} == set(PRICED_REGIONS)
    assert prices_of(region).keys() == prices_of(DEFAULT_REGION).keys()
    for key, price in prices_of(region).items():
        assert price.unit == product(key).unit
        assert price.usd > 0
        assert re.match(r"https://|AWS Price List: ", price.source), key
        # A page of AWS's that nobody could read here says nothing by itself.
        assert price.estimate or price.as_of.year >= 2024


@pytest.mark.parametrize("region", PRICED_REGIONS)
def test_a_file_of_prices_is_sorted(region: str) -> None:
    keys = re.findall(r"^\[(.+)\]$", file_of(region).read_text(), re.MULTILINE)
    assert keys == sorted(keys)


KNOBS = st.floats(0, 1e6)
USAGES = st.builds(Usage, **{knob.name: KNOBS for knob in fields(Usage)})


@given(USAGES, SOME_RESOURCES, st.sampled_from(PRICED_REGIONS))
def test_the_total_is_the_sum_of_lines_none_of_which_is_negative(usage: Usage, found: Resources, region: str) -> None:
    counted_ = month(found, prices_of(region), usage)
    assert counted_.total == pytest.approx(sum(counted_.parts().values()))
    for line in counted_.lines:
        assert line.usd >= 0
        assert line.price is not None
        assert line.usd == pytest.approx(line.item.quantity * line.price.usd)
        assert set(line.item.assumes) <= asdict(usage).keys()


@given(USAGES, SOME_RESOURCES)
def test_only_lines_that_say_so_depend_on_the_use(usage: Usage, found: Resources) -> None:
    without, with_use = (month(found, prices_of(DEFAULT_REGION), each) for each in (NO_USE, usage))
    for line, used in zip(without.lines, with_use.lines, strict=True):
        assert line.item.what == used.item.what
        assert used.usd == pytest.approx(line.usd) if not line.item.assumes else line.usd == 0


@given(SOME_RESOURCES, st.integers(2, 5))
def test_so_many_deployments_cost_so_many_times_as_much(found: Resources, times: int) -> None:
    many = Resources(
        Resource(f"{item.stack}-{number}", item.address, item.type, item.values)
        for number in range(times)
        for item in found.all
    )
    one, all_ = (month(each, prices_of(DEFAULT_REGION), NO_USE).total for each in (found, many))
    assert all_ == pytest.approx(times * one)
    # They share the use, which is that of all together.
    used = month(found, prices_of(DEFAULT_REGION), Usage()).total - one
    assert month(many, prices_of(DEFAULT_REGION), Usage()).total - all_ <= times * used + 1e-6


def test_a_trial_costs_at_most_120_usd() -> None:
    found = counted("trial")
    assert found.total <= 120
    # Its addresses: of the load balancer in two zones, of two tasks, and of ClickHouse.
    assert quantity(found, "public-ipv4") == 5 * HOURS_A_MONTH
    assert quantity(found, "nat") == quantity(found, "nat-gb") == 0
    assert quantity(found, "fargate-arm-vcpu") == 0
    assert quantity(found, "fargate-arm-spot-vcpu") == 1.5 * HOURS_A_MONTH


def test_the_services_are_counted_with_their_minimum() -> None:
    """Terraform starts each with one task, whatever the minimum is."""
    found = counted("dev", web__min_tasks=2, web__max_tasks=4)
    assert quantity(found, "fargate-arm-vcpu") == 3 * HOURS_A_MONTH
    assert quantity(found, "fargate-arm-gb") == 3 * 4 * HOURS_A_MONTH


def test_without_a_clickhouse_no_task_runs() -> None:
    assert not quantity(month(resources("prod"), prices_of(DEFAULT_REGION), Usage()), "fargate-arm-vcpu")


def test_public_addresses() -> None:
    """Of the load balancer, one in each zone, and of the NAT gateways."""
    assert quantity(counted("dev"), "public-ipv4") == 3 * HOURS_A_MONTH
    assert quantity(counted("dev", network__availability_zones=3), "public-ipv4") == 4 * HOURS_A_MONTH
    assert quantity(counted("prod"), "public-ipv4") == 4 * HOURS_A_MONTH
    assert quantity(counted("prod", ingress__internal=True), "public-ipv4") == 2 * HOURS_A_MONTH


def service(**arguments: object) -> Resources:
    """A service of 10 tasks."""
    definition = {"family": "web", "cpu": "512", "memory": "1024", "container_definitions": "[]"}
    platform = {"runtime_platform": [{"cpu_architecture": "ARM64"}]}
    target = {"resource_id": "service/langfuse/web", "min_capacity": 10}
    return Resources(
        [
            Resource("services", "aws_ecs_service.web", "aws_ecs_service", {"name": "web", **arguments}),
            Resource("services", "aws_ecs_task_definition.web", "aws_ecs_task_definition", {**definition, **platform}),
            Resource("services", "aws_appautoscaling_target.web", "aws_appautoscaling_target", target),
        ]
    )


def test_tasks_on_spot_and_with_public_addresses() -> None:
    def of(**arguments: object) -> Month:
        return month(service(**arguments), prices_of(DEFAULT_REGION), Usage())

    spot = {"capacity_provider": "FARGATE_SPOT", "weight": 3}
    mixed = of(capacity_provider_strategy=[spot, {"capacity_provider": "FARGATE", "weight": 1}])
    assert quantity(mixed, "fargate-arm-spot-vcpu") == pytest.approx(7.5 * 0.5 * HOURS_A_MONTH)
    assert quantity(mixed, "fargate-arm-vcpu") == pytest.approx(2.5 * 0.5 * HOURS_A_MONTH)
    # Terraform JSON has one block as an object.
    assert of(capacity_provider_strategy=spot).total == pytest.approx(10 * (0.5 * 0.009714 + 0.001068) * HOURS_A_MONTH)
    assert of(capacity_provider_strategy=spot).total < 0.31 * of(launch_type="FARGATE").total
    public = of(network_configuration=[{"assign_public_ip": True}])
    assert quantity(public, "public-ipv4") == 10 * HOURS_A_MONTH
    assert quantity(of(), "public-ipv4") == 0


def test_a_standby_doubles_postgresql_and_its_disk() -> None:
    one, two = (counted("dev", postgres__multi_az=multi_az) for multi_az in (False, True))
    assert usd(two, "rds/db.t4g.micro") == 2 * usd(one, "rds/db.t4g.micro") == pytest.approx(2 * 0.016 * 730)
    assert usd(two, "rds-gp3-gb") == 2 * usd(one, "rds-gp3-gb") == pytest.approx(2 * 20 * 0.115)


def test_backups_of_postgresql_cost_beyond_the_size_of_the_disk() -> None:
    def backups(share: float) -> float:
        return quantity(counted("prod", replace(Usage(), database_backup_share=share)), "rds-backup-gb")

    assert [backups(share) for share in (0, 1, 3)] == [0, 0, 2 * 50]


@pytest.mark.parametrize(("disk", "above"), [(100, 2 * (13_000 - 3_000)), (400, 2 * (13_000 - 12_000))])
def test_iops_of_postgresql_above_the_baseline(disk: int, above: int) -> None:
    values = {"instance_class": "db.m7g.large", "allocated_storage": disk, "multi_az": True, "storage_type": "gp3"}
    database = Resource("data", "aws_db_instance.a", "aws_db_instance", {**values, "iops": 13_000})
    assert quantity(month(Resources([database]), prices_of(DEFAULT_REGION), Usage()), "rds-gp3-iops") == above


def test_each_node_of_redis_costs_and_valkey_a_fifth_less() -> None:
    one, two = (counted("prod", redis__nodes=nodes) for nodes in (1, 3))
    assert usd(two, "elasticache-redis/cache.m7g.large") == pytest.approx(3 * 0.158 * 730)
    assert usd(one, "elasticache-redis/cache.m7g.large") == pytest.approx(0.158 * 730, abs=0.01)
    valkey = counted("prod", redis__engine="valkey", redis__nodes=1)
    assert usd(valkey, "elasticache-valkey/cache.m7g.large") == pytest.approx(0.8 * 0.158 * 730, abs=0.01)


def test_what_clickhouses_volume_has_above_the_baseline() -> None:
    plain = counted("dev", clickhouse__volume_gib=100)
    fast = counted(
        "dev", clickhouse__volume_gib=100, clickhouse__volume_iops=4000, clickhouse__volume_throughput_mib=500
    )
    assert (quantity(plain, "ebs-gp3-iops"), quantity(plain, "ebs-gp3-mib")) == (0, 0)
    assert (quantity(fast, "ebs-gp3-iops"), quantity(fast, "ebs-gp3-mib")) == (1000, 375)
    assert quantity(plain, "ebs-gp3-gb") == 100 + 20
    assert quantity(plain, "ebs-snapshot-gb") == 50


def test_an_interface_endpoint_costs_in_each_zone() -> None:
    found = month(resources("dev", ISOLATED_EC2), prices_of(DEFAULT_REGION), Usage())
    assert quantity(found, "endpoint") == 8 * 2 * HOURS_A_MONTH
    assert quantity(found, "endpoint-gb") == pytest.approx(Usage().nat_gb)
    assert quantity(found, "nat") == 0


def test_traffic_through_cloudfront_does_not_cost_at_the_load_balancer() -> None:
    found = month(resources("dev", EDGE), prices_of(DEFAULT_REGION), Usage())
    assert quantity(found, "cloudfront-gb") == Usage().traffic_gb
    assert quantity(found, "internet-gb") == 0
    assert quantity(found, "waf-acl") == 1
    assert quantity(found, "waf-rule") == 4


def test_a_key_of_your_own() -> None:
    assert usd(month(resources("dev", OWN_KEY), prices_of(DEFAULT_REGION), Usage()), "kms-key") == 1


def test_without_the_queues_metrics() -> None:
    """The worker publishes them under the same names, however many tasks there are."""
    with_, without = (counted("dev", alarms__queue_metrics=metrics) for metrics in (True, False))
    assert quantity(with_, "cloudwatch-metric") - quantity(without, "cloudwatch-metric") == 200
    of_clickhouse = 2 * 60 * 730 / 1000
    assert quantity(with_, "cloudwatch-1k-requests") == pytest.approx(of_clickhouse + 2 * 60 * 730 / 1000)
    assert quantity(without, "cloudwatch-1k-requests") == pytest.approx(of_clickhouse)


def test_an_alarm_on_an_expression_costs_for_each_metric() -> None:
    queries = [{"id": "sum", "expression": "a + b"}, {"id": "a", "metric": [{}, {}]}, {"id": "b", "metric": {"a": 1}}]
    alarms: list[Json] = [{"metric_query": queries}, {"namespace": "AWS/RDS", "metric_name": "CPUUtilization"}]
    found = month(
        Resources(
            Resource("data", f"aws_cloudwatch_metric_alarm.{number}", "aws_cloudwatch_metric_alarm", values)
            for number, values in enumerate(alarms)
        ),
        prices_of(DEFAULT_REGION),
        Usage(),
    )
    assert quantity(found, "cloudwatch-alarm") == 3


def test_the_alarms_that_aws_makes_of_scaling_policies_cost_too() -> None:
    """Two of each policy, each by its metrics: web's follow two metrics, and the worker's one and its queues."""

    def alarms(queue_metrics: bool) -> float:
        lines = counted("dev", alarms__queue_metrics=queue_metrics).lines
        return sum(line.item.quantity for line in lines if line.item.what == "alarms of the autoscaling")

    assert (alarms(False), alarms(True)) == (2 * 3, 2 * (3 + 10))
    expression = {"id": "per_worker", "expression": "waiting / reports", "metric_stat": []}
    queries = [*({"id": name, "metric_stat": [{"stat": "Maximum"}]} for name in ("waiting", "reports")), expression]
    as_in_a_plan = [{"customized_metric_specification": [{"metrics": queries}]}]
    values = {"policy_type": "TargetTrackingScaling", "target_tracking_scaling_policy_configuration": as_in_a_plan}
    policy = Resource("services", "aws_appautoscaling_policy.a", "aws_appautoscaling_policy", values)
    assert quantity(month(Resources([policy]), prices_of(DEFAULT_REGION), Usage()), "cloudwatch-alarm") == 4


@pytest.mark.parametrize(("value", "metrics"), [("enabled", 36), ("disabled", 0)])
def test_container_insights_cost_only_if_they_are_on(value: str, metrics: int) -> None:
    cluster = {"setting": [{"name": "containerInsights", "value": value}]}
    found = Resources([*service().all, Resource("services", "aws_ecs_cluster.a", "aws_ecs_cluster", cluster)])
    assert quantity(month(found, prices_of(DEFAULT_REGION), Usage()), "cloudwatch-metric") == metrics


UNREADABLE: list[Any] = [None, "x", "${aws_a.b.c}", [], [1], {"a": 1}, -1, 1e300, 10**400, True]


@given(st.sampled_from(sorted(RULES)), st.data())
def test_no_value_of_a_plan_breaks_a_rule(type_: str, data: st.DataObject) -> None:
    """It is counted, or said to be unknown."""
    known = [item.values for found in some_resources() for item in found.all if item.type == type_]
    values = dict(data.draw(st.sampled_from(known)))
    for argument in data.draw(st.sets(st.sampled_from(sorted(values)))) if values else ():
        values[argument] = data.draw(st.sampled_from(UNREADABLE))
    found = month(Resources([Resource("data", f"{type_}.a", type_, values)]), prices_of(DEFAULT_REGION), Usage())
    assert found.total >= 0


def ops_cost(*options: str, **environment: str) -> Any:
    return ops_in_process("cost", *options, environment={"LANGFUSE_ENV": "dev", **environment})


def test_the_command_shows_every_line_and_the_total() -> None:
    ran = ops_cost("--free")
    assert ran.returncode == 0, ran.stderr
    expected = month(resources("dev"), prices_of(DEFAULT_REGION), Usage())
    for line in expected.lines:
        assert line.item.what.removeprefix("langfuse-dev-") in ran.stdout
    for part, usd in [*expected.parts().items(), ("total", expected.total)]:
        assert re.search(rf"│ {part} +│ +│ +│ {usd:,.2f} +│ +│", ran.stdout)
    assert re.search(r"│ - 1 × cache.t4g.micro +│ 730 hour +│ 0.016 \* +│ 11.68 +│ \[\d+\] +│", ran.stdout)
    assert "87.6 × 1,000 requests" in ran.stdout
    assert re.search(r"^\[\d+\] infratally.com/\S+, 2026-", ran.stdout, re.MULTILINE)
    assert f"│ aws_internet_gateway {' ' * 20}" in ran.stdout
    assert FREE["aws_internet_gateway"] in ran.stdout


def test_the_lines_fit_a_terminal_and_what_is_not_used_has_none() -> None:
    shown = ops_cost().stdout
    assert max(map(len, shown.splitlines())) <= 120
    assert "CPU credits" not in shown


def test_the_command_counts_the_use_that_is_given() -> None:
    ran = ops_cost("--usage", "traffic_gb=200", "--usage", "log_gb=0", "--json")
    answer = json.loads(ran.stdout)
    (traffic,) = [line for line in answer["lines"] if line["what"] == "traffic to the internet"]
    assert traffic == {
        "part": "load balancer",
        "what": "traffic to the internet",
        "quantity": 200,
        "unit": "GB",
        "unit_usd": 0.09,
        "usd_a_month": 18,
        "estimate": False,
        "source": prices_of(DEFAULT_REGION)["internet-gb"].source,
        "as_of": "2024-09-25",
        "assumes": {"traffic_gb": 200},
    }
    assert answer["usd_a_month"] == pytest.approx(sum(answer["parts"].values()), abs=0.05)


def test_an_external_clickhouse_is_said_not_to_be_counted_and_the_services_are() -> None:
    ran = ops_cost("--json", LANGFUSE_ENV="prod")
    assert ran.returncode == 0
    answer = json.loads(ran.stdout)
    assert answer["parts"]["tasks"] == pytest.approx(230.68)
    assert "ClickHouse" not in answer["parts"]
    assert [note.partition(":")[0] for note in answer["notes"]] == ["ClickHouse is external"]


def test_what_has_no_price_is_named_and_the_rest_is_shown() -> None:
    ran = ops_cost("--json", LANGFUSE_AWS__POSTGRES__INSTANCE_CLASS="db.r7g.16xlarge")
    assert_one_line(ran, "no price of rds/db.r7g.16xlarge in us-east-1, run `ops prices rds/db.r7g.16xlarge --apply`")
    answer = json.loads(ran.stdout)
    (line,) = [line for line in answer["lines"] if line["what"] == "db.r7g.16xlarge"]
    assert (line["unit_usd"], line["usd_a_month"]) == (None, None)
    assert answer["parts"]["Redis"] == pytest.approx(11.68)
    shown = ops_cost(LANGFUSE_AWS__POSTGRES__INSTANCE_CLASS="db.r7g.16xlarge")
    assert re.search(r"│ - db.r7g.16xlarge +│ 730 +│ \? +│ no price +│", shown.stdout)
    assert shown.returncode == 1


def test_another_region_has_the_prices_of_us_east_1_and_says_so() -> None:
    answer = json.loads(ops_cost("--json", LANGFUSE_AWS__REGION="eu-west-3").stdout)
    assert (answer["region"], answer["prices_of"]) == ("eu-west-3", "us-east-1")
    assert answer["notes"] == [
        "No file has the prices of eu-west-3, and these are those of us-east-1: `ops prices --apply` asks AWS for them."
    ]
    assert json.loads(ops_cost("--json", LANGFUSE_AWS__REGION="eu-central-1").stdout)["prices_of"] == "eu-central-1"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("traffic_gb", "--usage: traffic_gb: must be KEY=NUMBER, with a key of traffic_gb, received_gb"),
        ("people=3", "--usage: people=3: must be KEY=NUMBER, with a key of traffic_gb"),
        ("traffic_gb=-1", "--usage: traffic_gb=-1: must be a number from 0 to 1e+12, such as traffic_gb=1.5"),
        ("traffic_gb=nan", "traffic_gb=nan: must be a number from 0 to 1e+12"),
        ("traffic_gb=inf", "traffic_gb=inf: must be a number from 0 to 1e+12"),
        ("traffic_gb=many", "traffic_gb=many: must be a number from 0 to 1e+12"),
    ],
)
def test_a_wrong_use_is_refused(value: str, says: str) -> None:
    assert_one_line(ops_cost("--usage", value), says, code=2)
