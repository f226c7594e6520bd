"""What a person's act entitles the app to for a while: a trigger id, a response_url.

Deadlines are real (monotonic) time, given as an argument; the shared clock does not move them.
Source: docs.slack.dev/interactivity/handling-user-interaction.
"""

from dataclasses import dataclass, replace
from itertools import count
from secrets import token_hex
from typing import Final

from sandbox.slack.values import SlackError

TRIGGER_SECONDS: Final = 3.0
RESPONSE_URL_SECONDS: Final = 1800.0
RESPONSE_URL_USES: Final = 5


@dataclass(frozen=True)
class Trigger:
    """Lets the app open one view for `user`; `view` is the modal the act happened in, if any."""

    user: str
    view: str | None
    made: float
    spent: bool = False


@dataclass(frozen=True)
class ResponseUrl:
    """Lets the app answer one act. `ts` is the message that was clicked; None for a command."""

    user: str
    channel: str
    ts: str | None
    made: float
    uses: int = 0


class Tickets:
    """All trigger ids and response_urls ever handed out."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def trigger(self, trigger: Trigger) -> str:
        """The new trigger's id."""
        trigger_id = f"{next(self._numbers)}.{int(trigger.made * 1000)}.{token_hex(8)}"
        self._triggers[trigger_id] = trigger
        return trigger_id

    def exchange(self, trigger_id: str, now: float) -> Trigger:
        """Uses a trigger up; `invalid_…`, `exchanged_…` or `expired_trigger_id` if it cannot be."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.spent:
            raise SlackError("exchanged_trigger_id")
        if now - trigger.made > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        self._triggers[trigger_id] = replace(trigger, spent=True)
        return trigger

    def response_url(self, url: ResponseUrl) -> str:
        """The key that stands at the end of the new response_url."""
        key = f"{next(self._numbers)}/{token_hex(12)}"
        self._urls[key] = url
        return key

    def use(self, key: str, now: float) -> ResponseUrl:
        """Counts one use; `invalid_url`, `expired_url` or `used_url` if there is none left."""
        url = self._urls.get(key)
        if url is None:
            raise SlackError("invalid_url")
        if now - url.made > RESPONSE_URL_SECONDS:
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        self._urls[key] = replace(url, uses=url.uses + 1)
        return url
