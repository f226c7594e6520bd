"""What administrators click on alerts."""

from typing import Any

from sqlalchemy.orm import Session

from bot.blocks import code
from bot.verbs.heard import Deed, Heard
from workflows.drift import verbs
from workflows.world import World


def leave(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Leaves what was found as it is."""

    def deed(session: Session) -> str:
        verbs.leave(session, world.catalog, int(asked["alert"]), by=heard.by, now=heard.at)
        return "The alert is over: it is left as it is."

    return deed


def remove(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Takes a member out of a group."""
    spot = verbs.Spot(int(asked["alert"]), str(asked["member"]))

    def deed(session: Session) -> str:
        one = verbs.remove(session, world.catalog, spot, by=heard.by, now=heard.at)
        return f"{code(one.user_name, 64)} is being taken out of {code(one.group, 128)}."

    return deed
