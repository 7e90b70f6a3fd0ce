"""Tests that change every setting of a deployed environment. They take longer than the others: ``make changes``."""
