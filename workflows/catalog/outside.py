"""Where the head of the audit log goes, out of the database's reach."""

import re
from dataclasses import dataclass
from typing import Final

_ADDRESS: Final = re.compile(
    r"s3://(?P<name>(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[\w!.*'()/-]*))?",
    re.ASCII,
)
"""Names of buckets, and characters that are safe in keys (Amazon S3 User Guide, "General purpose
bucket naming rules", "Naming Amazon S3 objects").
"""

_LONGEST_PREFIX: Final = 900  # a key has at most 1024 bytes


@dataclass(frozen=True)
class Bucket:
    """A place in S3. `prefix` is empty, or ends with a slash."""

    name: str
    prefix: str

    def address(self, key: str) -> str:
        """Of an object there, as people write it."""
        return f"s3://{self.name}/{key}"


@dataclass(frozen=True)
class Outside:
    """A channel of Slack, a bucket, both or neither."""

    channel: str | None = None
    bucket: Bucket | None = None

    @property
    def is_anywhere(self) -> bool:
        """Whether it goes anywhere at all."""
        return self.channel is not None or self.bucket is not None


NOWHERE: Final = Outside()


def address(text: str) -> str:
    """`s3://bucket/prefix`. Raises ValueError: how to get it right."""
    found = _ADDRESS.fullmatch(text)
    if found is None or text.count("//") > 1 or len(text) > _LONGEST_PREFIX:
        raise ValueError(
            "A place in S3 is a bucket and a prefix, like s3://our-audit/xacct: the bucket by its "
            "name, the prefix of letters, digits and / ! - _ . * ' ( )."
        )
    return text


def bucket(text: str) -> Bucket:
    """The place that such an address names."""
    name, _, prefix = text.removeprefix("s3://").partition("/")
    bare = prefix.strip("/")
    return Bucket(name, f"{bare}/" if bare else "")
