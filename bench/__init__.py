"""Benchmark of synth and the ``make`` targets, reported as ratios within one run.

Durations depend on the machine; ratios can be compared. ``copies`` and ``floor`` are programs to measure.
"""
