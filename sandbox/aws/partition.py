"""Partitions of AWS: each has ARNs and regions of its own, and nobody crosses over.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Partition:
    """`name` is what its ARNs begin with; `region` is where its IAM is and its events are told."""

    name: str
    region: str
    regions: tuple[str, ...]  # how the names of its regions begin

    def arn(self, service: str, account_id: str, resource: str) -> str:
        """The ARN of something that is in no region."""
        return f"arn:{self.name}:{service}::{account_id}:{resource}"

    def holds(self, region: str) -> bool:
        """Whether a region is one of this partition."""
        return region.startswith(self.regions) and (
            self.name != "aws" or not region.startswith(("cn-", "us-gov-", "us-iso"))
        )


AWS = Partition("aws", "us-east-1", ("us-", "eu-", "ap-", "ca-", "sa-", "me-", "af-", "il-", "mx-"))
PARTITIONS = {
    "aws": AWS,
    "aws-cn": Partition("aws-cn", "cn-north-1", ("cn-",)),
    "aws-us-gov": Partition("aws-us-gov", "us-gov-west-1", ("us-gov-",)),
}
