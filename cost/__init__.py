"""What an environment costs in a month, from the resources of its synthesized JSON or of Terraform's plans.

It knows the types of resources, and nothing of the stacks that make them.
"""

HOURS_A_MONTH = 730
"""As in AWS's own calculators: 365 days of 24 hours, divided by 12."""
