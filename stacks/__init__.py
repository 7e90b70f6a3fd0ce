"""The stacks. Each only composes modules; what a resource looks like is said there."""

import lazy_bindings  # noqa: F401  first, so that the bindings load lazily

from constructs import Construct

from modules.literals import with_literals
from settings import Settings
from stacks.base import LangfuseStack
from stacks.data import DataStack
from stacks.network import NetworkStack
from stacks.services import ServicesStack


def add_stacks(scope: Construct, settings: Settings) -> list[LangfuseStack]:
    """Adds every stack of an environment to an app. Terraform gets every string of the settings as it is.

    This is the only list of the stacks. Commands and tests take them, and the order of their dependencies, from the
    manifest of the synthesized app.
    """
    settings = with_literals(settings)
    network = NetworkStack(scope, "network", settings)
    data = DataStack(scope, "data", settings, network=network)
    services = ServicesStack(scope, "services", settings, network=network, data=data)
    graph = [network, data, services]
    if not settings.access.is_set:
        return graph
    # Imported here, since many environments do without it, and synth is faster so.
    from stacks.access import AccessStack

    access = AccessStack(scope, "access", settings)
    # The roles of the graph need the boundary before they are made, and until they are gone.
    network.add_dependency(access)
    return [access, *graph]
