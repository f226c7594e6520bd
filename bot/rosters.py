"""Rosters as their providers keep them: Slack's user groups, and PagerDuty's schedules.

Each adapter is one function, from the roster's id to who is on it; it may raise anything, which
means that nobody could say.
"""

import json
from functools import partial
from typing import Any, Final

import urllib3
from slack_sdk import WebClient

from bot.settings import Settings
from bot.slack import TIMEOUT
from workflows.catalog.duty import Roster
from workflows.duties import AskRoster, Duties, Roll

_PEOPLE: Final = 100
"""On-call entries on one page, the most that PagerDuty gives; one level of a schedule has one."""

_OK: Final = 200


def duties(settings: Settings, in_slack: AskRoster) -> Duties:
    """The rosters that can be read with these settings, those of Slack by `in_slack`."""
    ask: dict[Roster, AskRoster] = {Roster.SLACK_GROUP: in_slack}
    if settings.pagerduty_token:
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(TIMEOUT), retries=False)
        token = settings.pagerduty_token.reveal()
        ask[Roster.PAGERDUTY] = partial(on_call, pool, settings.pagerduty_url, token)
    return Duties(ask)


def slack_group(client: WebClient, group: str) -> Roll:
    """The members of a user group (docs.slack.dev/reference/methods/usergroups.users.list)."""
    return Roll(users=frozenset(client.usergroups_users_list(usergroup=group)["users"]))


def on_call(pool: urllib3.PoolManager, url: str, token: str, schedule: str) -> Roll:
    """Who is on call by a schedule now (PagerDuty REST API v2, `GET /oncalls`).

    PagerDuty knows people by their e-mail address; those that it does not name are nobody. An
    answer that is cut off is none.
    """
    answer = pool.request(
        "GET",
        f"{url}oncalls",
        fields=[("schedule_ids[]", schedule), ("include[]", "users"), ("limit", str(_PEOPLE))],
        headers={
            "Accept": "application/vnd.pagerduty+json;version=2",
            "Authorization": f"Token token={token}",
            "Connection": "close",  # it is asked once a minute
        },
    )
    if answer.status != _OK:
        raise OSError(f"PagerDuty answered {answer.status}")
    told: dict[str, Any] = json.loads(answer.data)
    if told.get("more"):
        raise OSError("PagerDuty named more people than one page holds")
    found = (one["user"].get("email") for one in told["oncalls"])
    return Roll(emails=frozenset(email.casefold() for email in found if email))
