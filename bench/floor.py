"""The work that no CDKTF app can avoid: ``import cdktf`` and the synth of an empty App."""

from cdktf import App

App().synth()
