"""What an environment costs in a month, from the resources of its synthesized JSON or of Terraform's plans.

It knows the types of resources, and of the stacks that make them only what publishes custom metrics.
"""

HOURS_A_MONTH = 730
"""As in AWS's own calculators: 365 days of 24 hours, divided by 12."""
