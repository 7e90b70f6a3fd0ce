"""Whether the tasks get their secrets: ECS reads these when a task starts, and stops the task if one is missing."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ops.doctor_checks.secret_keys import keys_are_usable
from ops.ecs_services import describe_task_definition, existing_services, secrets_of
from ops.environment import Environment
from ops.findings import Finding, finding
from ops.role import may
from ops.secret_value import SecretReference, reference, referenced_value
from settings.secret_variables import CA_CERTIFICATES

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef


def secrets_are_readable(environment: Environment) -> Iterator[Finding]:
    """Each secret that a task definition names exists, and the execution role can read and decrypt it."""
    for name, service in existing_services(environment, environment.services).items():
        definition = describe_task_definition(environment, service)
        role_arn = definition["executionRoleArn"]
        secrets = {variable: reference(arn) for variable, arn in secrets_of(definition).items()}
        descriptions = {variable: _describe(environment, secret) for variable, secret in secrets.items()}
        present = {variable: described for variable, described in descriptions.items() if described}
        yield _exist(environment, name, secrets, present)
        yield _may_be_read(environment, name, role_arn, present)
        yield from keys_are_usable(environment, name, role_arn, present)


def _describe(environment: Environment, secret: SecretReference) -> "DescribeSecretResponseTypeDef | None":
    client = environment.session.client("secretsmanager")
    try:
        return client.describe_secret(SecretId=secret.arn)
    except client.exceptions.ResourceNotFoundException:
        return None


def _exist(
    environment: Environment,
    name: str,
    secrets: Mapping[str, SecretReference],
    present: "Mapping[str, DescribeSecretResponseTypeDef]",
) -> Finding:
    """Whether each secret is there, and holds what its variable gets. Of secrets with keys, the value is read."""
    evidence, remedies = [], []
    for variable, secret in secrets.items():
        described = present.get(variable)
        if described is None:
            evidence.append(f"{variable}: there is no {secret.arn}")
            remedies.append(f"correct the ARN in {_setting(variable)}, or create the secret")
        elif "DeletedDate" in described:
            evidence.append(f"{variable}: {described['Name']} is scheduled for deletion")
            remedies.append(f"`aws secretsmanager restore-secret --secret-id {described['Name']}`")
        elif not any("AWSCURRENT" in stages for stages in described.get("VersionIdsToStages", {}).values()):
            evidence.append(f"{variable}: {described['Name']} holds no value")
            remedies.append(f"`aws secretsmanager put-secret-value --secret-id {described['Name']}`")
        elif secret.key and referenced_value(environment, secret) is None:
            evidence.append(f"{variable}: {described['Name']} is not JSON with the key {secret.key}")
            remedies.append(f"correct the key after the ARN in {_setting(variable)}, or the secret")
    remedy = f"{'; '.join(dict.fromkeys(remedies))}; then {environment.deploy_command}"
    shown = "; ".join(evidence) or f"{len(secrets)} of {len(secrets)}"
    return finding(f"{name}'s secrets exist", not evidence, shown, remedy)


def _setting(variable: str) -> str:
    """The setting that has the ARN of a variable's secret."""
    return "langfuse.ca_certificate_secret_arn" if variable == CA_CERTIFICATES else "langfuse.secrets, sign_in or mail"


def _may_be_read(
    environment: Environment, name: str, role_arn: str, present: "Mapping[str, DescribeSecretResponseTypeDef]"
) -> Finding:
    # Several variables may be keys of one secret.
    names = {described["ARN"]: described["Name"] for described in present.values()}
    refused = [
        name for arn, name in names.items() if not may(environment, role_arn, "secretsmanager:GetSecretValue", arn)
    ]
    evidence = f"{role_arn.rpartition('/')[2]}: {len(names) - len(refused)} of {len(names)}"
    evidence += f", not {', '.join(refused)}" if refused else ""
    remedy = f"the policy was changed: {environment.deploy_command} puts it back"
    return finding(f"{name} may read its secrets", not refused, evidence, remedy)
