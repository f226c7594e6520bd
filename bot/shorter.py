"""Approving for less time than was asked for: what a card offers, and how a click names it.

A click names a request and terms, nothing else. Less time has terms of its own, made of those of
the request: nobody can click a length that no card offered.
"""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Final

from db.models import Request
from workflows.catalog.model import Delivery

_LENGTHS: Final = tuple(timedelta(minutes=one) for one in (5, 15, 30, 60, 120, 240, 480))
_MOST: Final = 4  # choices of a menu


def lengths(row: Request) -> Sequence[timedelta]:
    """The lengths below the one that was asked for, the longest first."""
    least = Delivery(row.delivery).shortest
    below = [one for one in _LENGTHS if least <= one < timedelta(seconds=row.seconds)]
    return below[-_MOST:][::-1]


def terms(row: Request, length: timedelta) -> str:
    """What a click for that length names: as many characters as the request's terms have."""
    asked = str(row.terms)
    return sha256(f"{asked} {length.total_seconds():.0f}".encode()).hexdigest()[: len(asked)]


def read(row: Request, shown: str) -> tuple[str, int | None]:
    """The request's terms that a click means, and the seconds where it is for less; what is not of
    this request is left as it is, and is no approval.
    """
    if row.terms is not None:
        for one in lengths(row):
            if shown == terms(row, one):
                return row.terms, int(one.total_seconds())
    return shown, None
