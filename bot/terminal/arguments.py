"""What `xacct …` understands. Nothing is loaded for it that a command needs."""

import argparse
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.terminal import masking, setup_arguments

SETUP: Final = setup_arguments.VERBS
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
    log = verbs.add_parser("audit", help="show the newest entries of the audit log")
    log.add_argument("--last", type=_number, default=20, metavar="N", help="default: 20")
    log.add_subparsers(dest="what", metavar="verify").add_parser(
        "verify", help="check that nobody changed the audit log"
    )
    masking.add(top)
    return top


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
