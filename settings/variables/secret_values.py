"""Which environment variables look like secrets, by their names and by their values.

Task definitions and Terraform's JSON show the variables of ``langfuse.environment`` to everyone who may read them.
"""

import re
from urllib.parse import unquote

NAME = re.compile(
    r"PASS(?!IVE|THROUGH)|PWD|SECRET(?!ARY)|(TOKEN|KEY)S?(?![A-Z])|SALT(?![A-Z])|ACCESSKEY|LICEN[CS]E|CREDENTIAL"
    r"|(?<![A-Z])CREDS?(?![A-Z])|DSN(?![A-Z])"
    r"|(^|_)AUTH$|AUTHORIZATION$|OTLP_(\w+_)?HEADERS$"
)
"""What the names of secrets contain."""
NO_SECRET_IN_NAME = re.compile(
    # Public keys, the identifiers of KMS keys, and other words.
    r"PUBLIC_(POSTHOG_)?KEY|(?<!ACCESS_)KEY_ID(?![A-Z])|BYPASS|COMPASS|MONKEY|TURKEY"
    # Numbers, switches and places: LANGFUSE_S3_LIST_MAX_KEYS, LANGFUSE_CACHE_API_KEY_ENABLED, REDIS_TLS_KEY_PATH.
    r"|MAX_(TOKENS|KEYS)|(TOKEN|KEY)_(COUNT|MAX|LIMIT|TTL)|ID_TOKEN(?=$|_SIGNED_RESPONSE_ALG$)"
    r"|DISABLE_USERNAME_PASSWORD|TOKEN_(URL|ENDPOINT)$"
    r"|[A-Z]+_(ENABLED|DISABLED|REQUIRED|SECONDS|MS|BYTES|PREFIX|PATH|FILE|ARN|ALG|TYPE)$"
)
"""What is taken out of a name before it is looked at."""

VALUE = re.compile(
    # User and password, or a token alone, in a URL of any scheme; a password may have a slash in it. Its length is
    # limited, so that a long value is not searched for minutes.
    r"://[^\s/?#]*@|://[^\s/?#:@]*:(?![0-9]+[\s/?#,])[^@]{0,500}@"
    # The same without a scheme: me:password@proxy:3128.
    r"|(?:^|[\s,;])(?://)?(?!mailto:)[^\s/@:,;\"'{}\[\]]+:(?!//)[^\s@\"']{1,500}@[\w.-]+"
    # name=value as in query strings and in connection strings; a header; a JSON object.
    r"|(?:pass|password|passwd|passphrase|secret|token|credential|signature|(?:api|access|account|secret|private)[-_]?key"
    r"|\bsig|\bpwd|[?&]key)[\"']?\s*=\s*[^\s&;]"
    r"|\b(?:authorization|x-api-key|api[-_]?key)\s*[:=]\s*\S"
    r"|[\"'](?:password|secret|token|private_key|client_secret|api_?key)[\"']\s*:"
    r"|\b(?:bearer|basic)\s+(?=\S*[0-9=])[\w+/=.-]{8,}"
    # The form of known keys: AWS, Langfuse and its licence, OpenAI, GitHub, GitLab, Slack, Google, a JWT, PEM.
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\b(?:sk-|sk_|lf_sk_|langfuse_ee_|langfuse_pro_)[\w-]{6,}"
    r"|\b(?:gh[pousr]_|github_pat_)\w{10,}|\bglpat-[\w-]{10,}|\bxox[a-z]-[\w-]{8,}"
    r"|hooks\.slack\.com/(?:services|workflows)/|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.eyJ|-----BEGIN [A-Z ]*PRIVATE KEY",
    re.IGNORECASE,
)
"""What a secret value contains."""

REMEDY = (
    "looks like a secret: store it in Secrets Manager, and write the secret's ARN to langfuse.secrets, for example"
    ' {name} = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:langfuse-AbCdEf"'
)


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable with this name and value is, or may be, a secret. Percent-encoding hides nothing."""
    return is_secret_name(name) or any(VALUE.search(text) for text in (value, unquote(value)))


def is_secret_name(name: str) -> bool:
    """Whether the name alone says that the value is a secret."""
    return bool(NAME.search(NO_SECRET_IN_NAME.sub("", name)))
