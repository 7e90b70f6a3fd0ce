"""The constructs of the services stack."""
