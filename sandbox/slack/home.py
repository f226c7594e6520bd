"""The home tabs of App Home: one view per person, which views.publish makes and replaces.

Source: docs.slack.dev/surfaces/app-home, docs.slack.dev/reference/methods/views.publish.
"""

from collections.abc import Callable
from secrets import token_hex
from typing import Any, Final

from sandbox.slack import answers
from sandbox.slack.blockkit import (
    EVERYWHERE,
    TABLE,
    VIEW_BLOCKS,
    checked_view,
    over_the_whole,
    repeated_ids,
)
from sandbox.slack.shapes import items, shape, string, typed
from sandbox.slack.values import SlackError, View
from sandbox.slack.workspace import Workspace

_HOME: Final = typed(
    {
        "home": shape(
            {"blocks": items(typed({**EVERYWHERE, "table": TABLE}), VIEW_BLOCKS, 0)},
            {
                "private_metadata": string(3000),
                "callback_id": string(255),
                "external_id": string(255),
            },
        )
    }
)


def home_complaints(view: Any) -> list[str]:
    """What is wrong with a home tab, in Slack's words; empty if nothing is."""
    wrong = _HOME(view, "/view")
    if wrong:
        return wrong
    blocks, pointer = view["blocks"], "/view/blocks"
    return [*repeated_ids(blocks, pointer), *over_the_whole(blocks, pointer)]


class Homes:
    """Per person the home tab, once one was published. `taken` tells a modal's external ids."""

    def __init__(self, workspace: Workspace, taken: Callable[[str], bool]) -> None:
        self._workspace = workspace
        self._taken = taken
        self._homes: dict[str, View] = {}

    def of(self, user: str) -> View | None:
        """What a person sees on the home tab; None if nothing was published for them."""
        return self._homes.get(user)

    def publish(self, user: str, document: Any, *, seen_hash: str | None) -> View:
        """Makes or replaces a home tab; a hash that is not its own is a `hash_conflict`.

        Its id stays the same, and so does what was chosen in an input that is still there.
        """
        before = self._homes.get(user)
        if seen_hash and (before is None or seen_hash != before.hash):
            raise SlackError("hash_conflict")
        checked = checked_view(document, home_complaints)
        self._refuse_taken_external_id(user, checked.get("external_id"))
        blocks = self._workspace.with_ids(checked["blocks"])
        view_id = before.id if before else f"VHOME{user}"
        return self.keep(
            View(
                id=view_id,
                hash=f"{self._workspace.stamp()}.{token_hex(4)}",
                user=user,
                root_view_id=view_id,
                previous_view_id=None,
                document={**checked, "blocks": blocks},
                state=answers.kept(blocks, before.state) if before else {},
            )
        )

    def keep(self, newer: View) -> View:
        """Puts a newer state of a home tab in place of the older."""
        self._homes[newer.user] = newer
        return newer

    def _refuse_taken_external_id(self, user: str, external_id: str | None) -> None:
        others = (home for home in self._homes.values() if home.user != user)
        of_others = any(home.document.get("external_id") == external_id for home in others)
        if external_id and (of_others or self._taken(external_id)):
            raise SlackError("duplicate_external_id")
