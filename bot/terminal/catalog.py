"""`xacct catalog check` and `schema`."""

import argparse
import json
import os
import sys

from bot import told
from bot.told import catalog_path
from workflows.catalog.editors import for_editors
from workflows.clock import Clock


def check(said: argparse.Namespace, _clock: Clock) -> int:
    """Raises Mistakes with everything that is wrong."""
    chosen = said.file or catalog_path(os.environ)
    found = told.catalog(chosen)
    sys.stdout.write(
        f"{chosen} is right. Accounts: {len(found.accounts)}, roles: {len(found.roles)}, "
        f"machines: {len(found.machines)}.\n"
    )
    return 0


def schema(_said: argparse.Namespace, _clock: Clock) -> int:
    """The schema, as an editor reads it."""
    sys.stdout.write(f"{json.dumps(for_editors(), indent=2)}\n")
    return 0
