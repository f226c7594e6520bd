"""What `xacct setup` understands."""

import argparse
from pathlib import Path
from typing import Final

RENDER: Final = "render"
VERIFY: Final = "verify"
FORMATS: Final = ("cloudformation", "terraform")
_USUAL_ROLE: Final = "OrganizationAccountAccessRole"
"""What AWS Organizations calls the role for administrators that it makes in each account."""

_VERIFIES: Final = "prove with real calls that all of it holds, and change nothing"
_VERBS: Final = {
    "plan": "show what would change, and change nothing",
    "apply": "make what the catalog describes, after asking",
    "destroy": "take away all that setup made, after asking",
}


VERBS: Final = (RENDER, VERIFY, *_VERBS)


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb with all that may follow it."""
    setup = verbs.add_parser("setup", help="make the roles and groups of the catalog in AWS")
    whats = setup.add_subparsers(dest="what", required=True, metavar="WHAT")
    _render(whats.add_parser(RENDER, help="write it down as CloudFormation or Terraform"))
    _verify(whats.add_parser(VERIFY, help=_VERIFIES, description=f"{_VERIFIES.capitalize()}."))
    for name, words in _VERBS.items():
        one = whats.add_parser(name, help=words, description=f"{words.capitalize()}.")
        accounts(one)
        if name == "plan":
            one.add_argument("--json", action="store_true", help="for programs")
        else:
            one.add_argument("--yes", action="store_true", help="do not ask")


def _render(one: argparse.ArgumentParser) -> None:
    """AWS is not asked: the catalog says it all."""
    _catalog(one)
    one.add_argument("--format", choices=FORMATS, required=True)
    one.add_argument("--stackset", action="store_true", help="one template for accounts alike")
    one.add_argument(
        "--out", type=Path, metavar="DIR", help="default: a folder called like the format"
    )


def _verify(one: argparse.ArgumentParser) -> None:
    accounts(one)
    one.add_argument(
        "--bot-profile",
        metavar="PROFILE",
        help="whose keys of ~/.aws are xacct's own (default: the environment's)",
    )
    one.add_argument(
        "--as",
        dest="as_profile",
        action="append",
        default=[],
        metavar="PROFILE",
        help="a grantee's own keys: he is refused, or let in if he has a grant; may be repeated",
    )
    one.add_argument(
        "--live",
        nargs="?",
        const="",
        metavar="ACCOUNT",
        help="also ask what only AWS can show, with a role that is made there and thrown away "
        "(default: the first owner account)",
    )
    one.add_argument("--json", action="store_true", help="for programs")


def _catalog(one: argparse.ArgumentParser) -> None:
    one.add_argument("--catalog", type=Path, metavar="FILE", help="default: XACCT_CATALOG")


def accounts(one: argparse.ArgumentParser) -> None:
    """How the accounts are entered."""
    _catalog(one)
    one.add_argument("--profile", help="whose keys of ~/.aws are used (default: the environment's)")
    one.add_argument(
        "--role",
        default=_USUAL_ROLE,
        help=f"the role that is assumed in the other accounts (default: {_USUAL_ROLE})",
    )
    one.add_argument(
        "--account-profile",
        action="append",
        default=[],
        type=_pair,
        metavar="ACCOUNT=PROFILE",
        help="a profile for one account, instead of the role; may be repeated",
    )


def _pair(text: str) -> tuple[str, str]:
    account, equals, profile = text.partition("=")
    if not (account and equals and profile):
        raise argparse.ArgumentTypeError("an account and a profile, like prod-payments=payments")
    return account, profile
