"""Opening forms: at once, and filled as soon as it is known who opened them."""

import logging
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.blocks import Json
from bot.command import BreakGlass, Request, RevokeAll, Sign
from bot.forms import about, asking, confirming, fills, glass, parts
from bot.forms.fills import Fill
from bot.slack import code_of
from workflows import rules
from workflows.catalog.model import Catalog
from workflows.errors import NotAllowed, Refused
from workflows.person import Person
from workflows.world import World

log = logging.getLogger(__name__)

_ABOUT: Final[Mapping[str, tuple[str, Callable[[World, int], Fill]]]] = {
    "deny": (about.DENYING, fills.denying),
    "extend": (about.EXTENDING, fills.extending),
    "again": (asking.TITLE, fills.again),
}
_GONE: Final = frozenset({"not_found", "view_not_found", "hash_conflict"})


@dataclass(frozen=True)
class Sender:
    """Who typed, clicked or sent something, and from where: the workspace, and the organisations
    (Enterprise Grid) that the payload names, if it names any.
    """

    user: str
    team: str
    enterprises: frozenset[str] = frozenset()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Sender":
        """Who sent this payload: a command's names them otherwise than a click's. Where it names
        two workspaces neither is believed.
        """
        team, enterprise = body.get("team") or {}, body.get("enterprise") or {}
        named = (body.get("enterprise_id"), enterprise.get("id"), team.get("enterprise_id"))
        enterprises = frozenset(one for one in named if one)
        if "user_id" in body:
            return cls(body["user_id"], body["team_id"], enterprises)
        user = body["user"]
        teams = {one for one in (user.get("team_id"), team.get("id")) if one}
        return cls(user["id"], teams.pop() if len(teams) == 1 else "", enterprises)

    def team_in(self, catalog: Catalog) -> str:
        """The workspace as the rules may believe it: nothing, where an organisation is named that
        is not the catalog's.
        """
        return self.team if self.enterprises <= {catalog.enterprise} else ""


class Opener:
    """Opens forms. `client` gives up within the 3 s that Slack allows
    (docs.slack.dev/interactivity/handling-user-interaction).
    """

    def __init__(self, world: World, client: WebClient, beside: Executor) -> None:
        self._world, self._client, self._beside = world, client, beside

    def ask(self, body: Mapping[str, Any], command: Request) -> str | None:
        """Opens the form that asks for a role, with what the command says already."""
        fill = fills.asking_for(self._world.catalog, command)
        return self._open(body, asking.TITLE, fill, at_once=self._from_memory(body, fill))

    def confirm(self, body: Mapping[str, Any], command: RevokeAll) -> str | None:
        """Opens the form that confirms the end of everything."""
        return self._open(body, confirming.TITLE, fills.ending_all(self._world, command))

    def break_glass(self, body: Mapping[str, Any], command: BreakGlass) -> str | None:
        """Opens the window that says what break-glass does, and has it confirmed."""
        return self._open(body, glass.BREAKING, fills.breaking(self._world, command))

    def sign(self, body: Mapping[str, Any], command: Sign) -> str | None:
        """Opens the window in which the review of a use is signed."""
        return self._open(body, glass.SIGNING, fills.signing(self._world, command))

    def about(self, what: str, body: Mapping[str, Any], request_id: int) -> str | None:
        """Opens a form about one request: `deny`, `extend`, or `again`, which asks anew."""
        title, fill = _ABOUT[what]
        return self._open(body, title, fill(self._world, request_id))

    def refill(self, body: Mapping[str, Any]) -> None:
        """Shows the form that asks for a role anew, as what was chosen in it asks for; one that
        changed meanwhile is left alone.
        """
        view, catalog = body["view"], self._world.catalog

        def fill(by: Person) -> Json:
            return asking.form(catalog, by.user, asking.chosen(catalog, by.user, view))

        self._beside.submit(self._fill, view, Sender.of(body), asking.TITLE, fill, view["hash"])

    def _from_memory(self, body: Mapping[str, Any], fill: Fill) -> Json | None:
        """The form, where it is known who opens it and nobody has to be asked; else None."""
        who, world = Sender.of(body), self._world
        known = world.directory.heard(who.user, now=world.clock.now())
        if known is None or who.team_in(world.catalog) != world.catalog.team:
            return None
        try:
            rules.identified(known, world.catalog)
            return fill(known)
        except Refused:
            return None  # said when it is filled, like every refusal

    def _open(
        self, body: Mapping[str, Any], title: str, fill: Fill, *, at_once: Json | None = None
    ) -> str | None:
        """None, or what to tell who wanted it: it is too late, or Slack is ill."""
        shown: Any = at_once or parts.loading(title)
        try:
            opened: Any = self._client.views_open(trigger_id=body["trigger_id"], view=shown)
        except SlackApiError as error:
            return (
                f"Slack did not open the form ({code_of(error)}). Please try again, or write the "
                "whole command: `/xacct help`."
            )
        except Exception as error:  # noqa: BLE001  the network
            log.warning("a form was not opened: %s", type(error).__name__)
            return "Slack did not open the form. Please try again."
        if at_once is None:
            self._beside.submit(self._fill, opened["view"], Sender.of(body), title, fill)
        return None

    def _fill(
        self, view: Json, who: Sender, title: str, fill: Fill, seen: str | None = None
    ) -> None:
        """`seen` is the state of the form that is to be replaced, and no other."""
        try:
            shown = fill(self._person(who))
        except Refused as refusal:
            shown = parts.outcome(title, str(refusal))
        except Exception:
            reference = uuid.uuid4().hex[:8]
            log.exception("a form was not filled [%s]", reference)
            words = f"Something broke on xacct's side. Quote {reference} when you ask about it."
            shown = parts.outcome(title, words)
        more: Json = {} if seen is None else {"hash": seen}
        try:
            self._client.views_update(view_id=view["id"], view=shown, **more)
        except SlackApiError as error:
            if code_of(error) not in _GONE:
                log.warning("a form was not filled: %s", code_of(error))
        except Exception as error:  # noqa: BLE001  the network
            log.warning("a form was not filled: %s", type(error).__name__)

    def _person(self, who: Sender) -> Person:
        world = self._world
        if who.team_in(world.catalog) != world.catalog.team:
            raise NotAllowed("xacct serves the members of its own Slack workspace only.")
        person = world.directory.person(who.user, now=world.clock.now())
        rules.identified(person, world.catalog)
        return person
