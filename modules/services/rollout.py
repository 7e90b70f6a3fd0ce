"""The wait for a service's deployment, inside the apply."""

from cdktf import LocalExecProvisioner, TerraformResource, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.ecs_service import EcsService
from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
from constructs import Construct

WITHOUT_OPS = (
    "There is no ops on the PATH: deploy with make, or add this project's .venv/bin to the PATH, and apply again."
)
COMMAND = (
    f'command -v ops > /dev/null || {{ echo "{WITHOUT_OPS}" >&2; exit 1; }};'
    ' ops wait --cluster "$CLUSTER" --service "$SERVICE" --task-definition "$TASK_DEFINITION" --region "$REGION"'
    " --restart-failed"
)


class Rollout(TerraformResource):
    """Exists once ECS has completed the service's deployment: what depends on it waits for healthy tasks.

    If the deployment fails, so does the apply, with the reason. The provider's own ``wait_for_steady_state`` is no
    such wait: it ends as soon as the tasks run, and takes a rollback for success
    (hashicorp/terraform-provider-aws#20858, #19519).

    The wait is ``ops wait``, on the machine that applies, with Terraform's own credentials. It runs after each change
    of the service. It also runs for each task definition, so that the next apply waits if this one is interrupted.

    Args:
        service: the service.
        definition: the task definition that it deploys.
        cluster_name: its cluster.
        region: the AWS region.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        service: EcsService,
        *,
        definition: EcsTaskDefinition,
        cluster_name: str,
        region: str,
    ) -> None:
        super().__init__(
            scope,
            id_,
            terraform_resource_type="terraform_data",
            provisioners=[
                LocalExecProvisioner(
                    type="local-exec",
                    command=COMMAND,
                    environment={
                        "CLUSTER": cluster_name,
                        "SERVICE": service.name,
                        "TASK_DEFINITION": f"{definition.family}:{definition.revision}",
                        "REGION": region,
                    },
                )
            ],
            lifecycle=TerraformResourceLifecycle(
                replace_triggered_by=[f"{service.terraform_resource_type}.{service.friendly_unique_id}"]
            ),
        )
        self.add_override("triggers_replace", definition.arn)
