"""``python -m bench.copies N``: N copies of the three stacks in one App."""

import lazy_bindings  # noqa: F401

import sys

from cdktf import App
from constructs import Construct

from settings import load_or_exit
from stacks.data import DataStack
from stacks.network import NetworkStack
from stacks.services import ServicesStack

settings = load_or_exit()
app = App()
for number in range(int(sys.argv[1])):
    copy = Construct(app, f"copy-{number}")
    network = NetworkStack(copy, "network", settings)
    data = DataStack(copy, "data", settings, network=network)
    ServicesStack(copy, "services", settings, network=network, data=data)
app.synth()
