"""The embedded AWS: a place on 127.0.0.1 to really deploy to, with no account.

It is a target, never an environment: the stacks know nothing of it, only ``AWS_ENDPOINT_URL`` points at it.
"""
