"""`python -m demo.bot CLOCK`: `xacct run` with the sandbox's clock, and nothing else."""

import sys
from pathlib import Path

from bot.__main__ import main
from sandbox.clock import SharedClock

if __name__ == "__main__":
    with SharedClock(Path(sys.argv[1])) as clock:
        sys.exit(main(["run"], clock=clock))
