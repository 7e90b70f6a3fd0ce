"""The container that writes the certificates of a private certificate authority to a file before Langfuse starts.

The file is on a volume of the task, which both containers mount, Langfuse read-only.
"""

from typing import Any

from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinitionVolume

from modules.langfuse import CA_CERTIFICATES_FILE, CA_CERTIFICATES_FOLDER, Container
from settings.secret_variables import CA_CERTIFICATES

NAME = "ca-certificates"
# Node.js only warns of a file without certificates, and sign-in would fail later.
SCRIPT = f"""set -e
printf '%s\\n' "${CA_CERTIFICATES}" > {CA_CERTIFICATES_FILE}
if ! grep -q 'BEGIN CERTIFICATE' {CA_CERTIFICATES_FILE}; then
  echo 'Error: the secret of langfuse.ca_certificate_secret_arn holds no certificate in PEM format' >&2
  exit 1
fi
"""


def volume() -> EcsTaskDefinitionVolume:
    """The volume. ECS makes it with the task, and deletes it with it."""
    return EcsTaskDefinitionVolume(name=NAME)


def writer(container: Container, log_configuration: dict[str, Any]) -> dict[str, Any]:
    """The definition of the container that writes the file and ends.

    Its image is Langfuse's own: it has a shell, and is pulled anyway. It writes as root, whose volume is
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html); Langfuse's user may read it.
    """
    return {
        "name": NAME,
        "image": str(container.image),
        # It ends, and the task goes on.
        "essential": False,
        "user": "0",
        "readonlyRootFilesystem": True,
        "entryPoint": ["sh", "-c"],
        "command": [SCRIPT],
        "secrets": [{"name": CA_CERTIFICATES, "valueFrom": container.ca_certificate_secret_arn}],
        "mountPoints": [_mount(read_only=False)],
        "logConfiguration": log_configuration,
    }


def reader() -> dict[str, Any]:
    """What is added to the definition of Langfuse's container: it starts once the file is written."""
    return {
        "dependsOn": [{"containerName": NAME, "condition": "SUCCESS"}],
        "mountPoints": [_mount(read_only=True)],
    }


def _mount(*, read_only: bool) -> dict[str, Any]:
    return {"sourceVolume": NAME, "containerPath": CA_CERTIFICATES_FOLDER, "readOnly": read_only}
