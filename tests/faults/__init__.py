"""Tests that interrupt deploys and destroys, and break what they need, for real. They take long: ``make faults``."""
