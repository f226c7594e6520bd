"""What the verbs are given, and what they give back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.cards import Drawing
from db.models import Inbox
from workflows.catalog.model import Account, Catalog, Role
from workflows.person import Person

Answer = str | Drawing
Deed = Callable[[Session], Answer]
"""Does what was asked, in a transaction that it is given; returns the answer."""


@dataclass(frozen=True)
class Heard:
    """One row of the inbox with the person who said it, as Slack describes him now."""

    row: Inbox
    by: Person
    at: datetime


def account_for(catalog: Catalog, user: str, account: str) -> Account:
    """The account that this person means, of those with roles that he may ask for. Raises
    NotFound: what he may not ask for and what is not there look alike.
    """
    return catalog.find_account(account, catalog.accounts_of(catalog.roles_for(user)))


def role_for(catalog: Catalog, user: str, account: str, role: str) -> Role:
    """The role that this person means. Raises NotFound: what he may not ask for and what is not
    there look alike.
    """
    found = account_for(catalog, user, account)
    return catalog.find_role(found, role, catalog.roles_for(user))


def role_in_sight(catalog: Catalog, user: str, account: str, role: str) -> Role:
    """The role that this person means, of those he asks for, approves or oversees."""
    seen = catalog.roles_in_sight(user)
    found = catalog.find_account(account, catalog.accounts_of(seen))
    return catalog.find_role(found, role, seen)
