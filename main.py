"""Writes the Terraform JSON of the environment that LANGFUSE_ENV names to cdktf.out."""

import lazy_bindings  # noqa: F401

from cdktf import App

from settings import load_or_exit
from stacks.data import DataStack
from stacks.network import NetworkStack
from stacks.provider_lock import lock_provider
from stacks.services import ServicesStack

settings = load_or_exit()
app = App()
network = NetworkStack(app, "network", settings)
data = DataStack(app, "data", settings, network=network)
ServicesStack(app, "services", settings, network=network, data=data)
app.synth()
lock_provider(app.outdir)
