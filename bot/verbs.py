"""What a person said → the workflow's verb: names become values, and the answer becomes words.

Whatever must be asked of Slack or AWS is asked first; what comes back is a deed, which runs inside
one transaction and touches nothing but the database.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot import alert_verbs, answers
from bot.blocks import code
from bot.command import parse, said
from db import audit
from db.lifecycle import UNDECIDED_OR_OPEN
from db.models import Inbox, Request
from db.store import history, listing, requests
from workflows import access, identity, rules
from workflows.catalog.model import Catalog, Role
from workflows.errors import NotFound, Refused, Trouble
from workflows.person import Person
from workflows.world import World

Deed = Callable[[Session], str]
"""Does what was asked, in a transaction that it is given; returns the answer."""


@dataclass(frozen=True)
class Heard:
    """One row of the inbox with the person who said it, as Slack describes him now."""

    row: Inbox
    by: Person
    at: datetime


def prepare(world: World, heard: Heard) -> Deed:
    """The deed that pays this row. Raises Refused."""
    rules.identified(heard.by, world.catalog)
    kind, asked = heard.row.kind, heard.row.said
    if kind in ("approve", "deny"):
        return _decide(world, heard, asked)
    if kind == "revoke" and "request" in asked:
        return lambda session: _revoke(world.catalog, session, heard, [asked["request"]])
    if kind in alert_verbs.KINDS:
        return alert_verbs.prepare(world.catalog, kind, asked, by=heard.by, now=heard.at)
    return _command(world, heard, str(asked.get("text", "")))


def _command(world: World, heard: Heard, text: str) -> Deed:
    command = parse(text)
    if isinstance(command, said.Request):
        return _request(world, heard, command)
    if isinstance(command, said.Extend):
        return _extend(world.catalog, heard, command)
    if isinstance(command, said.Revoke):
        return _revoke_command(world.catalog, heard, command)
    if isinstance(command, said.List):
        return lambda session: _list(world.catalog, session, heard.by)
    if isinstance(command, said.Audit):
        return lambda session: _audit(world.catalog, session, heard, command.words.split())
    raise Refused("xacct does not understand this any more. Try `/xacct help`.")


# --- request, extend


def _request(world: World, heard: Heard, command: said.Request) -> Deed:
    catalog, by = world.catalog, heard.by
    role = _role(catalog, command.account, command.role)
    if not command.reason:
        raise Refused(
            "Say why, so that an approver can decide: "
            f"`/xacct request {role.key} 1h` and then the reason."
        )
    if command.machine:
        grantee = identity.machine(catalog, by, command.machine)
    else:
        grantee = identity.own(catalog, by, role, _finder(world))
    ask = access.Ask(
        role=role,
        grantee=grantee,
        duration=command.duration or role.default_duration,
        reason=command.reason,
    )
    return lambda session: answers.filed(access.request(session, catalog, ask, by=by, now=heard.at))


def _extend(catalog: Catalog, heard: Heard, command: said.Extend) -> Deed:
    return lambda session: answers.filed(
        access.extend(
            session,
            catalog,
            command.id,
            command.duration,
            command.reason,
            by=heard.by,
            now=heard.at,
        )
    )


def _role(catalog: Catalog, account: str, role: str) -> Role:
    found = catalog.find_account(account, catalog.accounts)
    return catalog.find_role(found, role, catalog.roles_of(found))


def _finder(world: World) -> identity.FindByTag:
    """Looks users up in AWS. Raises Refused when AWS does not say."""

    def find(key: str, value: str) -> Sequence[str]:
        home = world.catalog.grantee
        try:
            return world.managers.fenced(home.manager_arn, home.external_id).iam.user_names_by_tag(
                key, value
            )
        except Trouble as trouble:
            raise Refused(
                f"AWS did not say which IAM user is yours ({code(str(trouble))}), so nothing was "
                "asked. Please try again."
            ) from None

    return find


# --- approve, deny


def _decide(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    request_id = int(asked["request"])
    with world.database.read() as session:
        row = requests.get(session, request_id)
    if row is None:
        raise NotFound(f"There is no request #{request_id}.")
    requester = world.directory.person(row.requester, now=heard.at)
    catalog, by, now = world.catalog, heard.by, heard.at
    if heard.row.kind == "deny":
        return lambda session: answers.denied(
            access.deny(session, catalog, request_id, by=by, requester=requester, now=now)
        )
    click = access.Click(request_id, str(asked.get("terms", "")))
    return lambda session: answers.approved(
        access.approve(session, catalog, click, by=by, requester=requester, now=now)
    )


# --- revoke


def _revoke_command(catalog: Catalog, heard: Heard, command: said.Revoke) -> Deed:
    target = command.target
    if isinstance(target, said.ByRole):
        role = _role(catalog, target.account, target.role)

    def deed(session: Session) -> str:
        if isinstance(target, said.ById):
            ids = [target.id]
        elif isinstance(target, said.ByPerson):
            ids = [row.id for row in listing.of_person(session, target.slack_id, limit=None)]
        else:
            ids = _on_role(session, catalog, heard.by, role)
        return _revoke(catalog, session, heard, ids, reason=command.reason)

    return deed


def _on_role(session: Session, catalog: Catalog, by: Person, role: Role) -> list[int]:
    """The person's own requests for the role; if he has none, everybody's: the rules decide."""
    rows = listing.of_role(session, role.arn)
    own = [one for one in rows if by.user in {one.requester, *access.owners_of(catalog, one)}]
    return [one.id for one in own or rows]


def _revoke(
    catalog: Catalog, session: Session, heard: Heard, ids: Sequence[int], *, reason: str = ""
) -> str:
    rows: list[Request] = access.revoke(session, catalog, ids, by=heard.by, now=heard.at)
    if reason:
        for row in rows:
            audit.say(
                session, "said why", actor=heard.by.user, at=heard.at, request=row, reason=reason
            )
    named = [requests.get(session, one) for one in ids]
    left = [row for row in named if row is not None and row.state in UNDECIDED_OR_OPEN]
    return answers.ended(rows, left)


# --- list, audit


def _list(catalog: Catalog, session: Session, by: Person) -> str:
    machines = [one.name for one in catalog.machines if by.user in one.owners]
    mine = [role.arn for role in catalog.roles if by.user in role.approvers]
    waiting = [one for one in listing.waiting(session, mine) if one.requester != by.user]
    return answers.standing(listing.of_person(session, by.user, machines=machines), waiting)


def _audit(catalog: Catalog, session: Session, heard: Heard, words: Sequence[str]) -> str:
    user = heard.by.user
    sees_all = user in {*catalog.admins, *catalog.auditors}
    mine = [role.key for role in catalog.roles if user in role.approvers]
    viewer = history.Viewer(user, None if sees_all else mine)
    rows = history.latest(session, viewer, words=words[:5])
    audit.say(session, "read the audit log", actor=user, at=heard.at, words=list(words[:5]))
    return answers.events(rows)
