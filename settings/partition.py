"""The AWS partitions that this project deploys to. A partition is the second part of every ARN: ``arn:aws-cn:…``.

Source: botocore's partitions.json; the tests compare this table with it, so that a botocore that knows another Region
says so. The European Sovereign Cloud and the isolated partitions are left out, since nothing here was ever checked
against them.
"""

REGIONS_BY_PARTITION = {
    "aws": (
        "af-south-1",
        *("ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2"),
        *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6"),
        *("ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1"),
        *("eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1"),
        *("mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    ),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
}

CLOUDFRONT_REGION = "us-east-1"
"""The Region of CloudFront's certificates and web ACLs, wherever the origin is.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html,
https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
"""
OPT_IN_REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1"),
    *("me-central-1", "me-south-1", "mx-central-1"),
)
"""The Regions that an account has to opt in to. CloudFront delivers no standard logs (legacy) to buckets in them.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
"""


def partition_of(region: str) -> str:
    """The partition of a Region: ``aws`` of ``eu-central-1``.

    Raises:
        ValueError: if the Region is of no known partition.
    """
    for partition, regions in REGIONS_BY_PARTITION.items():
        if region in regions:
            return partition
    raise ValueError(
        f"must be an AWS Region of the partition {' or '.join(REGIONS_BY_PARTITION)}, such as eu-central-1"
    )
