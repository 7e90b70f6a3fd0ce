"""Where Amazon SES is, and where its keys for DKIM are published."""

OLDEST_LANGFUSE = "3.176.0"
"""The first Langfuse that sends with the task role, for an SMTP_CONNECTION_URL of ses://: langfuse/langfuse#13670."""

REGIONS_WITHOUT_SES = (
    *("ap-east-1", "ap-east-2", "ap-southeast-4", "ap-southeast-6", "ap-southeast-7"),
    *("cn-north-1", "cn-northwest-1", "eu-south-2", "mx-central-1"),
)
"""Of the Regions in partition.py. Source: botocore's endpoints.json; the tests compare this table with it."""

REGIONS_WITH_OWN_DKIM_DOMAIN = (
    *("af-south-1", "ap-northeast-3", "ap-south-2", "ap-southeast-3", "ap-southeast-5", "ca-west-1", "eu-central-2"),
    *("eu-south-1", "il-central-1", "me-central-1", "us-gov-east-1"),
)
"""Source: https://docs.aws.amazon.com/general/latest/gr/ses.html#ses_dkim_domains"""


def dkim_domain(region: str) -> str:
    """The domain of the keys with which SES signs mails in a Region, that the records of an identity point to."""
    return f"dkim.{region}.amazonses.com" if region in REGIONS_WITH_OWN_DKIM_DOMAIN else "dkim.amazonses.com"
