"""``python -m bench.copies N``: synthesizes N copies of the three stacks in one App."""

import lazy_bindings  # noqa: F401

import sys

from cdktf import App
from constructs import Construct

from settings import load_or_exit
from stacks import add_stacks

settings = load_or_exit()
app = App()
for number in range(int(sys.argv[1])):
    add_stacks(Construct(app, f"copy-{number}"), settings)
app.synth()
