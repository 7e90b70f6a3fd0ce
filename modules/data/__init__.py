"""The constructs of the data stack."""
