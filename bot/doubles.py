"""Cards that stand twice: the answer to a post was lost, and it was posted again.

Nothing in Slack says where the first one is, to an app that may not read channels. Its buttons do
what the newer one's do, and whoever clicks one shows us where it stands.
"""

import logging
from concurrent.futures import Executor
from typing import Any

from bot.notices import replaced
from bot.posting import Later, Posting
from db.models import Request
from db.store import drawings, requests
from workflows.world import World

log = logging.getLogger(__name__)

Json = dict[str, Any]


class Doubles:
    """Finds older cards by the clicks on them. Whatever fails here is found by the next click."""

    def __init__(self, world: World, posting: Posting, beside: Executor) -> None:
        self._world, self._slack, self._beside = world, posting, beside

    def clicked(self, body: Json, request_id: int) -> None:
        """Somebody clicked on this request's card: an older one says from now on that it is old.

        Returns at once.
        """
        place = place_of(body, request_id)
        if place is not None:
            self._beside.submit(self._found, request_id, *place)

    def _found(self, request_id: int, channel: str, ts: str, user: str) -> None:
        try:
            with self._world.database.write() as session:
                row = requests.lock(session, request_id)
                if row is None or self._is_known(row, channel, ts):
                    return
                if (column := _missing(row, channel, ts, user)) is not None:
                    at = self._world.clock.now()
                    drawings.remember(session, request_id, draw_at=at, **column)
                    return
            self._slack.redraw(channel, ts, replaced(row))
        except Later as later:
            log.warning("an older card of request %s stays as it is: %s", request_id, later)
        except Exception:
            log.exception("an older card of request %s stays as it is", request_id)

    def _is_known(self, row: Request, channel: str, ts: str) -> bool:
        return [channel, ts] in [[row.card_channel, row.card_ts], *row.copies.values()]


def place_of(body: Json, request_id: int) -> tuple[str, str, str] | None:
    """Where the card stands that was clicked on (channel, `ts`), and who clicked; None where it was
    no card that everybody sees (docs.slack.dev/reference/interaction-payloads/block_actions).
    """
    where, action = body.get("container", {}), body["actions"][0]
    is_card = str(action.get("block_id", "")).startswith(f"card:{request_id}:")
    if not is_card or where.get("is_ephemeral") or "channel_id" not in where:
        return None
    return where["channel_id"], where["message_ts"], body["user"]["id"]


def _missing(row: Request, channel: str, ts: str, user: str) -> dict[str, Any] | None:
    """What to remember where the row knows of no card: it is this one, whose answer was lost."""
    if channel.startswith("D"):
        return (
            None
            if row.card_ts is not None or user in row.copies
            else {"copies": {**row.copies, user: [channel, ts]}}
        )
    if row.card_ts is None and not row.copies:
        return {"card_channel": channel, "card_ts": ts}
    return None
