"""Derives the rules for environment variables that Langfuse's own schemas state.

``python -m tests.contract`` reads them in a clone of langfuse/langfuse: only names, types and limits, no code.
"""
