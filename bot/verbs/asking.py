"""Asking: request, extend, cancel."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot import answers
from bot.blocks import code
from bot.command import said
from bot.verbs.heard import Deed, Heard, role_for
from db.lifecycle import UNDECIDED_OR_OPEN
from db.models import Request
from db.store import requests
from workflows import access, identity, summon
from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.errors import AlreadySettled, NotFound, Refused, Trouble
from workflows.panel import Panel
from workflows.person import Grantee, Person
from workflows.world import World


def request(world: World, heard: Heard, command: said.Request) -> Deed:
    """Files a request. Raises Refused."""
    catalog, by = world.catalog, heard.by
    if command.account is None or command.role is None:
        raise Refused("Say which role, in which account: `/xacct roles` shows yours.")
    role = role_for(catalog, by.user, command.account, command.role)
    if not command.reason:
        raise Refused(
            "Say why, so that an approver can decide: "
            f"`/xacct request {role.key} 1h` and then the reason."
        )
    return _files(
        world,
        heard,
        access.Ask(
            role=role,
            grantee=_grantee(world, by, role, command.machine),
            duration=command.duration or role.default_duration,
            reason=command.reason,
        ),
    )


def retry(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Files anew what failed, as it was asked for. Raises Refused."""
    row = own(world, int(asked["request"]), heard.by)
    if row.state in UNDECIDED_OR_OPEN:
        raise AlreadySettled(f"It is not over yet: {access.describe(row)}.")
    role = asked_for_before(world.catalog, row, heard.by)
    ask = access.Ask(
        role=role,
        grantee=_grantee(world, heard.by, role, machine_of(row)),
        duration=timedelta(seconds=row.seconds),
        reason=row.reason,
    )
    return _files(world, heard, ask)


def own(world: World, request_id: int, by: Person) -> Request:
    """The request, where it is this person's, or of a machine of his. Raises NotFound."""
    with world.database.read() as session:
        row = requests.get(session, request_id)
    if row is None or by.user not in {row.requester, *access.owners_of(world.catalog, row)}:
        raise NotFound(f"There is no request #{request_id} of yours.")
    return row


def asked_for_before(catalog: Catalog, row: Request, by: Person) -> Role:
    """The role of a request, where this person may ask for it still. Raises NotFound."""
    role = catalog.role(row.role)
    if role is None or not role.is_asked_for_by(by.user):
        raise NotFound(f"You can use no role called {row.role} any more.")
    return role


def machine_of(row: Request) -> str | None:
    """The machine that a request is for."""
    return row.grantee_name if row.grantee_kind == GranteeKind.MACHINE else None


def _grantee(world: World, by: Person, role: Role, machine: str | None) -> Grantee:
    if machine:
        return identity.machine(world.catalog, by, machine)
    return identity.own(world.catalog, by, role, finder(world))


def _files(world: World, heard: Heard, ask: access.Ask) -> Deed:
    catalog, by = world.catalog, heard.by
    asked = panel(world, heard, ask.role, ask.grantee)

    def deed(session: Session) -> str:
        row = access.request(session, catalog, ask, by=by, now=heard.at, panel=asked)
        rule = access.rule_for(catalog, row, heard.at)
        return answers.filed(row, rule=rule.name if rule is not None else "")

    return deed


def extend(world: World, heard: Heard, command: said.Extend) -> Deed:
    """Files a request for more time."""
    catalog = world.catalog
    more = access.More(command.id, command.duration, command.reason)
    with world.database.read() as session:
        row = requests.get(session, command.id)
    role = catalog.role(row.role) if row is not None else None
    asked = None
    if row is not None and role is not None:
        asked = panel(world, heard, role, access.grantee_of(catalog, row))
    return lambda session: answers.filed(
        access.extend(session, catalog, more, by=heard.by, now=heard.at, panel=asked)
    )


def cancel(world: World, heard: Heard, command: said.Cancel) -> Deed:
    """Takes a request back that nobody has decided on."""
    catalog = world.catalog
    return lambda session: answers.cancelled(
        access.cancel(session, catalog, command.id, by=heard.by, now=heard.at)
    )


def cancel_pressed(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Takes back the request that the button was on."""
    return cancel(world, heard, said.Cancel(int(asked["request"])))


def panel(world: World, heard: Heard, role: Role, grantee: Grantee) -> Panel:
    """Those who may decide on what this person asks for, as far as Slack can reach them."""
    found = summon.panel_of(world, role, requester=heard.by, grantee=grantee)
    return summon.reachable(world, found, requester=heard.by, grantee=grantee)


def finder(world: World) -> identity.FindByTag:
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
