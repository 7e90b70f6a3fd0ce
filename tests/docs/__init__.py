"""Runs the commands of the documents against an embedded AWS: ``make commands``."""
