"""Deciding: approve and deny, by a button or by a command."""

from typing import Any

from sqlalchemy.orm import Session

from bot import answers, shorter
from bot.command import said
from bot.verbs import reading
from bot.verbs.heard import Answer, Deed, Heard
from db import audit
from db.models import Request
from db.store import requests
from workflows import access, summon
from workflows.errors import NotFound
from workflows.panel import Panel
from workflows.person import Person
from workflows.world import World


def approve(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Counts the approval of who clicked, on the terms that stood beside the button."""
    row, requester, panel = _asked(world, heard, int(asked["request"]))
    click = access.Click(row.id, *shorter.read(row, str(asked.get("terms", ""))))
    catalog, by, now = world.catalog, heard.by, heard.at
    return lambda session: answers.approved(
        access.approve(session, catalog, click, by=by, requester=requester, now=now, panel=panel)
    )


def deny(world: World, heard: Heard, command: said.Deny) -> Deed:
    """Denies for good."""
    denial = access.Denial(command.id, command.reason or None)
    _, requester, panel = _asked(world, heard, command.id)
    catalog, by, now = world.catalog, heard.by, heard.at
    return lambda session: answers.denied(
        access.deny(session, catalog, denial, by=by, requester=requester, now=now, panel=panel)
    )


def show_to_approve(world: World, heard: Heard, command: said.Approve) -> Deed:
    """Shows the request with its button: nobody approves what he was not shown."""
    _, requester, panel = _asked(world, heard, command.id)

    def deed(session: Session) -> Answer:
        row = access.decidable(
            session,
            world.catalog,
            command.id,
            by=heard.by,
            requester=requester,
            now=heard.at,
            panel=panel,
        )
        if command.remark:
            audit.say(
                session,
                "remarked",
                actor=heard.by.user,
                at=heard.at,
                request=row,
                reason=command.remark,
            )
        return reading.shown(session, world.catalog, row, heard)

    return deed


def _asked(world: World, heard: Heard, request_id: int) -> tuple[Request, Person, Panel | None]:
    """The request, who asked, as Slack describes him now, and who may decide now. Raises NotFound,
    or Refused when Slack does not say.
    """
    with world.database.read() as session:
        row = requests.get(session, request_id)
    if row is None:
        raise NotFound(f"There is no request #{request_id}.")
    requester = world.directory.person(row.requester, now=heard.at)
    return row, requester, summon.panel_for(world, row, requester=requester)
