"""Who may connect to the load balancer."""

from settings.section import Section


class Ingress(Section):
    """Who may connect to the load balancer, from where, and what is logged of it. By default, everyone may."""
