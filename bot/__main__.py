"""`python -m bot`, and the console script `xacct`. A command loads what it needs, and no more."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from bot.terminal import arguments, masking
from bot.told import Mistakes
from workflows.clock import Clock, SystemClock

WRONG: Final = 2
"""The exit code for what a person has to mend before xacct can run."""

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

COMMANDS: Final[Mapping[tuple[str, str | None], str]] = {
    ("run", None): "bot.run:run",
    ("catalog", "check"): "bot.terminal.catalog:check",
    ("catalog", "schema"): "bot.terminal.catalog:schema",
    ("catalog", "import"): "bot.terminal.intake:catalog_import",
    ("rules", "explain"): "bot.terminal.rules:explained",
    **{("setup", one): "bot.setup.cli:setup" for one in arguments.SETUP},
    ("audit-access", None): "bot.terminal.reach:audit_access",
    ("doctor", None): "bot.doctor.cli:doctor",
    ("drift", None): "bot.terminal.drift:drift",
    ("report", None): "bot.terminal.report:report",
    ("db", "upgrade"): "bot.terminal.database:upgrade",
    ("db", "accept-restore"): "bot.terminal.drift:accept_restore",
    ("audit", None): "bot.terminal.audit:show",
    ("audit", "verify"): "bot.terminal.audit:verify",
    ("audit", "anchor"): "bot.terminal.anchor:anchor",
}
"""The function of each command, by its module. It takes what was said (argparse) and the clock, and
returns the exit code; it may raise Mistakes.
"""


def main(argv: Sequence[str] | None = None, *, clock: Clock | None = None) -> int:
    """Runs one command; returns the exit code. `clock` is the machine's unless one is given."""
    words = sys.argv[1:] if argv is None else argv
    with masking.shown(hides=masking.is_asked(words)) as shown:
        return _run(words, clock or SystemClock())
    return WRONG if shown.code is None else shown.code


def _run(words: Sequence[str], clock: Clock) -> int:
    said = arguments.parse(words)
    module, _, name = COMMANDS[said.verb, getattr(said, "what", None)].partition(":")
    try:
        command: Callable[..., int] = getattr(import_module(module), name)
        return command(said, clock)
    except Mistakes as mistakes:
        sys.stderr.write(f"{mistakes}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: what was not said is not known.\n")
        return INTERRUPTED
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
