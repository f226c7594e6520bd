"""Objects in a bucket of S3, with xacct's own keys."""

from datetime import datetime
from typing import Final

import boto3

from workflows.aws.errors import translated
from workflows.aws.fence import CONFIG
from workflows.catalog.outside import Bucket
from workflows.errors import Trouble

PAGES: Final = 100
"""Lists of a thousand keys that are read at most: a lifetime of days."""

_LARGEST: Final = 10_000  # bytes of what we read: ours are a few hundred


class Objects:
    """What lies under a prefix. Nothing that is there is ever written over or taken away."""

    def __init__(self, session: boto3.Session, bucket: Bucket) -> None:
        self.bucket = bucket
        with translated("s3"):
            self._client = session.client("s3", config=CONFIG)

    def ask(self) -> None:
        """Lists one object at most, and does nothing with it. Raises Trouble."""
        with translated("s3:ListBucket"):
            self._client.list_objects_v2(
                Bucket=self.bucket.name, Prefix=self.bucket.prefix, MaxKeys=1
            )

    def put(self, name: str, body: str) -> bool:
        """Puts an object where none is; False: there is one. Raises Trouble.

        S3 decides (S3 API, PutObject, If-None-Match): of two who come at once one puts it.
        """
        try:
            with translated("s3:PutObject"):
                self._client.put_object(
                    Bucket=self.bucket.name,
                    Key=f"{self.bucket.prefix}{name}",
                    Body=body.encode(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
        except Trouble as trouble:
            if trouble.code != "PreconditionFailed":
                raise
            return False
        return True

    def all(self) -> list[tuple[str, datetime]]:
        """The names of all objects, and when each was put there. Raises Trouble, also where there
        are so many that the last ones, which count most, would be missing: more than PAGES.
        """
        found: list[tuple[str, datetime]] = []
        with translated("s3:ListBucket"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket.name, Prefix=self.bucket.prefix
            )
            for number, page in enumerate(pages, 1):
                if number > PAGES:
                    raise Trouble("s3:ListBucket", "TooMany", _too_many(self.bucket))
                found += [(one["Key"], one["LastModified"]) for one in page.get("Contents", [])]
        return [(key.removeprefix(self.bucket.prefix), at) for key, at in found]

    def read(self, name: str) -> str:
        """The text of an object, of a long one its beginning. Raises Trouble."""
        with translated("s3:GetObject"):
            found = self._client.get_object(
                Bucket=self.bucket.name, Key=f"{self.bucket.prefix}{name}"
            )
            body: bytes = found["Body"].read(_LARGEST)
        return body.decode(errors="replace")


def _too_many(bucket: Bucket) -> str:
    return f"more than {PAGES} lists of objects are under {bucket.address(bucket.prefix)}"
