"""How IAM simulates policies: ministack 1.5 ignores the context of the request, by which conditions decide."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from itertools import count

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext, EvalResult
from ministack.services import iam

from local.emulator.ministack_gaps import Parameters, wraps

_entries: ContextVar[Mapping[str, str] | None] = ContextVar("entries", default=None)


@wraps(iam, "_extract_simulate_params")
def parameters_with_entries(
    extract: Callable[[Parameters], tuple[list[str], str]], params: Parameters
) -> tuple[list[str], str]:
    """IAM SimulatePrincipalPolicy has ``ContextEntries``, which conditions such as ``kms:ViaService`` need."""
    prefixes = (f"ContextEntries.member.{number}" for number in count(1))
    entries: dict[str, str] = {}
    while key := iam._p(params, f"{(prefix := next(prefixes))}.ContextKeyName"):
        entries[key.lower()] = iam._p(params, f"{prefix}.ContextKeyValues.member.1")
    _entries.set(entries)
    return extract(params)


@wraps(iam, "_build_simulate_results_real")
def results_with_entries(build: Callable[..., str], *arguments: object) -> str:
    """The entries are those of one request."""
    results = build(*arguments)
    _entries.set(None)
    return results


@wraps(iam_evaluator, "evaluate")
def evaluation_with_entries(evaluate: Callable[..., EvalResult], context: EvalContext, *policies: object) -> EvalResult:
    """Adds the entries of the simulation, if the evaluation is one."""
    context.service_context.update(_entries.get() or {})
    return evaluate(context, *policies)
