"""What the comment at the top of a file says: how to deploy it, what to mind, what is not in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workflows.documents import trust
from workflows.setup.objects import INSTALLATION, MADE_BY, MadeBy, Role, Wanted, path_of

_LENT: Final = (
    "xacct writes the trust policies of the roles that it lends, and their inline policy",
    "xacct-session-end. Whatever writes a trust policy anew takes out who is let in at that time:",
    "his access ends early, and nobody else's begins. Give these roles no inline policies here.",
)
_KEPT_OUT: Final = (
    "xacct takes people out of deny groups for a while. Whoever puts them back ends their access.",
)


@dataclass(frozen=True)
class Mind:
    """What a tool does with what xacct writes, too: in lent roles, and in deny groups."""

    roles: tuple[str, ...]
    groups: tuple[str, ...]

    def of(self, wanted: Wanted) -> list[list[str]]:
        """The paragraphs that concern this account."""
        lent = any(role.governed and role.made_by is MadeBy.SETUP for role in wanted.roles)
        kept_out = any(group.members for group in wanted.groups)
        roles = [*_LENT, *self.roles] if lent else []
        return [roles, [*_KEPT_OUT, *self.groups] if kept_out else []]


def comment(paragraphs: Iterable[Iterable[str]]) -> str:
    """Paragraphs as a comment of YAML or HCL; what is no letter of a line cannot end it."""
    told = (["# " + _printable(line) for line in one] for one in paragraphs)
    return "\n#\n".join("\n".join(lines) for lines in told if lines) + "\n"


def of_others(wanted: Wanted) -> list[str]:
    """What `xacct setup apply` has to do to roles that somebody else made."""
    roles = [role for role in wanted.roles if role.made_by is MadeBy.OTHERS]
    if not roles:
        return []
    tags = f"{INSTALLATION}={wanted.installation} and {MADE_BY}={MadeBy.OTHERS}"
    return [
        "Not in here, since somebody else made them. `xacct setup apply` has to tag each of them",
        f"{tags}, and to put these statements into its trust",
        "policy, where what is there stays in its place:",
        *(f"  role {path_of(role.arn)}{role.name}: {_statements(wanted, role)}" for role in roles),
    ]


def _statements(wanted: Wanted, role: Role) -> str:
    sids = [f"{trust.SEAL}{wanted.installation}", *(str(one["Sid"]) for one in role.standing)]
    told = ", ".join(sids)
    if role.adopt:
        return told
    return f"{told}; not before the catalog says `adopt: true`, or somebody has tagged it"


def not_there(names: Iterable[str]) -> list[str]:
    """Who is in the catalog and not in the account."""
    told = sorted(names)
    if not told:
        return []
    return [
        "Left out, since there is no such user or role. Make it, and render again:",
        *(f"  {name}" for name in told),
    ]


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in line)
