"""A versioned state bucket with a state of each stack, on an embedded AWS, for tests without Terraform."""

import json
from typing import Any

from local.embedded_aws import EmbeddedAws
from ops.environment import Environment, aws_session
from tests.command_line import Ran, ops_in_process
from tests.environments import EXTERNAL, load
from tests.states import BUCKET, resource, state

STATES: dict[str, dict[str, Any]] = {
    "network": state({"vpc_id": "vpc-1"}, [resource("aws_vpc")], lineage="network", serial=3),
    "data": state(
        {"events_bucket_name": "events", "database_id": "langfuse-dev-postgres"},
        [resource("aws_db_instance", tags_all={"Environment": "dev"}), resource("aws_s3_bucket")],
        lineage="data",
        serial=7,
    ),
    "services": state(
        {"cluster_name": "langfuse-dev", "web_service_name": "web", "worker_service_name": "worker"},
        [resource("aws_ecs_cluster")],
        lineage="services",
        serial=5,
    ),
}


def key(stack: str) -> str:
    """The key of a stack's state."""
    return f"langfuse/dev/{stack}.tfstate"


class StateBucket:
    """The state bucket of ``dev``. The variables of this process must name the embedded AWS."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.s3: Any = self.client("s3")

    def client(self, service: str) -> Any:
        """Creates a client of a service of the embedded AWS."""
        return self.aws.session().client(service, endpoint_url=self.aws.url)  # type: ignore[call-overload]

    def create(self, *, versioned: bool = True) -> None:
        """Creates it, with a state of each stack."""
        self.s3.create_bucket(Bucket=BUCKET)
        if versioned:
            self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for stack, content in STATES.items():
            self.put(stack, content)

    def put(self, stack: str, content: object) -> str:
        """Writes a state's object, and returns its version."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return str(self.s3.put_object(Bucket=BUCKET, Key=key(stack), Body=body).get("VersionId"))

    def get(self, stack: str) -> Any:
        """The state that the bucket has now."""
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=key(stack))["Body"].read())

    def delete(self, stack: str) -> None:
        """Deletes a state's object, which leaves its versions."""
        self.s3.delete_object(Bucket=BUCKET, Key=key(stack))

    def forget(self, prefix: str = "") -> None:
        """Deletes all versions of the objects whose keys start with ``prefix``."""
        while found := self._listed(prefix):
            self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": found})

    def _listed(self, prefix: str) -> list[dict[str, str]]:
        page = self.s3.list_object_versions(Bucket=BUCKET, Prefix=prefix)
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        return [{name: each[name] for name in ("Key", "VersionId")} for each in found]

    def remove(self) -> None:
        """Deletes the bucket."""
        self.forget()
        self.s3.delete_bucket(Bucket=BUCKET)

    def ops(self, *arguments: str, **variables: str) -> Ran:
        """Runs a command with additional environment variables."""
        environment = {**self.aws.environment, "LANGFUSE_ENV": "dev", **EXTERNAL, **variables}
        return ops_in_process(*arguments, environment=environment)

    def environment(self) -> Environment:
        """The environment as a command loads it."""
        return Environment(load("dev"), aws_session("us-east-1"))
