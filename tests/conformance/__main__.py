"""`python -m tests.conformance`: puts every check to the sandbox, or to real accounts.

Real accounts are named by AWS profiles that may manage IAM there. All that is made has throw-away
names and is removed after each check, also after a failure.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from sandbox.aws.partition import PARTITIONS
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.conformance.checks import Check, Need
from tests.conformance.every import every_check
from tests.conformance.places import real_world, sandbox_world
from tests.conformance.world import Surprise, World

AS_AWS, OTHERWISE, NOT_ASKED = "as AWS", "otherwise", "not asked"


@dataclass(frozen=True)
class Finding:
    """What came of one check: the verdict, and why it is not `AS_AWS`."""

    check: Check
    verdict: str
    why: str = ""


def findings(world: World, lacking: set[Need], checks: Sequence[Check]) -> Iterator[Finding]:
    """Puts the checks to a world, one by one; those it cannot be asked are told with the reason."""
    for check in checks:
        if missing := check.needs & lacking:
            yield Finding(check, NOT_ASKED, ", ".join(sorted(need.value for need in missing)))
        else:
            yield _finding(world, check)


def _finding(world: World, check: Check) -> Finding:
    try:
        with world.tidied():
            check.ask(world)
    except (Surprise, ClientError, BotoCoreError) as error:
        return Finding(check, OTHERWISE, str(error))
    return Finding(check, AS_AWS)


def main(argv: Sequence[str], console: Console) -> int:
    """Prints the table; the exit code is 1 when something is otherwise than on AWS."""
    parser = argparse.ArgumentParser(prog="tests.conformance", description=__doc__)
    parser.add_argument("--owner-profile", help="AWS profile of the account that holds roles")
    parser.add_argument("--grantee-profile", help="AWS profile of the account that holds users")
    parser.add_argument("--third-profile", help="AWS profile of a third account")
    parser.add_argument("--partition", choices=PARTITIONS, default="aws", help="the sandbox's")
    parser.add_argument("--only", default="", help="ids that begin with this, such as C or E1")
    options = parser.parse_args(argv)
    if bool(options.owner_profile) != bool(options.grantee_profile):
        parser.error("--owner-profile and --grantee-profile go together")
    checks = [check for check in every_check() if check.id.startswith(options.only)]
    try:
        with _world(options) as (world, lacking):
            found = list(findings(world, lacking, checks))
    except (BotoCoreError, ClientError) as error:
        parser.error(f"AWS cannot be asked as these profiles say: {error}")
    console.print(_table(found))
    counts = dict.fromkeys((AS_AWS, OTHERWISE, NOT_ASKED), 0)
    for finding in found:
        counts[finding.verdict] += 1
    console.print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return int(counts[OTHERWISE] > 0)


@contextmanager
def _world(options: argparse.Namespace) -> Iterator[tuple[World, set[Need]]]:
    if options.owner_profile:
        yield real_world(options.owner_profile, options.grantee_profile, options.third_profile)
        return
    with (
        tempfile.TemporaryDirectory() as directory,
        SharedClock(Path(directory) / "clock") as clock,
        SandboxAws.start(clock, partition=options.partition) as aws,
    ):
        yield sandbox_world(aws, clock), set()


def _table(found: Sequence[Finding]) -> Table:
    table = Table("id", "what AWS does", "verdict")
    for finding in found:
        verdict = f"{finding.verdict}: {finding.why}" if finding.why else finding.verdict
        table.add_row(finding.check.id, finding.check.title, verdict)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Console()))
