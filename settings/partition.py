"""The AWS partitions that this project deploys to. A partition is the second part of every ARN: ``arn:aws-cn:…``.

Source: botocore's partitions.json; the tests compare this table with it. The European Sovereign Cloud and the isolated
partitions are left out, since nothing here was ever checked against them.
"""

import re

REGIONS_BY_PARTITION = {
    "aws": r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d",
    "aws-cn": r"cn-[a-z]+-\d",
    "aws-us-gov": r"us-gov-[a-z]+-\d",
}
"""A pattern of the names of each partition's Regions."""


def partition_of(region: str) -> str:
    """The partition of a Region: ``aws`` of ``eu-central-1``.

    Raises:
        ValueError: if the Region is of no known partition.
    """
    for partition, regions in REGIONS_BY_PARTITION.items():
        if re.fullmatch(regions, region):
            return partition
    raise ValueError(f"must be an AWS Region of the partition {' or '.join(REGIONS_BY_PARTITION)}")
