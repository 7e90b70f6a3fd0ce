"""Draws an environment's architecture from the synthesized JSON of its stacks."""
