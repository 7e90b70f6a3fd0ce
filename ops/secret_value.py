"""What a secret holds."""

from ops.environment import Environment


def secret_value(environment: Environment, secret: str) -> str | None:
    """The value of a secret by its name or ARN; None if the secret is absent, empty or scheduled for deletion."""
    client = environment.session.client("secretsmanager")
    try:
        return client.get_secret_value(SecretId=secret).get("SecretString")
    except (client.exceptions.ResourceNotFoundException, client.exceptions.InvalidRequestException):
        return None
