"""Whether the addresses in the tasks' secrets can be reached.

Those of variables are checked when the settings are read; what a secret holds is only known here.
"""

from collections.abc import Iterator

from ops.doctor_checks.mail import SERVER
from ops.doctor_checks.security_group_rules import allows, egress_remedy
from ops.ecs_services import container_of, describe_task_definition, existing_services
from ops.environment import Environment
from ops.findings import Finding, finding
from ops.secret_value import variable_value
from settings.egress import needed_ports
from settings.secret_variables import FIRST_SECRETS, WEB_SECRETS

CHECKED_ELSEWHERE = {*WEB_SECRETS, *FIRST_SECRETS, SERVER}


def addresses_are_reachable(environment: Environment) -> Iterator[Finding]:
    """Security groups let web and worker connect to the ports of the URLs in secrets of the settings."""
    for name, service in existing_services(environment, environment.services).items():
        container = container_of(describe_task_definition(environment, service), service)
        groups = set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])
        variables = [entry["name"] for entry in container["secrets"] if entry["name"] not in CHECKED_ELSEWHERE]
        needed = {
            variable: needed_ports(variable, variable_value(environment, container, variable) or "")
            for variable in variables
        }
        opened = {
            port
            for port in set().union(*needed.values())
            if allows(environment, groups, port, peers=set(), is_egress=True)
        }
        for variable, ports in needed.items():
            if ports:
                closed = ports - opened
                shown = ", ".join(map(str, sorted(closed or ports)))
                evidence = f"port {shown} {'may not' if closed else 'may'} leave {', '.join(sorted(groups))}"
                yield finding(
                    f"{name} may connect to {variable}", not closed, evidence, egress_remedy(environment, ports)
                )
