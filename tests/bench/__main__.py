"""`make bench`: measures the real bot between both sandboxes and prints what was measured."""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from rich.console import Console

from demo.telling import WIDTH
from tests.bench import burst, grants, inbox, log, opening, setup, storm

BENCHES: Final[dict[str, Callable[[Console], None]]] = {
    "inbox": inbox.measure,
    "opening": opening.measure,
    "grants": grants.measure,
    "burst": burst.measure,
    "storm": storm.measure,
    "setup": setup.measure,
    "log": log.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := sorted({*names} - BENCHES.keys()):
        parser.error(f"there is no bench called {', '.join(unknown)}")
    console = Console(soft_wrap=True, width=WIDTH)
    for name in names:
        BENCHES[name](console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
