"""What the policies of an IAM role allow."""

from collections.abc import Mapping

from ops.environment import Environment


def may(
    environment: Environment, role_arn: str, action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Whether the role may do the action with the resource, as IAM simulates it.

    ``context`` has the values of the condition keys in the request. Policies of the resource are not part of a
    simulation for a role: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    # One resource per request: IAM answers for several in two different forms.
    answer = environment.session.client("iam").simulate_principal_policy(
        PolicySourceArn=role_arn,
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in (context or {}).items()
        ],
    )
    return answer["EvaluationResults"][0]["EvalDecision"] == "allowed"
