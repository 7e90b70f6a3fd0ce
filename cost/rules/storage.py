"""Buckets, secrets and keys."""

from collections.abc import Iterator

from cost.item import Item
from cost.resources import Resource, Resources
from cost.usage import Usage


def bucket(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """What the buckets hold, and the uploads: Langfuse stores every event that it receives."""
    stored = resources.share(resource, usage.stored_gb)
    yield Item("storage", "what the buckets hold", stored, "s3-gb", ("stored_gb",))
    uploads = resources.share(resource, usage.requests_millions * 1_000)
    yield Item("storage", "uploads", uploads, "s3-1k-uploads", ("requests_millions",))


def secret(_: Resource, __: Resources, ___: Usage) -> Iterator[Item]:
    """A secret. The tasks read it when they start, which costs nothing to speak of."""
    yield Item("secrets and key", "secrets", 1, "secret")


def key(resource: Resource, resources: Resources, usage: Usage) -> Iterator[Item]:
    """A key, and its use."""
    yield Item("secrets and key", "KMS key", 1, "kms-key")
    requests = resources.share(resource, usage.requests_millions * 100)
    yield Item("secrets and key", "requests to KMS", requests, "kms-10k-requests", ("requests_millions",))
