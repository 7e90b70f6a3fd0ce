"""The least that any CDKTF app costs: ``import cdktf`` and the synth of an empty App."""

from cdktf import App

App().synth()
