"""What was done with a grant, for whoever may see it: asked of AWS before the transaction."""

from sqlalchemy.orm import Session

from bot import activity as words
from bot.cards import Drawing
from bot.command import said
from bot.verbs.heard import Deed, Heard
from bot.verbs.reading import concerning
from db import audit
from db.models import Request
from db.store import requests
from workflows import retrace
from workflows.errors import Refused
from workflows.world import World


def activity(world: World, heard: Heard, command: said.Activity) -> Deed:
    """What the source tells by now; that somebody asked is recorded. Raises Refused."""
    with world.database.read() as session:
        found = requests.get(session, command.id)
        row = concerning(world.catalog, found, heard.by, command.id)
        looked_for = retrace.trace(session, world.catalog, row)
    if world.activity is None:
        raise Refused("This xacct has nowhere to read what was done.")
    if looked_for is None:
        return lambda _session: words.nothing_to_ask(row.id)
    told = retrace.ask(world.activity, looked_for, now=world.clock.now())
    return _recorded(heard, row, told)


def _recorded(heard: Heard, row: Request, told: retrace.Told) -> Deed:
    drawing = words.drawing(told, again=True)

    def deed(session: Session) -> Drawing:
        audit.say(
            session,
            "read activity",
            actor=heard.by.user,
            at=heard.at,
            request=row,
            **retrace.facts(told),
        )
        return drawing

    return deed
