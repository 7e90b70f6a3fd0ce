"""The summary of plans in Markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ops.apply import ADMINISTRATORS_STACK, BOUNDARY
from ops.major_steps import unchosen_step
from ops.review import access_changes
from ops.review.causes import replacements
from ops.review.containers import container_differences, old_images
from ops.review.costs import monthly_difference, shown
from ops.review.differences import Difference, differences
from ops.review.interruptions import noticed
from ops.review.losses import FIXED, Loss, rotation, unchangeable
from ops.review.one_way import irreversible
from ops.review.plan_format import Change
from ops.review.protections import loosened
from ops.review.references import Foundations
from ops.review.terraform_plan import StackPlan
from ops.review.text import code, joined, word

SHOWN_KINDS = ("add", "change", "replace", "destroy", "forget")
NO_WAY_BACK = "**No way back**"
PROTECTS_LESS = "**Protects less**"
OLD_IMAGE = "**Another version's name, and the old image: its digest decides**"
WARNINGS = {NO_WAY_BACK: "no way back", PROTECTS_LESS: "protects less", OLD_IMAGE: "the old image runs on"}
FOLDED = "<details><summary>"
SHOWN_GRANTS = 5
"""How many grants of a policy of CI's roles are shown. Of more, only the number is."""
CHARACTERS = 24_000
"""How long a review is at most. GitHub takes comments of 65,536 characters, and one has the reviews of dev and prod."""


def counts(plan: StackPlan) -> dict[str, int]:
    """The number of changes of each kind."""
    counted = Counter(change.kind for change in plan.changes)
    return {kind: counted[kind] for kind in SHOWN_KINDS}


def markdown(plans: Sequence[StackPlan], lost: Sequence[Loss], refused: Sequence[str]) -> Iterator[str]:
    """The summary, line by line.

    Args:
        plans: the plans of the stacks.
        lost: what they lose.
        refused: the addresses of what the review refuses.
    """
    sections = list(_sections(plans, lost, refused))
    yield f"### {_verdict(plans, lost, refused, _warnings(sections))}"
    yield ""
    yield from _table(plans)
    left = CHARACTERS
    for title, lines in sections:
        if lines:
            # A third of what is left, so that there is room for those that follow.
            shown = [title, *_first(lines, left // 3)]
            left -= sum(map(len, shown)) + len(shown)
            yield ""
            yield from shown
            if title.startswith(FOLDED):
                yield ""
                yield "</details>"


def warnings(plans: Sequence[StackPlan]) -> list[str]:
    """What a reviewer is warned of, apart from what is lost: no way back, or less protection."""
    return _warnings(_sections(plans, (), ()))


def _warnings(sections: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    return [WARNINGS[title] for title, lines in sections if title in WARNINGS and lines]


def _sections(
    plans: Sequence[StackPlan], lost: Sequence[Loss], refused: Sequence[str]
) -> Iterator[tuple[str, Sequence[str]]]:
    """The titles of the sections, what matters most first, and their lines."""
    stacks = [[(change, differences(change, plan.expressions(change))) for change in plan.changes] for plan in plans]
    pairs = [pair for stack in stacks for pair in stack]
    changes = [change for change, _ in pairs]
    gone = {loss.change.address for loss in lost}
    left = [change for change in changes if change.kind == "forget" and change.address not in gone]
    steps = [(change, step) for change in changes if (step := unchosen_step(change))]
    rotated = [(change, versions) for change in changes if (versions := rotation(change))]
    all_changes = [f"- {change.kind} {code(change.address)}{_arguments(change, changed)}" for change, changed in pairs]
    yield "**Can't be changed once deployed**", [FIXED] if unchangeable(plans, lost) else []
    yield "**Data is lost**", [_loss(loss, refused) for loss in lost if not loss.stays]
    yield "**Data stays on AWS, and leaves the state**", [_loss(loss, refused) for loss in lost if loss.stays]
    yield "**No write mode for Langfuse's new major version: see docs/upgrade-to-4.md**", _told(steps)
    yield OLD_IMAGE, [line for change in changes for line in old_images(change)]
    yield NO_WAY_BACK, [line for pair in pairs for line in irreversible(*pair)]
    yield "**Stays on AWS, and leaves the state**", [f"- {code(change.address)}" for change in left]
    yield "**Replaced**", [line for stack in stacks for line in replacements(stack)]
    yield "**Gets a new value: the tasks read it after `ops redeploy --apply`**", _told(rotated)
    yield PROTECTS_LESS, [line for pair in pairs for line in loosened(*pair)]
    yield "**Opened to the network**", [line for change in changes for line in access_changes.openings(change)]
    yield "**Allowed to do more**", list(_allowed(plans))
    yield "**What users notice**", list(noticed(pairs, all(plan.plan for plan in plans) and not lost and not steps))
    yield f"{FOLDED}All changes: {len(changes)}</summary>\n", all_changes


def _allowed(plans: Sequence[StackPlan]) -> Iterator[str]:
    """What is allowed more; last, that of the roles which CI has, whose policies are long."""
    for plan in plans:
        if plan.stack != ADMINISTRATORS_STACK:
            yield from (line for change in plan.changes for line in access_changes.widenings(change))
    for plan in plans:
        if plan.stack == ADMINISTRATORS_STACK:
            yield from (line for change in plan.changes for line in _allowed_to_ci(change))


def _allowed_to_ci(change: Change) -> Iterator[str]:
    """The boundary allows nothing by itself. What the stack attaches without a known ARN are its own policies."""
    lines = list(access_changes.widenings(change))
    of_its_own = change.type == "aws_iam_role_policy_attachment" and change.unknown.get("policy_arn")
    if change.address.startswith(BOUNDARY) or of_its_own:
        return
    if change.type == "aws_iam_policy" and len(lines) > SHOWN_GRANTS:
        yield f"- {code(change.address)}: {len(lines)} grants"
    else:
        yield from lines


def _told(changes: Sequence[tuple[Change, str]]) -> list[str]:
    return [f"- {code(change.address)}: {what}" for change, what in changes]


def _table(plans: Sequence[StackPlan]) -> Iterator[str]:
    """A row for each stack, with what it costs more."""
    columns = [*SHOWN_KINDS, "USD a month"]
    yield f"| stack | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for plan in plans:
        if plan.waits_for:
            yield f"| {word(plan.stack)} | waits for {joined(map(word, plan.waits_for))}" + " |" * len(columns)
        else:
            cells = [*map(str, counts(plan).values()), shown(monthly_difference(plan))]
            yield f"| {word(plan.stack)} | {' | '.join(cells)} |"


def _loss(loss: Loss, refused: Sequence[str]) -> str:
    return f"- {loss}" + ("" if loss.change.address in refused else " (allowed)")


def _verdict(plans: Sequence[StackPlan], lost: Sequence[Loss], refused: Sequence[str], warnings: Sequence[str]) -> str:
    if refused:
        return f"⛔ Refused: {_why([loss for loss in lost if loss.change.address in refused])}"
    changes = [change for plan in plans for change in plan.changes]
    unplanned = [plan.stack for plan in plans if plan.plan is None]
    unknown = [f"{_names(unplanned)} not planned: loss unknown"] if unplanned else []
    if lost:
        what = "leaves the state" if all(loss.stays for loss in lost) else "is lost"
        return "; ".join([f"⚠️ Data {what}, which --allow accepts", *warnings, *unknown])
    if not changes:
        return f"⏳ No changes yet; {unknown[0]}" if unknown else f"✅ {_no_changes(plans)}"
    if any(change.kind in ("replace", "destroy") for change in changes):
        unread = Foundations(plans).unread()
        if unread and not unplanned:
            unknown = [f"what reads {_names(unread)} not planned: loss unknown"]
        return "; ".join(["⚠️ Replaces or destroys" + ("" if unknown else ", but no data"), *warnings, *unknown])
    if any(change.kind == "forget" for change in changes):
        return "; ".join(["⚠️ Leaves resources on AWS that no stack has any more", *warnings, *unknown])
    sign = "⚠️" if warnings else "⏳" if unknown else "✅"
    return "; ".join([f"{sign} Adds and changes in place", *warnings, *unknown])


def _no_changes(plans: Sequence[StackPlan]) -> str:
    outputs = [output for plan in plans if plan.plan for output in plan.plan.output_changes.values()]
    return "Changes of outputs only" if any(output.actions != ["no-op"] for output in outputs) else "No changes"


def _why(refused: Sequence[Loss]) -> str:
    """What the refused losses are; without any, a step of Langfuse's version was refused."""
    if not refused:
        return "no write mode for Langfuse's new major version"
    return f"data would {'leave the state' if all(loss.stays for loss in refused) else 'be lost'}"


def _names(stacks: Sequence[str]) -> str:
    """The names, as ``network, data and services``."""
    *first, last = [word(stack) for stack in stacks] or [""]
    return f"{joined(first)} and {last}" if first else last


def _arguments(change: Change, changed: Sequence[Difference]) -> str:
    """The arguments that change, after a colon; those of the containers one by one."""
    inside = container_differences(change)
    left_out = {"container_definitions"} if inside else set()
    names = joined(str(difference) for difference in changed if difference.argument not in left_out)
    return f": {joined(filter(None, [names, *inside]), '; ')}" if names or inside else ""


def _first(lines: Sequence[str], characters: int) -> Iterator[str]:
    """The first lines, at least one, and how many are left out."""
    for number, line in enumerate(lines):
        characters -= len(line) + 1
        if characters < 0 and number:
            yield f"- and {len(lines) - number} more"
            return
        yield line
