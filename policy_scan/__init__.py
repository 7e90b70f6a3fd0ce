"""The policy scan of ``make lint``: checkov over what every environment synthesizes.

checkov 3.3 fails on Terraform's newer blocks, reads each stack alone, and has no exceptions for JSON. So the stacks are
merged into one configuration first, and the findings that the modules accept (``modules/accepted_findings.py``) are
removed afterwards. A plan, which needs an account, would show checkov nothing more.
"""
