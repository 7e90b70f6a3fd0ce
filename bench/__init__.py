"""How fast the stacks synthesize, as ratios within one run. The programs here are measured, not imported."""
