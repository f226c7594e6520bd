"""Whatever else comes: acknowledged and explained, for old messages outlive new versions."""

import logging
import re
import uuid
from typing import Any, Final

from slack_bolt import Ack, App, BoltResponse

from bot.desk import Aside, reader_of
from bot.listeners.buttons import OLD

log = logging.getLogger(__name__)

_ANY: Final = re.compile(".*", re.DOTALL)

Json = dict[str, Any]


def register(app: App, aside: Aside) -> None:
    """The catch-alls, and the net below all listeners."""

    def explain(ack: Ack, body: Json) -> None:
        aside(reader_of(body), OLD)
        ack()

    def close(ack: Ack) -> None:
        ack()

    def unknown_command(ack: Ack) -> None:
        ack(text="xacct answers `/xacct` only. Try `/xacct help`.", response_type="ephemeral")

    def unheard(ack: Ack) -> None:
        ack()

    def no_options(ack: Ack) -> None:
        ack(options=[])

    app.action(_ANY)(explain)
    app.shortcut(_ANY)(close)
    app.view(_ANY)(close)
    app.view_closed(_ANY)(close)
    app.options(_ANY)(no_options)
    app.event(_ANY)(unheard)
    app.command(_ANY)(unknown_command)
    app.error(broken)


def broken(error: Exception) -> BoltResponse:
    """A fault of ours is acknowledged, with a reference that the log has too."""
    reference = uuid.uuid4().hex[:8]
    log.error("a listener failed [%s]: %s", reference, type(error).__name__, exc_info=error)
    words = f"Something broke on xacct's side. Quote {reference} when you ask about it."
    return BoltResponse(status=200, body={"response_type": "ephemeral", "text": words})
