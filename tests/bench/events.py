"""Made-up events of a big company's year, for benches of the audit log."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from db.audit import About, Actor, Entry

FROM: Final = datetime(2025, 11, 1, tzinfo=UTC)
ACCOUNTS: Final = [
    f"{stage}-{name}"
    for stage in ("prod", "stage", "dev", "play")
    for name in ("payments", "orders", "search", "data", "web", "infra", "billing", "fraud", "core")
]
ROLES: Final = ["admin", "readonly", "deploy", "db-admin", "oncall"]
PEOPLE: Final = [f"U{number:08d}" for number in range(2000)]
_EVENTS: Final = {
    "requested": 10,
    "looked": 10,
    "approved": 9,
    "noted": 9,
    "trust opened": 9,
    "membership opened": 8,
    "opened": 9,
    "delivered": 4,
    "ending": 9,
    "trust closed": 9,
    "ended": 9,
    "refused": 3,
    "denied": 1,
    "lapsed": 0.6,
    "alert": 0.4,
}
_WORDS: Final = [f"w{number:05d}" for number in range(20_000)]
SECONDS: Final = 30.0


def entries(count: int) -> Iterator[Entry]:
    """Ten events a request; some people, accounts and words are much more frequent than others."""
    dice = random.Random(11)
    people = dice.choices(PEOPLE, [1 / (n + 1) ** 0.8 for n in range(len(PEOPLE))], k=count)
    names = list(_EVENTS)
    events = dice.choices(names, list(_EVENTS.values()), k=count)
    words = dice.choices(_WORDS, [1 / (n + 1) for n in range(len(_WORDS))], k=count * 8)
    for number in range(count):
        request = number // 10
        requester, who = people[request], people[number]
        account = ACCOUNTS[(request * request * 7919) % len(ACCOUNTS)]
        role = ROLES[(request * 31 + request // 7) % len(ROLES)]
        yield Entry(
            at=FROM + timedelta(seconds=number * SECONDS - dice.random()),
            event=events[number],
            actor=Actor(who, f"{who.casefold()}@example.com", _user(who)),
            about=About(
                request=request + 1,
                requester=requester,
                account=account,
                account_id=f"{ACCOUNTS.index(account):012d}",
                role=f"{account}/{role}",
                grantee=_user(requester),
                session=requester.casefold(),
            ),
            facts=_facts(words[number * 8 : number * 8 + 8], number),
        )


def _facts(words: list[str], number: int) -> dict[str, Any]:
    return {"reason": " ".join(words), "seconds": 3600, "terms": f"{number:064x}"}


def _user(person: str) -> str:
    return f"arn:aws:iam::111122223333:user/{person.casefold()}"
