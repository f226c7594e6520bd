"""`xacct audit anchor`: the head of the audit log is written down, now."""

import argparse
import os
import sys
from collections.abc import Iterator

from bot import told
from bot.terminal.database import existing, require_key
from bot.terminal.who import who
from bot.told import Mistakes, catalog_path
from db import audit
from workflows import anchors
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.errors import Refused, Trouble


def anchor(_said: argparse.Namespace, clock: Clock) -> int:
    """Shows the head, whole, and says where the running xacct puts it."""
    catalog = told.catalog(catalog_path(os.environ))
    with existing(clock) as database:
        require_key(database)
        by = who()
        try:
            with database.write() as session:
                made = anchors.ask(session, by, clock.now())
        except Refused as refused:
            raise Mistakes(str(refused), []) from None
    sys.stdout.write(f"audit {made.number} · {made.hash[: anchors.SHORT]}\n{made.hash}\n")
    places = list(_places(catalog))
    where = (
        f"xacct puts it {' and '.join(places)}, while it runs.\n"
        if places
        else "The catalog names no place for it (`slack.audit_channel`, `audit.s3`): keep it "
        "yourself, where nobody reaches who reaches the database.\n"
    )
    sys.stdout.write(where)
    return 0


def kept() -> Iterator[audit.Anchor]:
    """The newest anchors of the catalog's bucket. Where they cannot be read that is said."""
    try:
        objects = anchors.objects_of(told.catalog(catalog_path(os.environ)))
        if objects is not None:
            yield from anchors.kept(objects)
    except (Mistakes, Trouble) as trouble:
        sys.stderr.write(f"Anchors in S3 are not known: {trouble}\n")


def _places(catalog: Catalog) -> Iterator[str]:
    outside = catalog.outside
    if outside.channel is not None:
        yield f"into the channel {outside.channel}"
    if outside.bucket is not None:
        yield f"under {outside.bucket.address(outside.bucket.prefix)}"
