"""Checking a long chain in as many processes as there are processors."""

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from db import examine
from db.audit.key import Key
from db.audit.scan import Span
from db.audit.verifying import Walking
from db.audit.walk import Anchor, Walked, walk

_FEW: Final = 2  # parts that are not worth the start of another process


def several(url: str, key: Key) -> Walking:
    """Walks along the spans of a long log in as many processes as there are processors."""

    def walking(spans: Sequence[Span], anchors: Sequence[Anchor]) -> Iterable[Walked]:
        if len(spans) <= _FEW:
            yield from (_walk_alone((url, key, span, anchors)) for span in spans)
            return
        fresh = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=fresh) as pool:
            yield from pool.map(_walk_alone, [(url, key, span, anchors) for span in spans])

    return walking


def _walk_alone(asked: tuple[str, Key, Span, Sequence[Anchor]]) -> Walked:
    url, key, span, anchors = asked
    with examine.reading(url) as session:
        return walk(session, key, span, [one for one in anchors if span.holds(one.number)])
