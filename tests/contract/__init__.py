"""The rules for environment variables that Langfuse's own schemas state, to test what the stacks set against them.

``python -m tests.contract`` derives them from a clone of langfuse/langfuse: only names, types and limits, no code.
"""
