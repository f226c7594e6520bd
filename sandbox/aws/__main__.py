"""`python -m sandbox.aws --port 0 --clock FILE --root-secret SECRET`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sandbox.aws.emulator import Emulator
from sandbox.aws.loading import Ministack, WrongVersionError, ministack
from sandbox.aws.partition import PARTITIONS, Partition
from sandbox.aws.server import listen, serve
from sandbox.clock import SharedClock


def main(argv: Sequence[str], load: Callable[[Partition], Ministack] = ministack) -> int:
    """Serves until told to stop; the exit code: 0 stopped, 2 cannot run, 3 does not enforce."""
    parser = argparse.ArgumentParser(prog="sandbox.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--clock", type=Path, required=True, help="the file of the shared clock")
    parser.add_argument("--root-secret", required=True, help="secret of every account's root")
    parser.add_argument("--attached", action="store_true", help="stop when stdin is closed")
    parser.add_argument("--partition", choices=PARTITIONS, default="aws")
    options = parser.parse_args(argv)
    try:
        parts = load(PARTITIONS[options.partition])
        listening = listen(options.port)
    except (WrongVersionError, OSError) as error:
        sys.stderr.write(f"The sandbox AWS does not start: {error}.\n")
        return 2
    with SharedClock(options.clock) as clock:
        emulator = Emulator(parts, clock, options.root_secret)
        emulator.install()
        serving = serve(emulator, options.root_secret, listening, attached=options.attached)
        return asyncio.run(serving)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
