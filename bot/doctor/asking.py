"""Asks Slack and the rosters for the findings. It posts nothing, and opens no socket."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from datetime import datetime
from typing import Any, Final, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)

from bot import channels, rosters
from bot.channels import Fault
from bot.doctor.slack import Facts, Home, people_of
from bot.posting import Later
from bot.settings import Secret, Settings
from bot.slack import ask_person, client, code_of
from workflows.catalog.duty import Duty, Roster
from workflows.catalog.model import Catalog
from workflows.duties import AskRoster, Duties, Roll
from workflows.errors import Refused
from workflows.person import Person

_WAITS: Final = 3
"""Times that one call waits as long as Slack asks: a large catalog names more people than Slack
tells of in a minute.
"""

_NOBODY: Final = frozenset({"user_not_found", "users_not_found", "user_not_visible"})
_HEADER: Final = "x-oauth-scopes"
"""Names the scopes of the token that was used (docs.slack.dev/authentication/tokens)."""

T = TypeVar("T")


def patient(token: Secret, url: str) -> WebClient:
    """A client that waits when Slack asks for it; nothing is sent."""
    limited = RateLimitErrorRetryHandler(max_retry_count=_WAITS)
    return client(token, url, again=[ConnectionErrorRetryHandler(), limited])


def facts(settings: Settings, slack: WebClient, catalog: Catalog | None, pool: Executor) -> Facts:
    """What Slack says; whatever it does not say is in it as a text. Asks beside each other."""
    socket = pool.submit(_socket, settings)
    home = _home(settings, slack)
    if isinstance(home, str) or catalog is None:
        return Facts(home, socket.result())
    asked = {one: pool.submit(_channel, slack, one) for one in channels.channels_of(catalog)}
    people = {one: pool.submit(_person, slack, catalog.team, one) for one in people_of(catalog)}
    groups = {one: pool.submit(_group, slack, one) for one in _groups(catalog)}
    return Facts(
        home,
        socket.result(),
        channels={one: answer.result() for one, answer in asked.items()},
        people={one: answer.result() for one, answer in people.items()},
        rosters={one: answer.result() for one, answer in groups.items()},
    )


def known(facts: Facts, slack: WebClient, team: str) -> Callable[[str], Person]:
    """Who somebody is, by what Slack said already; whom the catalog does not name is asked about.
    What comes back raises where Slack does not say.
    """

    def ask(user: str) -> Person:
        if user not in facts.people and not isinstance(facts.home, str):
            return ask_person(slack, team, user)
        said = facts.people.get(user, "Slack was not asked")
        if isinstance(said, str):
            raise Refused(said)
        return said or _gone(user, team)

    return ask


def told_of(rolls: Mapping[str, Roll | str]) -> AskRoster:
    """Who is on a roster, by what was said already: nobody is asked about it again."""

    def ask(roster: str) -> Roll:
        said = rolls.get(roster, "it was not asked about")
        if isinstance(said, str):
            raise Refused(said)
        return said

    return ask


def schedules(duties: Duties, catalog: Catalog, *, now: datetime) -> Mapping[str, Roll | str]:
    """Who is on call by the schedules of PagerDuty now, or why that is not known."""
    wanted = {one.id: one for one in _duties(catalog) if one.roster is Roster.PAGERDUTY}
    return {
        name: duties.roll(one, now=now) or "PagerDuty does not say" for name, one in wanted.items()
    }


def _gone(user: str, team: str) -> Person:
    """Whom Slack does not know is as one who was deactivated: he decides nothing."""
    return Person(
        user=user,
        team=team,
        name=user,
        email=None,
        email_confirmed=False,
        guest=False,
        bot=False,
        stranger=False,
        deleted=True,
    )


def _said(call: Callable[[], T]) -> T | str:
    """The answer, or Slack's word for what is wrong, or what the network did."""
    try:
        return call()
    except SlackApiError as error:
        return code_of(error)
    except Exception as error:  # noqa: BLE001  the network; its text may quote the request
        return type(error).__name__


def _home(settings: Settings, slack: WebClient) -> Home | str:
    if not settings.slack_bot_token:
        return "it is missing"

    def ask() -> Home:
        answer: Any = slack.auth_test()
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Home(
            team=str(answer["team_id"]),
            whole_org=bool(answer.get("is_enterprise_install")),
            scopes=_scopes(lowered.get(_HEADER)),
            enterprise=answer.get("enterprise_id") or None,
        )

    return _said(ask)


def _scopes(header: Any) -> frozenset[str] | None:
    if header is None:
        return None
    text = ",".join(header) if isinstance(header, list) else str(header)
    return frozenset(one.strip() for one in text.split(",") if one.strip())


def _socket(settings: Settings) -> str | None:
    """Why no socket could be opened. Slack hands out an address, which is used by nobody and dies
    by itself: nothing else changes (docs.slack.dev/reference/methods/apps.connections.open).
    """
    token = settings.slack_app_token
    if not token:
        return "it is missing"
    app = client(token, settings.slack_api_url)
    answer = _said(lambda: app.apps_connections_open(app_token=token.reveal()))
    return answer if isinstance(answer, str) else None


def _channel(slack: WebClient, channel: str) -> Fault | str | None:
    try:
        return channels.ask(slack, channel)
    except Later as later:
        return str(later)


def _person(slack: WebClient, team: str, user: str) -> Person | str | None:
    answer = _said(lambda: ask_person(slack, team, user))
    return None if isinstance(answer, str) and answer in _NOBODY else answer


def _group(slack: WebClient, group: str) -> Roll | str:
    return _said(lambda: rosters.slack_group(slack, group))


def _groups(catalog: Catalog) -> Collection[str]:
    return {one.id for one in _duties(catalog) if one.roster is Roster.SLACK_GROUP}


def _duties(catalog: Catalog) -> list[Duty]:
    named = [role.duty for role in catalog.roles]
    named += [role.escalation.duty for role in catalog.roles if role.escalation is not None]
    return [one for one in named if one is not None]
