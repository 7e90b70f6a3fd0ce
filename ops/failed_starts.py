"""Why a task did not start, or ended by itself, and what to do: a failed pull is another thing than a failed start.

The texts are those of ECS on Fargate:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from ops.stopped_tasks import why_stopped

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef


class Cause(NamedTuple):
    """What went wrong, and the remedy."""

    what: str
    remedy: str


PULL = re.compile(r"CannotPull\w*Error|unable to retrieve ecr registry auth|cannot pull registry auth")
PULLS = {
    r"toomanyrequests|pull rate limit|\b429\b": Cause(
        "the image was not pulled: its registry limits pulls",
        "set langfuse.registry to Langfuse's own, or to a registry with a copy of the images: docs/images.md",
    ),
    r"matching platform|exec format": Cause(
        "the image was not pulled: it is not built for ARM64",
        "build or copy it for linux/arm64: docs/images.md",
    ),
    r"i/o timeout|request canceled|context canceled|deadline exceeded|connection refused|connection reset|no such host"
    r"|TLS handshake|connection issue|network configuration": Cause(
        "the image was not pulled: its registry is out of reach",
        "check langfuse.registry, and the private subnets' way to it: NAT gateway, VPC endpoints, security groups",
    ),
    r"\b40[13]\b|forbidden|denied|unauthorized|not authorized|no basic auth|permission": Cause(
        "the image was not pulled: the execution role may not, or there is no such repository",
        "check langfuse.registry; the policy of a repository of ECR in another account must allow the execution role;"
        " other registries must serve the images without a login: docs/images.md",
    ),
    r"not found|manifest unknown|name unknown|\b404\b": Cause(
        "the image was not pulled: its registry does not have it",
        "check langfuse.registry, langfuse.version and the digests, or copy the image there: docs/images.md",
    ),
}
"""By what AWS's text has in it, in the order in which it is looked for: where a role has no rights, it may also say
"not found", and a failed connection may name a path with "404" in it."""
OTHER_PULL = Cause("the image was not pulled", "check langfuse.registry and langfuse.version: docs/images.md")
STARTS = {
    r"unable to pull secrets|retrieve secret": Cause(
        "its secrets were not read", "see the lines of the secrets in `ops doctor`"
    ),
    r"OutOfMemory": Cause("it ran out of memory", "raise its memory_mib, such as web.memory_mib"),
    r"health checks": Cause(
        "it ran, and was not healthy",
        "see `ops logs web --errors`, or of worker; with langfuse.base_path, the image must be one for this path",
    ),
    r"exit code [1-9]|EssentialContainerExited|Essential container": Cause(
        "a container started, and ended by itself", "see `ops logs web --errors`, or of worker"
    ),
}
OTHER = Cause("it did not start", "read what AWS says")


def cause(task: "TaskTypeDef") -> Cause:
    """Why a task that has failed did so."""
    text = why_stopped(task)
    is_pull = PULL.search(text)
    causes, other = (PULLS, OTHER_PULL) if is_pull else (STARTS, OTHER)
    return next((cause for pattern, cause in causes.items() if re.search(pattern, text, re.IGNORECASE)), other)


def explained(task: "TaskTypeDef") -> str:
    """What went wrong with a task that has failed, the remedy, and what AWS says."""
    what, remedy = cause(task)
    return f"{what} ({remedy}): {why_stopped(task)}"
