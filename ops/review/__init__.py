"""What ``ops plan-review`` reports about plans."""
