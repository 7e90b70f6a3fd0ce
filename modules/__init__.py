"""The constructs that the stacks are composed of, one per file.

A construct is in the folder of the stack that owns it: ``network``, ``data``, ``services``. Beside the folders is what
several stacks use, and ``langfuse.py``, the contract with Langfuse's containers.
"""
