"""Whether the head of the audit log goes anywhere, and whether that place can be read."""

from dataclasses import replace

from sandbox.aws.process import SandboxAws
from tests.lab import account_id, some_catalog
from workflows.aws.objects import Objects
from workflows.catalog.model import Mechanism
from workflows.catalog.outside import Bucket, Outside
from workflows.doctor import catalog as catalogs
from workflows.doctor import run
from workflows.doctor.finding import Colour

NOWHERE = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=("alice",))


def test_a_log_that_is_anchored_nowhere_is_a_finding() -> None:
    bucket, channel = Outside(bucket=Bucket("our-audit", "")), Outside(channel="C0AUDIT")

    found = {one.check: one.colour for one in catalogs.findings(NOWHERE)}
    elsewhere = [catalogs.findings(replace(NOWHERE, outside=one)) for one in (bucket, channel)]

    assert found["anchors-none"] is Colour.YELLOW
    assert [one.check for found in elsewhere for one in found if "anchor" in one.check] == []


def test_a_bucket_that_cannot_be_listed_is_a_finding_with_its_address(aws: SandboxAws) -> None:
    home = account_id()
    bucket = Bucket(f"audit-{home}", "kept/")
    objects = Objects(aws.session(aws.root(home)), bucket)
    (missing,) = run.kept(objects)
    aws.client("s3", aws.root(home)).create_bucket(Bucket=bucket.name)

    assert (missing.check, missing.colour) == ("anchors-unread", Colour.RED)
    assert f"s3://audit-{home}/kept/" in missing.wrong
    assert "NoSuchBucket" in missing.wrong
    assert run.kept(objects) == []
    assert run.kept(None) == []
    aws.empty(home)
