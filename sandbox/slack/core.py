"""Everything that this Slack remembers, in one place that its rooms share."""

import time
from dataclasses import replace
from itertools import count

from sandbox.clock import SharedClock
from sandbox.slack.events import Events
from sandbox.slack.faults import Faults
from sandbox.slack.home import Homes
from sandbox.slack.limits import Limits
from sandbox.slack.manifest import Manifest
from sandbox.slack.screens import Screens
from sandbox.slack.socket_mode import Sockets
from sandbox.slack.suggestions import Suggestions
from sandbox.slack.tickets import ResponseUrl, Tickets, Trigger
from sandbox.slack.values import ApiCall, Json
from sandbox.slack.workspace import Person, Workspace


class Calls:
    """What the app asked of the Web API, in the order in which it arrived."""

    def __init__(self) -> None:
        self._numbers = count()
        self._made: dict[int, ApiCall] = {}

    def arrived(self, method: str, args: Json, at: float) -> int:
        """Notes a call before its work is done; returns its number."""
        number = next(self._numbers)
        self._made[number] = ApiCall(method, args, at, None)
        return number

    def answered(self, number: int, lasted: float) -> None:
        """Notes how long the call took, unless it was forgotten meanwhile."""
        if number in self._made:
            self._made[number] = replace(self._made[number], lasted=lasted)

    def refused(self, number: int, error: str) -> None:
        """Notes how the call ended, unless it was forgotten meanwhile."""
        if number in self._made:
            self._made[number] = replace(self._made[number], error=error)

    def made(self, method: str | None) -> list[ApiCall]:
        """All of them, or those of one method."""
        return [call for call in self._made.values() if method in (None, call.method)]

    def forget(self) -> None:
        """Starts anew."""
        self._made.clear()


class Slack:
    """One Slack with one team and one app. `url` is where it listens, known once it does."""

    def __init__(self, clock: SharedClock, manifest: Manifest | None = None) -> None:
        self.clock = clock
        self.manifest = manifest or Manifest()
        self.url = ""
        self.slowness = 0.0  # seconds put into every call of the Web API and of a response_url
        self.workspace = Workspace(clock.time)
        self.screens = Screens(self.workspace)
        self.homes = Homes(self.workspace, self.screens.has_external_id)
        self.suggestions = Suggestions()
        self.tickets = Tickets()
        self.faults = Faults()
        self.limits = Limits(clock.time)
        self.calls = Calls()
        self.sockets = Sockets(clock)
        self.events = Events(self.sockets, self.manifest, clock.time)

    def user_json(self, person: Person) -> Json:
        """A person as the app is shown them: with the e-mail address only if it may read it."""
        return person.json(with_email=self.manifest.grants("users:read.email"))

    def trigger_for(self, user: str, view: str | None = None) -> str:
        """A trigger id that counts from now."""
        return self.tickets.trigger(Trigger(user, view, time.monotonic()))

    def response_url_for(self, user: str, channel: str, ts: str | None = None) -> str:
        """A response_url that counts from now."""
        url = ResponseUrl(user, channel, ts, time.monotonic())
        return f"{self.url}/response_url/{self.tickets.response_url(url)}"
