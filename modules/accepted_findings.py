"""What the policy scan finds and this project accepts: said next to the resource, with the reason.

Terraform ignores everything under ``//``, so a reason is in the synthesized JSON too, for ``make lint`` to read. An
acceptance that no environment needs any longer fails there as well.
"""

from collections.abc import Mapping

from cdktf import TerraformElement

AWS_KEY_SUFFICES = (
    "AWS's own key encrypts it; a customer-managed one costs money and keeps nobody out, since whoever may read this "
    "would be given that key too"
)


def accept_findings(resource: TerraformElement, reasons: Mapping[str, str]) -> None:
    """Accepts, for this resource alone, each checkov check that ``reasons`` names by its id."""
    resource.add_override("//.checkov", dict(reasons))
