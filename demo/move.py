"""`python -m demo.move CLOCK 1h`: moves the clock that both sandboxes and the bot share."""

import argparse
import sys
from pathlib import Path

from sandbox.clock import SharedClock
from workflows.durations import parse_duration
from workflows.errors import Refused


def main() -> int:
    """Moves it forward; prints the new moment."""
    parser = argparse.ArgumentParser(prog="python -m demo.move", description=__doc__)
    parser.add_argument("clock", type=Path, help="the file that `make demo ARGS=--keep` names")
    parser.add_argument("by", help="how far: 30m, 1h30m, 2d")
    said = parser.parse_args()
    try:
        by = parse_duration(said.by)
    except Refused as refused:
        parser.error(str(refused))
    if by is None:
        parser.error("write a length of time like 30m, 1h30m or 2d")
    if not said.clock.exists():
        parser.error(f"{said.clock} is not there: no demo runs with it")
    with SharedClock(said.clock) as clock:
        sys.stdout.write(f"It is now {clock.move(by):%Y-%m-%d %H:%M:%S} UTC.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
