"""The constructs of the network stack."""
