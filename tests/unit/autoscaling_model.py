"""A model of what Application Auto Scaling does with the policies of a synthesized stack, minute by minute.

It knows target tracking only: a policy of another type is refused. From AWS's documentation:

- It adds tasks if one policy is ready to, in proportion to its metric, and removes tasks only if all are. Of several
  numbers it takes the largest. An alarm without data is ready for neither. Within a cooldown it adds only what a larger
  activity would, and removes nothing.
  https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
- An alarm goes off if all data points that it has breach; the minutes without data do not count.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
- It goes on to call for tasks each minute while it is off.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
- In an expression, the missing point of a metric is 0, and a division by 0 drops the point.
  https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html

AWS does not document these, so that a test tries each ``Behaviour``: how far it removes tasks ("more gradually"),
and whether a cooldown is that of a policy or of the service. That the alarms look at 3 minutes and at 15, 10 % below
the target, is what they show in an account.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from tests.synthesis import SynthesizedStack

MINUTES_HIGH, MINUTES_LOW = 3, 15
LOW = 0.9
PREDEFINED = {
    "ECSServiceAverageCPUUtilization": ("CPUUtilization", "Average"),
    "ALBRequestCountPerTarget": ("RequestCountPerTarget", "Sum"),
}
OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}

Minute = Mapping[tuple[str, str], float]
"""The data points of a minute, by name and statistic. A metric without data is absent."""


class Behaviour(NamedTuple):
    """What AWS does not document.

    Args:
        one_by_one: whether it removes one task at a time, or as many as the metric says.
        cooldown_of_policy: whether each policy has a cooldown of its own.
        missing_is_zero: whether the missing point of one metric is 0 beside that of another, or drops it.
    """

    one_by_one: bool
    cooldown_of_policy: bool
    missing_is_zero: bool


@dataclass
class Policy:
    """A target tracking policy, and the values of its metric so far."""

    configuration: Mapping[str, Any]
    values: list[float | None] = field(default_factory=list)

    @property
    def target(self) -> float:
        return float(self.configuration["target_value"])

    def measure(self, minute: Minute, *, missing_is_zero: bool) -> None:
        """Adds the value of its metric in a minute."""
        if predefined := self.configuration.get("predefined_metric_specification"):
            self.values.append(minute.get(PREDEFINED[predefined["predefined_metric_type"]]))
        else:
            metrics = self.configuration["customized_metric_specification"]["metrics"]
            self.values.append(_returned(metrics, minute, missing_is_zero=missing_is_zero))

    def is_high(self) -> bool:
        return self._all_breach(MINUTES_HIGH, lambda value: value > self.target)

    def is_low(self) -> bool:
        return self._all_breach(MINUTES_LOW, lambda value: value < LOW * self.target)

    def wanted(self, tasks: int) -> int:
        """How many tasks would bring the newest value of the metric to its target."""
        newest = next(value for value in reversed(self.values) if value is not None)
        return math.ceil(tasks * newest / self.target)

    def _all_breach(self, minutes: int, breaches: Callable[[float], bool]) -> bool:
        known = [value for value in self.values[-minutes:] if value is not None]
        return len(self.values) >= minutes and bool(known) and all(map(breaches, known))


class AutoScaling:
    """The scalable target of a service, with its policies.

    Args:
        services: the synthesized services stack.
        service: how the names of the service's resources start: ``web-scaling``.
        behaviour: what AWS does where its documentation leaves it open.
    """

    def __init__(self, services: SynthesizedStack, service: str, behaviour: Behaviour) -> None:
        (target,) = self._of(services, "aws_appautoscaling_target", service)
        self.least, self.most = int(target["min_capacity"]), int(target["max_capacity"])
        policies = self._of(services, "aws_appautoscaling_policy", service)
        assert {policy["policy_type"] for policy in policies} == {"TargetTrackingScaling"}
        self.policies = [Policy(policy["target_tracking_scaling_policy_configuration"]) for policy in policies]
        self.behaviour = behaviour
        self.desired = self.least
        self._minute = 0
        self._scaled_out: dict[int, tuple[int, int]] = {}
        """The end of the cooldown of each policy that added tasks, and the number before."""
        self._no_scale_in_before = 0

    @staticmethod
    def _of(services: SynthesizedStack, type_: str, service: str) -> list[dict[str, Any]]:
        return [values for name, values in services.resources(type_).items() if name.startswith(f"{service}_")]

    def after(self, minute: Minute) -> int:
        """How many tasks the service should have after a minute with these data points."""
        for policy in self.policies:
            policy.measure(minute, missing_is_zero=self.behaviour.missing_is_zero)
        self._minute += 1
        if any(policy.is_high() for policy in self.policies):
            self._scale_out()
        elif all(policy.is_low() for policy in self.policies) and self._minute >= self._no_scale_in_before:
            self._scale_in()
        return self.desired

    def _scale_out(self) -> None:
        wanted = {
            number: policy.wanted(self._base(number)) for number, policy in enumerate(self.policies) if policy.is_high()
        }
        number = max(wanted, key=wanted.__getitem__)
        new = min(wanted[number], self.most)
        if new > self.desired:
            end = self._minute + self._minutes(number, "scale_out_cooldown")
            self._scaled_out[number] = (end, self._base(number))
            self.desired, self._no_scale_in_before = new, 0

    def _scale_in(self) -> None:
        wanted = {number: policy.wanted(self.desired) for number, policy in enumerate(self.policies)}
        number = max(wanted, key=wanted.__getitem__)
        new = max(wanted[number], self.desired - 1 if self.behaviour.one_by_one else 0, self.least)
        if new < self.desired:
            self.desired = new
            self._no_scale_in_before = self._minute + self._minutes(number, "scale_in_cooldown")

    def _base(self, number: int) -> int:
        """The number of tasks that a policy multiplies: within a cooldown, that before the activity which began it."""
        running: list[int] = [
            base
            for other, (end, base) in self._scaled_out.items()
            if self._minute < end and (other == number or not self.behaviour.cooldown_of_policy)
        ]
        return min([*running, self.desired])

    def _minutes(self, number: int, cooldown: str) -> int:
        return math.ceil(int(self.policies[number].configuration[cooldown]) / 60)


def _returned(metrics: Sequence[Mapping[str, Any]], minute: Minute, *, missing_is_zero: bool) -> float | None:
    """The value of the metric or expression that a policy follows, in a minute."""
    (followed,) = [query for query in metrics if query.get("return_data")]
    stats = {query["id"]: query["metric_stat"] for query in metrics if "metric_stat" in query}
    known = {id_: minute.get((stat["metric"]["metric_name"], stat["stat"])) for id_, stat in stats.items()}
    expressions = {query["id"]: query["expression"] for query in metrics if "expression" in query}

    def value(node: ast.expr) -> float | None:
        match node:
            case ast.Constant(value=float() | int() as number):
                return float(number)
            case ast.Name(id=id_):
                return known[id_] if id_ in known else value(_parsed(expressions[id_]))
            case ast.BinOp(left=left, op=operation, right=right):
                return apply(operation, left, right)
            case ast.Compare(left=left, ops=[operation], comparators=[right]):
                return apply(operation, left, right)
            case ast.Call(func=ast.Name(id="FILL"), args=[series, filler]):
                return value(filler) if (filled := value(series)) is None else filled
            case ast.Call(func=ast.Name(id="CEIL"), args=[series]):
                return None if (raw := value(series)) is None else math.ceil(raw)
            case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
                return None if (chosen := value(condition)) is None else value(then if chosen else otherwise)
        raise AssertionError(f"the model does not know {ast.unparse(node)}")

    def apply(operation: ast.operator | ast.cmpop, left: ast.expr, right: ast.expr) -> float | None:
        sides = value(left), value(right)
        # A number is no time series: beside it, a missing point stays missing.
        with_number = isinstance(left, ast.Constant) or isinstance(right, ast.Constant)
        if sides == (None, None) or (None in sides and (with_number or not missing_is_zero)):
            return None
        first, second = (side or 0.0 for side in sides)
        if isinstance(operation, ast.Div) and second == 0:
            return None
        return float(OPERATORS[type(operation)](first, second))

    return known[followed["id"]] if followed["id"] in known else value(_parsed(followed["expression"]))


@cache
def _parsed(expression: str) -> ast.expr:
    assert re.fullmatch(r"[\w\s+*/().,<>-]+", expression), expression
    return ast.parse(expression, mode="eval").body
