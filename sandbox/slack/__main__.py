"""`python -m sandbox.slack --port 0 --clock FILE [--workspace FILE.json] [--manifest FILE.yaml]`.

It serves until SIGTERM.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from sandbox.clock import SharedClock
from sandbox.slack.core import Slack
from sandbox.slack.manifest import Manifest
from sandbox.slack.server import Server
from sandbox.slack.values import READY, Json


async def serve(slack: Slack, port: int, workspace: Json, *, with_parent: bool) -> None:
    """Serves until SIGTERM or SIGINT; says on one line of standard output where.

    `with_parent`: also until standard input ends, as it does when whoever started us is gone.
    """
    server = Server(slack)
    server.furnish(workspace)
    url = await server.start(port)
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    if with_parent:
        asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    sys.stdout.write(f"{READY}{url}/\n")
    sys.stdout.flush()
    await over.wait()
    await server.stop()


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--clock", type=Path, required=True, help="the shared clock's file")
    parser.add_argument("--workspace", type=Path, help="people, channels and groups, as JSON")
    parser.add_argument("--manifest", type=Path, help="the app's; without it nothing is forbidden")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    said = parser.parse_args()
    workspace = json.loads(said.workspace.read_text()) if said.workspace else {}
    manifest = Manifest.read(said.manifest) if said.manifest else None
    with SharedClock(said.clock) as clock:
        slack = Slack(clock, manifest)
        asyncio.run(serve(slack, said.port, workspace, with_parent=said.with_parent))


if __name__ == "__main__":
    main()
