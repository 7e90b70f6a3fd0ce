"""Services under load, with the metrics that ECS, the load balancer and Langfuse publish of them."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from settings.metrics import OTHER_QUEUE_DEPTHS, QUEUE_DEPTHS, SECONDARY_QUEUE_DEPTHS
from tests.unit.autoscaling_model import AutoScaling, Minute

QUEUES = QUEUE_DEPTHS | SECONDARY_QUEUE_DEPTHS | OTHER_QUEUE_DEPTHS
STEP_SECONDS = 10
STEPS_A_MINUTE = 60 // STEP_SECONDS
HEALTH_CHECKS_SECONDS = 60
"""Two health checks, 30 s apart, until the load balancer sends a new task requests."""

Curve = Callable[[float], float]
"""A number by the minute."""


@dataclass
class Service:
    """The tasks of a service: each starts ``start_seconds`` after the number was raised, and ends at once.

    Args:
        scaling: what decides about the number of tasks.
        start_seconds: how long a new task takes to run.
    """

    scaling: AutoScaling
    start_seconds: int = 75
    desired: list[int] = field(default_factory=list)
    """The number of tasks that were wanted, by the minute."""
    ran: list[int] = field(default_factory=list)
    """The number of tasks that ran, at the end of each minute."""
    _ages_seconds: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ages_seconds = [self.start_seconds + HEALTH_CHECKS_SECONDS] * self.scaling.desired

    def step(self) -> None:
        self._ages_seconds = [age + STEP_SECONDS for age in self._ages_seconds]

    def running(self, after_seconds: int = 0) -> int:
        """The number of tasks that have run for so long."""
        return sum(age >= self.start_seconds + after_seconds for age in self._ages_seconds)

    def lose_all_tasks(self) -> None:
        """Ends all tasks; ECS starts as many."""
        self._ages_seconds = [0] * len(self._ages_seconds)

    def end_minute(self, minute: Minute) -> None:
        """Hands the data points of a minute to the autoscaling, and starts or ends tasks as it says."""
        self.ran.append(self.running())
        wanted = self.scaling.after(minute)
        self._ages_seconds = sorted(self._ages_seconds, reverse=True)[:wanted]
        self._ages_seconds += [0] * (wanted - len(self._ages_seconds))
        self.desired.append(wanted)


@dataclass
class Worker(Service):
    """A worker with a queue.

    Args:
        jobs_a_second: how many jobs a task does at most.
        busy_cpu_percent: the CPU utilization of a task that does so many; low if it waits for its databases.
        most_jobs_a_second: how many jobs all tasks together can do, by the minute: 0 while ClickHouse is down.
        publishes: whether the tasks publish Langfuse's metrics, by the minute.
        arriving: jobs that arrive in a second, by the minute.
        queue: the queue that they arrive in.
        absent_queues: the queues that this version of Langfuse lacks.
    """

    jobs_a_second: float = 20
    busy_cpu_percent: float = 80
    most_jobs_a_second: Curve = lambda _: math.inf
    publishes: Callable[[float], bool] = lambda _: True
    arriving: Curve = lambda _: 0
    queue: str = "otel_ingestion"
    absent_queues: frozenset[str] = frozenset()
    backlog: list[float] = field(default_factory=list)
    """The number of waiting jobs at the end of each minute."""
    per_task: list[float] = field(default_factory=list)
    """The same for each running task."""

    def run(self, minutes: int) -> None:
        waiting = self.backlog[-1] if self.backlog else 0.0
        for minute in range(minutes):
            done, could, depths = 0.0, 0.0, []
            for step in range(STEPS_A_MINUTE):
                now = minute + step / STEPS_A_MINUTE
                self.step()
                capacity = self.running() * self.jobs_a_second * STEP_SECONDS
                waiting += self.arriving(now) * STEP_SECONDS
                now_done = min(waiting, capacity, self.most_jobs_a_second(now) * STEP_SECONDS)
                waiting, done, could = waiting - now_done, done + now_done, could + capacity
                depths.append(waiting)
            data: dict[tuple[str, str], float] = {}
            if self.running():
                data["CPUUtilization", "Average"] = self.busy_cpu_percent * done / could if could else 0.0
                data["RunningTaskCount", "SampleCount"] = 2 * self.running()
            if self.running() and self.publishes(minute):
                for queue, metric in QUEUES.items():
                    if queue not in self.absent_queues:
                        data[metric, "Maximum"] = math.floor(max(depths)) if queue == self.queue else 0
                        data[metric, "SampleCount"] = 2 * self.running()
            self.backlog.append(waiting)
            self.per_task.append(waiting / max(self.running(), 1))
            self.end_minute(data)


@dataclass
class Web(Service):
    """A service behind the load balancer.

    Args:
        requests_a_minute: how many requests a task serves at most.
        busy_cpu_percent: its CPU utilization then.
        arriving: requests that arrive in a minute, by the minute.
        noise: how far the requests of a minute are from ``arriving``, as a part of it.
    """

    requests_a_minute: float = 3_000
    busy_cpu_percent: float = 100
    arriving: Curve = lambda _: 0
    noise: float = 0
    overloaded: list[bool] = field(default_factory=list)
    """Whether more requests came than the tasks could serve, by the minute."""

    def run(self, minutes: int) -> None:
        random = Random(19)  # noqa: S311
        for minute in range(minutes):
            for _ in range(STEPS_A_MINUTE):
                self.step()
            targets = self.running(after_seconds=HEALTH_CHECKS_SECONDS)
            requests = self.arriving(minute) * max(random.gauss(1, self.noise), 0)
            each = min(requests / targets, self.requests_a_minute)
            self.overloaded.append(requests > targets * self.requests_a_minute)
            cpu = self.busy_cpu_percent * each * targets / self.requests_a_minute / self.running()
            self.end_minute({("CPUUtilization", "Average"): cpu, ("RequestCountPerTarget", "Sum"): each})


def wave(minutes: int, least: float, most: float) -> Curve:
    """A curve that is at its least first and after ``minutes``, and at its most in the middle."""
    return lambda minute: least + (most - least) * (1 - math.cos(2 * math.pi * minute / minutes)) / 2


def direction_changes(numbers: Sequence[int]) -> int:
    """How often a number that was rising falls, or the other way round."""
    steps = [after - before for before, after in itertools.pairwise(numbers) if after != before]
    return sum(before * after < 0 for before, after in itertools.pairwise(steps))
