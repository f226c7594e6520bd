"""What `xacct …` understands. Nothing is loaded for it that a command needs."""

import argparse
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.terminal import masking, setup_arguments

SETUP: Final = setup_arguments.VERBS
AUDIT: Final = ("verify", "anchor")
"""What `xacct audit` does beside answering questions."""

_ROW: Final = re.compile("[1-9][0-9]{0,10}")
_HASH: Final = re.compile("[0-9a-f]{8,64}")
_EXCLUDED: Final = re.compile("-(?!-|h$|[0-9]+$).")
_SINCE: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def parser() -> argparse.ArgumentParser:
    """All verbs with their help."""
    top = argparse.ArgumentParser(
        prog="xacct", description="Lends AWS roles in other accounts, for a while, with approval."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="run the bot until SIGTERM or SIGINT")
    _catalog(verbs)
    rules = verbs.add_parser("rules", help="ask what the catalog's rules say").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    why = rules.add_parser("explain", help="say who may have a role, by which rule, and why")
    why.add_argument("person", help="a member id in Slack, or an IAM user or address")
    why.add_argument("account")
    why.add_argument("role")
    why.add_argument("--json", action="store_true", help="for programs")
    db = verbs.add_parser("db", help="work with the database").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    db.add_parser("upgrade", help="bring the database to this version's schema")
    accept = db.add_parser("accept-restore", help="let a restored database open roles again")
    accept.add_argument("--yes", action="store_true", help="do not ask")
    drift = verbs.add_parser("drift", help="compare AWS with the database, and change nothing")
    drift.add_argument("--json", action="store_true", help="for programs")
    report = verbs.add_parser("report", help="show break-glass uses, and who signed them")
    report.add_argument("--since", type=_length, metavar="30d", help="default: all of them")
    report.add_argument("--json", action="store_true", help="for programs")
    for add in (setup_arguments.add, _reach, _doctor):
        add(verbs)
    _audit(verbs)
    masking.add(top)
    return top


def parse(words: Sequence[str]) -> argparse.Namespace:
    """What the words say. `-action:refused` is a part of a question, and no option."""
    top = parser()
    words, excluded = _apart(words)
    said, left = top.parse_known_args(words)
    left += excluded
    question = said.verb == "audit" and not [one for one in left if one.startswith("--")]
    if left and not question:
        top.error(f"unrecognized arguments: {' '.join(left)}")
    if said.verb == "audit":
        told = [*said.question, *left]
        said.what = told[0] if told and told[0] in AUDIT else None
        said.question = told[1:] if said.what else told
        if wrong := _wrong_together(said):
            top.error(wrong)
    return said


def _wrong_together(said: argparse.Namespace) -> str | None:
    """What was said with `audit` that does not go with the rest; None: all goes together."""
    if said.what and said.question:
        return f"`audit {said.what}` takes no question: {' '.join(said.question)}"
    answers = ("last", "after", "format", "follow")
    if said.what and (more := [one for one in answers if getattr(said, one) not in (None, False)]):
        return f"--{more[0]} goes with a question, not with `audit {said.what}`"
    if said.anchor and said.what != "verify":
        return "--anchor goes with `audit verify`"
    return None


def _apart(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of `audit …`, and apart from them `-hotfix` and its like, of which argparse would
    make `-h`.
    """
    verb = next((one for one in words if not one.startswith("-")), None)
    options = list(words[: words.index("--")]) if "--" in words else words
    excluded = [one for one in options if verb == "audit" and _EXCLUDED.match(one)]
    return [one for one in words if one not in excluded], excluded


def _audit(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "ask the audit log, or have its chain checked (xacct audit verify)"
    one = verbs.add_parser("audit", help=words, description=f"{words.capitalize()}.")
    one.add_argument(
        "question",
        nargs="*",
        help="as in Slack: user:alice account:prod* role:admin action:approved since:7d "
        "until:2026-01-31 id:42 words; -action:refused leaves out. Or `verify`, or `anchor`.",
    )
    one.add_argument("--last", type=_number, metavar="N", help="only the newest N (table: 20)")
    one.add_argument(
        "--after", type=int, metavar="NUMBER", help="only what stands behind the row of that number"
    )
    one.add_argument(
        "--format",
        choices=("table", "csv", "json"),
        help="json: an object a line (default: table; with --follow json)",
    )
    one.add_argument("--follow", action="store_true", help="go on with what is written from now on")
    one.add_argument(
        "--anchor",
        action="append",
        default=[],
        type=_anchor,
        metavar="NUMBER:HASH",
        help="with verify: a row as a card or the audit channel told it; may be repeated",
    )


def _anchor(text: str) -> tuple[int, str]:
    number, _, short = text.replace(",", "").partition(":")
    right = _ROW.fullmatch(number) and _HASH.fullmatch(short.casefold())
    if not right:
        raise argparse.ArgumentTypeError("a row's number and its hash's beginning: 1234:9f3a2b1c")
    return int(number), short.casefold()


def _catalog(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    whats = verbs.add_parser("catalog", help="work with the catalog file").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    check = whats.add_parser("check", help="say what is wrong with the catalog, if anything")
    check.add_argument("file", nargs="?", type=Path, help="default: XACCT_CATALOG, or xacct.yaml")
    whats.add_parser("schema", help="print the catalog's JSON Schema, for editors")
    _import(whats)


def _import(whats: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "show which accounts and roles of the organization the catalog lacks, or add them"
    one = whats.add_parser("import", help=words, description=f"{words.capitalize()}.")
    setup_arguments.accounts(one)
    one.add_argument(
        "--organizations-profile",
        metavar="PROFILE",
        help="whose keys may list the organization's accounts (default: those of --profile)",
    )
    chosen = one.add_argument_group("which", "Each may be repeated; without any no roles are read.")
    for name, metavar, words in (
        ("--account", "PATTERN", "accounts that are called so (default: all that are active)"),
        ("--role-name", "PATTERN", "roles that are called so"),
        ("--role-path", "PATTERN", "roles under this path, like /lent/*"),
    ):
        chosen.add_argument(name, action="append", default=[], metavar=metavar, help=words)
    chosen.add_argument(
        "--role-tag",
        action="append",
        default=[],
        type=_tag,
        metavar="KEY=VALUE",
        help="roles that have this tag; of several all",
    )
    one.add_argument("--write", action="store_true", help="add them to the catalog file")
    one.add_argument("--yes", action="store_true", help="do not ask before writing")


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError("a tag's key and its value, like lend=yes")
    return key, value


def _reach(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "show who could enter which roles today without a grant, and change nothing"
    one = verbs.add_parser("audit-access", help=words, description=f"{words.capitalize()}.")
    setup_arguments.accounts(one)
    one.add_argument("--json", action="store_true", help="for programs")


def _doctor(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "say what is wrong with Slack, AWS, the catalog and the database, and how to mend it"
    one = verbs.add_parser("doctor", help=words, description=f"{words.capitalize()}.")
    one.add_argument("--json", action="store_true", help="for programs")


def _number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 10_000:
        return int(text)
    raise argparse.ArgumentTypeError("a number from 1 to 10000")


def _length(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if number.isdecimal() and 0 < int(number) <= 10_000 and unit in _SINCE:
        return int(number) * _SINCE[unit]
    raise argparse.ArgumentTypeError("a length of time like 12h, 30d or 8w")
