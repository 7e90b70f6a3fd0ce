"""Whether the services exist, can read their secrets, and have the right address."""

from collections.abc import Iterator

from ops.ecs_services import container_of, describe_task_definition, existing_services
from ops.environment import SERVICES, Environment
from ops.findings import Finding, finding


def services_exist(environment: Environment) -> Iterator[Finding]:
    """Both services exist. Terraform creates the worker once web is healthy, so a web that never is leaves none."""
    services = existing_services(environment, SERVICES)
    for name in SERVICES:
        exists = name in services
        evidence = f"{environment.service_name(name)} is {'there' if exists else 'absent'}"
        remedy = f"fix what else is found here, then {environment.deploy_command}"
        yield finding(f"{name} is deployed", exists, evidence, remedy)


def secrets_are_readable(environment: Environment) -> Iterator[Finding]:
    """The execution role can read each secret that the task definition names."""
    iam = environment.session.client("iam")
    for name, service in existing_services(environment, SERVICES).items():
        definition = describe_task_definition(environment, service)
        role_arn = definition["executionRoleArn"]
        # In a task definition, a key of the secret may follow the ARN, after its seventh part.
        secret_arns = [
            ":".join(secret["valueFrom"].split(":")[:7]) for secret in container_of(definition, service)["secrets"]
        ]
        # One secret per request: IAM answers for several resources in two different forms.
        decisions = {
            arn: iam.simulate_principal_policy(
                PolicySourceArn=role_arn, ActionNames=["secretsmanager:GetSecretValue"], ResourceArns=[arn]
            )["EvaluationResults"][0]["EvalDecision"]
            for arn in secret_arns
        }
        refused = [arn.rpartition(":")[2] for arn, decision in decisions.items() if decision != "allowed"]
        evidence = f"{role_arn.rpartition('/')[2]}: {len(secret_arns) - len(refused)} of {len(secret_arns)}"
        evidence += f", not {', '.join(refused)}" if refused else ""
        remedy = f"the policy was changed: {environment.deploy_command} puts it back"
        yield finding(f"{name} may read its secrets", not refused, evidence, remedy)


def address_is_public(environment: Environment) -> Iterator[Finding]:
    """NEXTAUTH_URL is the address that browsers show."""
    for web in existing_services(environment, ["web"]).values():
        container = container_of(describe_task_definition(environment, web), web)
        variables = {variable["name"]: variable["value"] for variable in container["environment"]}
        current, desired = variables.get("NEXTAUTH_URL"), environment.outputs("services")["alb_url"]
        same = current == desired
        remedy = f"{environment.deploy_command}; sign-in fails until then"
        yield finding("NEXTAUTH_URL is the public address", same, f"{current}, and users come to {desired}", remedy)
