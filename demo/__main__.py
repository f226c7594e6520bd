"""`make demo`: the main job, played with real calls against both sandboxes."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final, NoReturn

from demo.invitation import invite
from demo.stage import Broken, Stage
from demo.story import play
from demo.telling import Telling, Unexpected
from sandbox.aws.process import StartError
from sandbox.slack.process import NeverSeen

CATALOG: Final = Path(__file__).with_name("catalog.yaml")
INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None, *, catalog: str | None = None) -> int:
    """Plays the story; 0 when every step was as expected, 1 when one was not.

    `catalog` is the text of another one than the demo's own.
    """
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running at the end, to try it"
    )
    said = parser.parse_args(argv)
    telling, begun = Telling(), monotonic()
    telling.begin("Starting a sandbox AWS, a sandbox Slack and the bot, each a process of its own.")
    try:
        with Stage.set_up(catalog or CATALOG.read_text()) as stage:
            played = _played(stage, telling)
            if played and said.keep:
                telling.end(monotonic() - begun)
                invite(stage, telling)
    except (Broken, StartError) as broken:
        telling.broken(f"starting it all: {broken}")
        return 1
    except KeyboardInterrupt:
        telling.say("\nStopped, and everything with it.")
        return 0 if said.keep else INTERRUPTED
    if played:
        telling.end(monotonic() - begun)
    return 0 if played else 1


def _played(stage: Stage, telling: Telling) -> bool:
    """Whether all of it was as expected; if not, that is told with the bot's last lines."""
    try:
        stage.start_bot()
        play(stage, telling)
    except (Unexpected, NeverSeen, Broken) as trouble:
        telling.broken(str(trouble), stage.last_lines())
        return False
    return True


def _go(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    for _name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[_name]  # all that is called here is on this machine
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` had switched it off
    for _number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(_number, _go)  # leaves by the same door as everybody: all is stopped
    sys.exit(main())
