"""Credentials, fetched into a modal that their grantee opened himself, and kept nowhere."""

import logging
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import views
from bot.blocks import code
from bot.slack import code_of
from db.store import requests
from workflows import deliver, rules
from workflows.aws.vendor import Credentials, Vendor
from workflows.errors import Refused, Trouble
from workflows.person import Person
from workflows.world import World

log = logging.getLogger(__name__)


class Modal:
    """One open modal, waiting for its contents."""

    def __init__(self, client: WebClient, trigger: str) -> None:
        """Opens it. Raises Refused when it is too late for that."""
        self._client = client
        try:
            opened: Any = client.views_open(trigger_id=trigger, view=views.fetching())
        except SlackApiError as error:
            raise Refused(
                f"Slack did not open the window ({code_of(error)}). Click the button again."
            ) from None
        self._id = str(opened["view"]["id"])

    def show(self, view: dict[str, Any]) -> None:
        """Fills it; a person who closed it meanwhile sees nothing, and nothing is lost."""
        try:
            self._client.views_update(view_id=self._id, view=view)
        except Exception as error:  # noqa: BLE001  its text could quote the view
            log.warning("a modal was not filled: %s", type(error).__name__)


def mint(
    world: World, vendor: Vendor, request_id: int, *, by: Person
) -> tuple[views.Lent, Credentials]:
    """What the credentials are of, and they themselves. Raises Refused."""
    rules.identified(by, world.catalog)
    now = world.clock.now()
    try:
        keys = deliver.mint(world, vendor, request_id, by=by)
    except Trouble as trouble:
        raise Refused(f"AWS gave no credentials: {code(str(trouble))}. Please try again.") from None
    with world.database.read() as session:
        row = requests.get(session, request_id)
    assert row is not None  # it gave credentials
    assert row.ends_at is not None
    longest = timedelta(seconds=row.longest_session) if row.longest_session else None
    return views.Lent(row.role, row.ends_at, rest=row.ends_at - now, longest=longest), keys
