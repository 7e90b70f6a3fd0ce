"""What ``ops recover`` is made of."""
