"""A person in Slack, and the identity in AWS that stands for him."""

from dataclasses import dataclass

from workflows.catalog.model import GranteeKind


@dataclass(frozen=True)
class Person:
    """Who somebody in Slack is, as Slack says."""

    user: str
    team: str
    name: str
    email: str | None
    email_confirmed: bool
    guest: bool
    bot: bool
    stranger: bool  # of another workspace, seen through a shared channel
    deleted: bool
    zone: str = "UTC"  # the name of his time zone, as the IANA has it


@dataclass(frozen=True)
class Grantee:
    """Who is to be let in: an identity of the grantee account.

    `arn` is the user's, or that of the role which a machine or a person comes with.
    """

    kind: GranteeKind
    name: str
    arn: str
    session_name: str
    owners: tuple[str, ...] = ()  # Slack ids that may ask for it; of a machine, its owners
