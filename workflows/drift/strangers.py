"""The digest of members without a request: one alert for all, said again only when it changes.

None of them is ever removed by itself. An administrator removes one, or leaves all as they are;
whom he left is on no list any more until he is gone and comes again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db.models import Alert
from db.store import alerts
from db.store.alerts import Finding
from workflows.drift.places import Stranger, named
from workflows.drift.seen import AccountSeen

KEY: Final = "strangers"
KIND: Final = "member without a request"

Spot = tuple[str, str]  # group name, the user's unique id


def say(session: Session, seen: AccountSeen, found: Iterable[Stranger], *, at: datetime) -> bool:
    """Says who is on the list if that changed. Groups that were not read stay as they were said."""
    alert = alerts.named(session, KEY)
    told, left = listed(alert), left_alone(alert)
    everybody = [*found, *(one for one in told if one.group in seen.unread)]
    here = {(one.group, one.user_id) for one in everybody}
    still_left = {spot for spot in left if spot in here or spot[0] in seen.unread}
    if still_left != left:
        alerts.remember(session, KEY, left=_spots(still_left))
    listing = [one for one in everybody if (one.group, one.user_id) not in still_left]
    return show(session, listing, at=at)


def show(session: Session, listing: Sequence[Stranger], *, at: datetime) -> bool:
    """Makes the digest show this list; True if it says something anew."""
    if not listing:
        alerts.over(session, KEY, at=at)
        return False
    left = left_alone(alerts.named(session, KEY))
    return alerts.found(session, finding(listing, left), at=at)


def finding(listing: Iterable[Stranger], left: Iterable[Spot] = ()) -> Finding:
    """The digest as an alert."""
    sorted_list = sorted(listing, key=lambda one: (one.group, one.user_name))
    names = [f"{one.user_name} in {one.group}" for one in sorted_list]
    facts: dict[str, Any] = {
        "members": [
            {"group": one.group, "user": one.user_name, "id": one.user_id} for one in sorted_list
        ],
        "left": _spots(left),
    }
    return Finding(
        key=KEY,
        kind=KIND,
        sentence=(
            f"In groups that let people into roles, without a request: {named(names)}. They were "
            "put there by hand, or before xacct came. xacct removes none of them by itself: remove "
            "who is not meant to be there, or leave all as they are."
        ),
        facts=facts,
    )


def _spots(spots: Iterable[Spot]) -> list[list[str]]:
    return [list(one) for one in sorted(spots)]


def listed(alert: Alert | None) -> list[Stranger]:
    """Who is on the list as it was last said; nobody when it is over."""
    if alert is None or alert.over_at is not None:
        return []
    return [
        Stranger(one["group"], one["user"], one["id"]) for one in alert.facts.get("members", [])
    ]


def left_alone(alert: Alert | None) -> set[Spot]:
    """Whom an administrator left where they are."""
    return set() if alert is None else {(one[0], one[1]) for one in alert.facts.get("left", [])}
