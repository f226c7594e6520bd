"""Asking the audit log, and taking what it says out of it. That somebody asked is recorded."""

from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot import log_page
from bot.cards import Drawing
from bot.command import said
from bot.command.doubt import Doubt
from bot.command.question import Asker, question, written
from bot.verbs.heard import Deed, Heard
from db.audit import names, search
from db.audit.question import Search
from db.audit.search import Page
from db.store import exports
from workflows import access, anchors
from workflows.catalog.model import Catalog
from workflows.errors import NotAllowed, Refused
from workflows.world import World


def log(world: World, heard: Heard, command: said.Audit) -> Deed:
    """The newest rows that the words mean and the person may see."""
    meant = _meant(heard, command.words)

    def deed(session: Session) -> Drawing:
        return _answer(world, heard, session, meant, {})

    return deed


def page(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """The rows before or behind those that are shown."""
    meant = _meant(heard, str(asked["question"]))
    place: dict[str, int] = {one: int(asked[one]) for one in ("above", "below") if one in asked}

    def deed(session: Session) -> Drawing:
        return _answer(world, heard, session, meant, place)

    return deed


def export(_world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """All the rows, as a file, into a direct message: owed now."""
    meant = _meant(heard, str(asked["question"]))

    def deed(session: Session) -> str:
        exports.ask(
            session,
            user=heard.by.user,
            question=written(meant),
            form=str(asked["form"]),
            at=heard.at,
        )
        return "The file is being made. It comes as a direct message from xacct."

    return deed


def anchor(world: World, heard: Heard, _command: said.Anchor) -> Deed:
    """The head of the log, put outside of the database now. Raises NotAllowed."""
    if not world.catalog.oversees(heard.by.user):
        raise NotAllowed("Only administrators and auditors have the audit log anchored.")

    def deed(session: Session) -> str:
        made = anchors.ask(session, heard.by.user, heard.at)
        return (
            f"The audit log stands at `audit {made.number} · {made.hash[: anchors.SHORT]}`. That "
            f"goes {_places(world.catalog)}."
        )

    return deed


def _places(catalog: Catalog) -> str:
    outside = catalog.outside
    places = [f"into <#{outside.channel}>"] if outside.channel else []
    places += ["into the bucket of the catalog"] if outside.bucket else []
    return " and ".join(places) or (
        "nowhere else: the catalog names no `slack.audit_channel` and no `audit.s3`"
    )


def _meant(heard: Heard, text: str) -> Search:
    """What the words mean to who says them. Raises Refused."""
    try:
        return question(text, Asker(heard.at, zone_of(heard.by.zone), heard.by.user))
    except Doubt as doubt:
        raise Refused(str(doubt)) from doubt


def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC where this machine knows none of it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        return UTC


def _answer(
    world: World, heard: Heard, session: Session, meant: Search, place: dict[str, int]
) -> Drawing:
    text = written(meant)
    found = _page(world, heard, session, meant, place)
    access.asked(session, text, by=heard.by.user, at=heard.at)
    return log_page.drawn(found, text)


def _page(
    world: World, heard: Heard, session: Session, meant: Search, place: dict[str, int]
) -> Page:
    viewer = access.sight(world.catalog, heard.by.user)
    try:
        if "above" in place:
            return search.newer(session, meant, viewer, above=place["above"])
        return search.newest(session, meant, viewer, below=place.get("below"))
    except names.TooMany as many:
        raise Refused(str(many)) from many
