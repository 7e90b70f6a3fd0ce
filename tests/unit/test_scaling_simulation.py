"""The scaling policies of the synthesized services stack, driven by load, as Application Auto Scaling would."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from tests.environments import RUNNING, SPLIT
from tests.synthesis import SynthesizedStack, app
from tests.unit.autoscaling_model import AutoScaling, Behaviour
from tests.unit.simulated_services import QUEUES, Curve, Web, Worker, direction_changes, wave

BEHAVIOURS = [Behaviour(*each, missing_is_zero=True) for each in itertools.product((False, True), repeat=2)]
OF_MISSING_DATA = [BEHAVIOURS[0], BEHAVIOURS[0]._replace(missing_is_zero=False)]
LARGE = RUNNING | {"LANGFUSE_AWS__WORKER__MAX_TASKS": "50", "LANGFUSE_AWS__WEB__MAX_TASKS": "50"}
INGESTION = {"otel_ingestion", "ingestion", "secondary_otel_ingestion", "secondary_ingestion"}
HOUR, DAY = 60, 24 * 60
UNLIMITED = 1e9
WAITING_JOBS = 200
"""For each worker of two vCPUs, more of which are too many."""


def _id(behaviour: Behaviour) -> str:
    return "-".join(name for name, value in behaviour._asdict().items() if value) or "plain"


of_any_behaviour = pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=_id)
with_missing_data = pytest.mark.parametrize("behaviour", OF_MISSING_DATA, ids=_id)


def prod(overrides: Mapping[str, str] = RUNNING) -> SynthesizedStack:
    return app("prod", overrides)["services"]


def worker(minutes: int, behaviour: Behaviour, services: SynthesizedStack | None = None, **load: Any) -> Worker:
    """Runs prod's worker, of 2 to 8 tasks. A task does 20 jobs a second."""
    service = Worker(AutoScaling(services or prod(), "worker-scaling", behaviour), **load)
    service.run(minutes)
    assert_no_starvation(service)
    return service


def web(minutes: int, behaviour: Behaviour, services: SynthesizedStack | None = None, **load: Any) -> Web:
    """Runs prod's web, of 2 to 6 tasks."""
    service = Web(AutoScaling(services or prod(), "web-scaling", behaviour), **load)
    service.run(minutes)
    assert service.scaling.least <= min(service.desired) <= max(service.desired) <= service.scaling.most
    return service


def assert_no_starvation(service: Worker) -> None:
    """A task runs whatever happens, and none is removed while jobs wait."""
    assert service.scaling.least <= min(service.desired) <= max(service.desired) <= service.scaling.most
    assert min(service.ran) >= 1
    before = [service.scaling.least, *service.desired]
    removed = [minute for minute, now in enumerate(service.desired) if now < before[minute]]
    for minute in removed:
        assert max(service.per_task[max(minute - 14, 0) : minute + 1]) < 200, (
            f"{minute}: tasks removed with jobs waiting"
        )


def between(start: int, end: int, inside: float, outside: float) -> Curve:
    return lambda minute: inside if start <= minute < end else outside


@of_any_behaviour
def test_a_burst_is_worked_off(behaviour: Behaviour) -> None:
    """120 jobs a second, which six tasks do, from 10 a second, for half an hour."""
    service = worker(3 * HOUR, behaviour, arriving=between(10, 40, 120, 10))
    assert max(service.backlog) < 27_000
    assert max(service.backlog[28:]) < 400, "within 18 minutes of the beginning"
    assert direction_changes(service.desired) == 1
    assert service.desired[-1] == 2


@of_any_behaviour
def test_a_slope_is_followed(behaviour: Behaviour) -> None:
    service = worker(4 * HOUR, behaviour, arriving=lambda minute: 10 + min(minute, 120) * 1.1)
    assert max(service.backlog) < 3_000
    assert direction_changes(service.desired) <= 1


@of_any_behaviour
def test_a_day_is_followed(behaviour: Behaviour) -> None:
    for service in (
        worker(2 * DAY, behaviour, arriving=wave(DAY, 5, 130)),
        web(2 * DAY, behaviour, arriving=wave(DAY, 100, 5_500)),
    ):
        # up and down, twice
        assert direction_changes(service.desired) <= 3
        assert service.desired[-1] == 2
        assert max(service.desired) >= 5


@of_any_behaviour
def test_busy_workers_stay_while_the_queue_is_empty(behaviour: Behaviour) -> None:
    """60 jobs a second, which three tasks do: the CPU utilization holds them, and no queue is seen any more."""
    service = worker(12 * HOUR, behaviour, arriving=lambda _: 60)
    assert direction_changes(service.desired) <= 1
    assert max(service.backlog[10:]) < 1


@of_any_behaviour
def test_workers_that_only_wait_for_a_database_change_seldom(behaviour: Behaviour) -> None:
    """Their CPU utilization says nothing, so fewer are tried after 15 minutes without a queue, which is then too few.

    Of 8 tasks three have enough to do, of 50 thirty.
    """
    for services, arriving, most in ((prod(), 60, 5_000), (prod(LARGE), 600, 50_000)):
        service = worker(8 * HOUR, behaviour, services, arriving=between(0, DAY, arriving, 0), busy_cpu_percent=20)
        assert direction_changes(service.desired) <= 8 * HOUR / 9
        assert max(service.backlog[HOUR:]) < most


@of_any_behaviour
@pytest.mark.parametrize("publishes", [True, False], ids=["publishing", "silent"])
def test_a_stuck_worker_gets_at_most_max_tasks(behaviour: Behaviour, *, publishes: bool) -> None:
    """The tasks run and take no job for an hour: ClickHouse is down, or they hang, with or without their metrics."""
    service = worker(
        6 * HOUR,
        behaviour,
        arriving=lambda _: 20,
        most_jobs_a_second=between(30, 90, 0, UNLIMITED),
        publishes=lambda minute: publishes or not 30 <= minute < 90,
    )
    assert max(service.backlog) == 20 * 60 * 60, "no task helps"
    assert max(service.desired[:90]) == (8 if publishes else 2)
    assert max(service.backlog[90 + 12 :]) < 400, "within 12 minutes of the end"
    assert direction_changes(service.desired) == 1
    assert service.desired[-1] == 2


@with_missing_data
def test_without_metrics_no_task_is_removed(behaviour: Behaviour) -> None:
    """Langfuse publishes nothing for half an hour; jobs wait, and wait for a database, so that the CPU is idle."""
    service = worker(
        2 * HOUR,
        behaviour,
        arriving=lambda _: 100,
        busy_cpu_percent=20,
        most_jobs_a_second=between(20, 60, 10, UNLIMITED),
        publishes=lambda minute: not 25 <= minute < 60,
    )
    assert set(service.desired[25:60]) == {8}


@with_missing_data
def test_without_any_task_the_number_stays(behaviour: Behaviour) -> None:
    """All tasks are lost at once, as on Spot: nothing publishes anything, and ECS starts the tasks again."""
    service = Worker(AutoScaling(prod(), "worker-scaling", behaviour), arriving=lambda _: 100)
    service.run(30)
    wanted = service.desired[-1]
    service.lose_all_tasks()
    service.run(3)
    assert service.desired[-3:] == [wanted] * 3
    assert service.ran[-3:] == [0, wanted, wanted]


@with_missing_data
def test_a_version_of_langfuse_without_a_queue_scales_all_the_same(behaviour: Behaviour) -> None:
    """3.170.0 has neither the secondary queue of OpenTelemetry nor that of evaluations by code."""
    absent = frozenset({"secondary_otel_ingestion", "code_eval_execution"})
    service = worker(HOUR, behaviour, arriving=lambda _: 120, busy_cpu_percent=20, absent_queues=absent)
    assert max(service.desired) == 8


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_counts(queue: str) -> None:
    service = worker(HOUR // 2, BEHAVIOURS[0], arriving=lambda _: 120, busy_cpu_percent=20, queue=queue)
    assert max(service.desired) == 8


@pytest.mark.parametrize("queue", QUEUES)
def test_a_split_worker_follows_the_queues_that_it_takes_jobs_from(queue: str) -> None:
    split = prod(RUNNING | SPLIT)
    highest = {}
    for name in ("worker", "worker-ingestion"):
        service = Worker(
            AutoScaling(split, f"{name}-scaling", BEHAVIOURS[0]),
            arriving=lambda _: 120,
            busy_cpu_percent=20,
            queue=queue,
        )
        service.run(HOUR // 2)
        highest[name] = max(service.desired)
    expected = {"worker": 2, "worker-ingestion": 4} if queue in INGESTION else {"worker": 8, "worker-ingestion": 1}
    assert highest == expected


@pytest.mark.parametrize("name", ["web", "web-ingestion", "web-api"])
def test_each_part_of_web_follows_its_own_requests(name: str) -> None:
    scaling = AutoScaling(prod(RUNNING | SPLIT), f"{name}-scaling", BEHAVIOURS[0])
    service = Web(scaling, arriving=between(10, 60, 8_000, 400), busy_cpu_percent=30)
    service.run(2 * HOUR)
    assert max(service.desired) == scaling.most
    assert service.desired[-1] == scaling.least


@of_any_behaviour
def test_web_follows_requests_whose_cpu_is_low(behaviour: Behaviour) -> None:
    """A task serves 3,000 requests a minute; 8,000 come, for 50 minutes."""
    service = web(3 * HOUR, behaviour, arriving=between(10, 60, 8_000, 1_000), busy_cpu_percent=30)
    assert sum(service.overloaded) <= 5
    assert direction_changes(service.desired) == 1
    assert service.desired[-1] == 2


@of_any_behaviour
def test_web_follows_the_cpu_of_requests_that_cost_much(behaviour: Behaviour) -> None:
    """A task serves 300 requests a minute, too few for the other policy."""
    service = web(3 * HOUR, behaviour, arriving=between(10, 60, 800, 100), requests_a_minute=300)
    assert sum(service.overloaded) <= 6
    assert direction_changes(service.desired) == 1


@of_any_behaviour
def test_tasks_that_start_are_not_added_twice(behaviour: Behaviour) -> None:
    """12,000 requests a minute need 12 tasks, of at most 50. Two policies that do not share a cooldown add twice."""
    service = web(2 * HOUR, behaviour, prod(LARGE), arriving=between(10, 2 * HOUR, 12_000, 1_000))
    assert max(service.desired) <= (24 if behaviour.cooldown_of_policy else 14)


@of_any_behaviour
def test_noise_does_not_make_it_flap(behaviour: Behaviour) -> None:
    service = web(DAY, behaviour, arriving=lambda _: 2_500, noise=0.3)
    assert direction_changes(service.desired) <= DAY / 30, "two in an hour"


segments = st.lists(st.tuples(st.integers(5, 45), st.floats(0, 200)), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(
    behaviour=st.sampled_from(BEHAVIOURS),
    load=segments,
    start_seconds=st.sampled_from([60, 70, 80, 90]),
    busy_cpu_percent=st.floats(10, 100),
    jobs_a_second=st.floats(5, 60),
)
def test_any_load(
    behaviour: Behaviour,
    load: list[tuple[int, float]],
    start_seconds: int,
    busy_cpu_percent: float,
    jobs_a_second: float,
) -> None:
    """Whatever comes, for as long as it takes afterwards to work it off."""
    ends = list(itertools.accumulate(minutes for minutes, _ in load))
    jobs = sum(minutes * 60 * each for minutes, each in load)
    minutes = ends[-1] + int(jobs / (2 * jobs_a_second) / 60) + 4 * HOUR

    def arriving(minute: float) -> float:
        return next((each for end, (_, each) in zip(ends, load, strict=True) if minute < end), 0)

    service = worker(
        minutes,
        behaviour,
        arriving=arriving,
        start_seconds=start_seconds,
        busy_cpu_percent=busy_cpu_percent,
        jobs_a_second=jobs_a_second,
    )
    assert direction_changes(service.desired) <= 2 + minutes / 9
    assert service.backlog[-1] == 0
    assert service.desired[-1] == 2
    waiting = [now > 400 * service.scaling.most for now in service.backlog]
    for start, (desired, *_) in enumerate(zip(service.desired[12:], strict=True)):
        if all(waiting[start : start + 12]):
            assert desired == service.scaling.most, f"{start}: jobs wait for 12 minutes, and tasks are missing"


def _policies(services: SynthesizedStack) -> list[dict[str, Any]]:
    return [
        policy["target_tracking_scaling_policy_configuration"]
        for policy in services.resources("aws_appautoscaling_policy").values()
    ]


def without_cooldown(services: SynthesizedStack) -> None:
    for policy in _policies(services):
        policy["scale_out_cooldown"] = 0


def with_high_targets(services: SynthesizedStack) -> None:
    for policy in _policies(services):
        policy["target_value"] *= 20


def without_cpu(services: SynthesizedStack) -> None:
    policies = services.json["resource"]["aws_appautoscaling_policy"]
    for name in [name for name in policies if "_cpu_" in name]:
        del policies[name]


def with_tasks_that_ecs_counts(services: SynthesizedStack) -> None:
    """As before: a queue without data counts as empty beside tasks that run."""
    for policy in _policies(services):
        for query in policy.get("customized_metric_specification", {}).get("metrics", ()):
            if query["id"] == "reports":
                query["metric_stat"]["metric"]["metric_name"] = "RunningTaskCount"


def without_limit(services: SynthesizedStack) -> None:
    for policy in _policies(services):
        for query in policy.get("customized_metric_specification", {}).get("metrics", ()):
            if query["id"] == "limited":
                query["expression"] = "per_worker + 0"


@pytest.mark.parametrize(
    ("spoil", "fails"),
    [
        (without_cooldown, test_tasks_that_start_are_not_added_twice),
        (with_high_targets, test_a_burst_is_worked_off),
        (with_high_targets, test_web_follows_requests_whose_cpu_is_low),
        (without_cpu, test_busy_workers_stay_while_the_queue_is_empty),
        (without_cpu, test_web_follows_the_cpu_of_requests_that_cost_much),
        (with_tasks_that_ecs_counts, test_without_metrics_no_task_is_removed),
        (without_limit, test_workers_that_only_wait_for_a_database_change_seldom),
    ],
    ids=lambda each: each.__name__,
)
def test_bad_policies_are_seen(
    spoil: Callable[[SynthesizedStack], None], fails: Callable[[Behaviour], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these tests fails with policies that would be wrong, in some behaviour of AWS."""
    original = prod

    def spoilt(overrides: Mapping[str, str] = RUNNING) -> SynthesizedStack:
        services = SynthesizedStack(json.dumps(original(overrides).json))
        spoil(services)
        return services

    monkeypatch.setitem(globals(), "prod", spoilt)
    failed = 0
    for behaviour in BEHAVIOURS:
        try:
            fails(behaviour)
        except AssertionError:
            failed += 1
    assert failed
