"""Findings of the policy scan that this project accepts, each next to the resource it is about, with the reason.

Terraform ignores everything under ``//``, so the reason is in the synthesized JSON as well, where ``make lint`` reads
it. ``make lint`` also fails on an acceptance that no environment needs any longer.
"""

from collections.abc import Mapping

from cdktf import TerraformElement

AWS_KEY_SUFFICES = (
    "AWS's own key encrypts it; a customer-managed one costs money and keeps nobody out, since whoever may read this "
    "would be given that key too"
)

LOG4J_IN_BODIES = (
    "Its web ACL, if it has one, blocks Log4JRCE in headers, paths and queries; in bodies, traces may contain it"
)


def accept_findings(resource: TerraformElement, reasons: Mapping[str, str]) -> None:
    """Accepts checkov's findings on this resource, in addition to those that are accepted already.

    Args:
        resource: the only resource that they are accepted for.
        reasons: why, by the id of checkov's check.
    """
    for check, reason in reasons.items():
        resource.add_override(f"//.checkov.{check}", reason)
