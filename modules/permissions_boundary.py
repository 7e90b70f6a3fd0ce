"""The permissions boundary of every role of a stack."""

import jsii
from cdktf import Aspects, IAspect, TerraformStack
from cdktf_cdktf_provider_aws.iam_role import IamRole
from constructs import IConstruct


def set_permissions_boundary(stack: TerraformStack, policy_arn: str) -> None:
    """Sets the managed policy as the permissions boundary of all roles of the stack, those made later included.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    Aspects.of(stack).add(_PermissionsBoundary(policy_arn))


@jsii.implements(IAspect)
class _PermissionsBoundary:
    def __init__(self, policy_arn: str) -> None:
        self._policy_arn = policy_arn

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, IamRole):
            node.permissions_boundary = self._policy_arn
