"""The modals on people's screens: stacks of at most three, each state of a view with a new hash.

Source: docs.slack.dev/surfaces/modals and the pages of views.open, views.update, views.push.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count
from secrets import token_hex
from typing import Final

from sandbox.slack import answers
from sandbox.slack.blockkit import checked_view
from sandbox.slack.values import APP, BOT, TEAM, Json, SlackError, View
from sandbox.slack.workspace import Workspace

STACK: Final = 3


def view_json(view: View, state: Json | None = None) -> Json:
    """A view as the Web API and payloads show it; `state` is what its inputs hold, if known."""
    empty: Json = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "submit": None,
        "close": None,
        "clear_on_close": False,
        "notify_on_close": False,
    }
    return {
        **empty,
        **view.document,
        "id": view.id,
        "hash": view.hash,
        "team_id": TEAM,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "state": {"values": view.state if state is None else state},
    }


class Screens:
    """Per person the stack of open views, the visible one last."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._numbers = count(1)
        self._stacks: defaultdict[str, list[View]] = defaultdict(list)

    def of(self, user: str) -> list[View]:
        """The open views of a person, the visible one last."""
        return list(self._stacks[user])

    def find(self, view_id: str) -> View:
        """An open view by its id, whoever it is open for; `not_found` if it is closed."""
        for view in self._all():
            if view.id == view_id:
                return view
        raise SlackError("not_found")

    def by_external_id(self, external_id: str) -> View:
        """An open view by the id that the app gave it."""
        for view in self._all():
            if view.document.get("external_id") == external_id:
                return view
        raise SlackError("not_found")

    def has_external_id(self, external_id: str) -> bool:
        """Whether an open view has that id of the app's."""
        return any(view.document.get("external_id") == external_id for view in self._all())

    def open(self, user: str, document: Json) -> View:
        """Puts a first view on the screen, in place of what was there."""
        view = self._new(user, checked_view(document), below=None)
        self._stacks[user] = [view]
        return view

    def push(self, view_id: str | None, document: Json) -> View:
        """Lays a view over the one that the trigger came from; at most three lie on each other."""
        if view_id is None:
            raise SlackError("not_found")
        below = self.find(view_id)
        stack = self._stacks[below.user]
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        view = self._new(below.user, checked_view(document), below=below)
        stack.append(view)
        return view

    def update(self, view: View, document: Json, *, seen_hash: str | None = None) -> View:
        """Gives an open view new contents; a hash that is not its own is a `hash_conflict`."""
        if seen_hash and seen_hash != view.hash:
            raise SlackError("hash_conflict")
        contents = self._with_ids(checked_view(document))
        self._refuse_taken_external_id(contents, allowed=view.id)
        state = answers.kept(contents["blocks"], view.state)
        return self.keep(
            replace(view, document=contents, hash=self._hash(), errors={}, state=state)
        )

    def complain(self, view: View, errors: dict[str, str]) -> None:
        """Shows errors beside the inputs of a view."""
        self.keep(replace(view, errors=errors))

    def close(self, view: View) -> None:
        """Takes one view off its stack; what lies below it is seen again."""
        self._stacks[view.user].remove(view)

    def clear(self, user: str) -> None:
        """Takes every view off a person's screen."""
        self._stacks[user] = []

    def keep(self, newer: View) -> View:
        """Puts a newer state of an open view in place of the older."""
        stack = self._stacks[newer.user]
        place = next(i for i, view in enumerate(stack) if view.id == newer.id)
        stack[place] = newer
        return newer

    def _all(self) -> Iterator[View]:
        return chain.from_iterable(self._stacks.values())

    def _new(self, user: str, document: Json, *, below: View | None) -> View:
        self._refuse_taken_external_id(document, allowed=None)
        view_id = f"V{next(self._numbers):07d}"
        return View(
            id=view_id,
            hash=self._hash(),
            user=user,
            root_view_id=below.root_view_id if below else view_id,
            previous_view_id=below.id if below else None,
            document=self._with_ids(document),
        )

    def _with_ids(self, document: Json) -> Json:
        return {**document, "blocks": self._workspace.with_ids(document["blocks"])}

    def _hash(self) -> str:
        return f"{self._workspace.stamp()}.{token_hex(4)}"

    def _refuse_taken_external_id(self, document: Json, *, allowed: str | None) -> None:
        external_id = document.get("external_id")
        others = (v for v in self._all() if v.id != allowed)
        if external_id and any(v.document.get("external_id") == external_id for v in others):
            raise SlackError("duplicate_external_id")
