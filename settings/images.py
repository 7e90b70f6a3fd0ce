"""The container images of Langfuse: the types of their settings, and the parts of an image's name.

What a name may consist of: https://pkg.go.dev/github.com/distribution/reference. ECS takes 255 characters before the
digest: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html.
"""

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from settings import ports
from settings.partition import partition_of

DEFAULT_REGISTRY = "docker.langfuse.com/langfuse"
"""The registry in Langfuse's own docker-compose.yml."""
OFFICIAL_REGISTRIES = (DEFAULT_REGISTRY, "docker.io/langfuse", "ghcr.io/langfuse")
"""Where Langfuse publishes its images."""

LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
COMPONENT = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
REGISTRY = rf"{LABEL}(\.{LABEL})+(:[1-9][0-9]{{0,4}})?(/{COMPONENT})*"
ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?P<china>\.cn)?(/(?P<path>.+))?"
)
"""A private registry of Amazon ECR: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html."""
OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws")


def _check_registry(registry: str) -> str:
    ecr = ECR.fullmatch(registry)
    if ecr is None and re.split("[:/]", registry)[0].endswith(OF_AWS):
        raise ValueError("must be <account>.dkr.ecr.<Region>.amazonaws.com/<path> if it is a registry of Amazon ECR")
    if ecr and (partition_of(ecr["region"]) == "aws-cn") != bool(ecr["china"]):
        raise ValueError("must end with amazonaws.com.cn in China's Regions, and with amazonaws.com in the others")
    return registry


Registry = Annotated[
    str,
    Field(
        pattern=f"^{REGISTRY}$",
        # The image's name, a colon and the version follow.
        max_length=200,
        description="host and path of a registry in lower case, without `https://`, tag and slash at the end",
        examples=["123456789012.dkr.ecr.eu-central-1.amazonaws.com/mirror"],
    ),
    AfterValidator(_check_registry),
]
Digest = Annotated[
    str,
    Field(
        pattern="^sha256:[0-9a-f]{64}$",
        description="digest of an image: `sha256:` and 64 hexadecimal digits in lower case",
        examples=["sha256:" + "0123456789abcdef" * 4],
    ),
]
BasePath = Annotated[
    str,
    Field(
        pattern="^(/[A-Za-z0-9_-]+)+$",
        max_length=100,
        description="path of letters, digits, hyphens and underscores that starts with a slash, without one at its end",
        examples=["/langfuse"],
    ),
]


def registry_port(registry: str) -> int:
    """The TCP port that tasks connect to for the images."""
    return int(registry.partition("/")[0].partition(":")[2] or ports.HTTPS)


class Image(NamedTuple):
    """The parts of an image's name: ``<repository>:<tag>@<digest>``. Tag and digest may be empty.

    ECS takes a name with both, as it is in the answers of DescribeTasks (aws/amazon-ecs-agent#4226): the digest decides
    which image runs, and the tag says what it is.
    """

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def name(self) -> str:
        """The last part of the repository."""
        return self.repository.rpartition("/")[2]

    @property
    def ecr_repository_arn(self) -> str | None:
        """The ARN of its repository, if it is in a private registry of Amazon ECR."""
        ecr = ECR.fullmatch(self.repository)
        if ecr is None:
            return None
        return f"arn:{partition_of(ecr['region'])}:ecr:{ecr['region']}:{ecr['account']}:repository/{ecr['path']}"


def parse_image(text: str) -> Image:
    """The parts of an image's name. The registry in it may have a port."""
    name, _, digest = text.partition("@")
    path, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return Image(f"{path}{slash}{last}", tag, digest)
