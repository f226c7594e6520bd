"""What was done with a grant, in words: writes first, and what the source cannot know."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from bot import blocks
from bot.blocks import code, escaped, moment
from bot.cards import Drawing
from workflows.activity.events import Reading, Trace
from workflows.activity.summary import Count, Summary, total
from workflows.retrace import Told

_SERVICES = 8
_CALLS = 6
"""How many services, and calls of each, are named; the rest is counted."""

_UNREAD = 4  # regions that could not be read, with the reason
_MORE = 32  # characters that say how many lines are missing


def drawing(told: Told, *, again: bool = False) -> Drawing:
    """What came of asking; with `again` how to ask once more, where that may tell more."""
    text = _fitting(*_lines(told, again=again))
    return Drawing(text, [blocks.section(text)])


def _fitting(calls: Sequence[str], rest: Sequence[str]) -> str:
    """As many whole lines of the calls as fit before the rest, which is never left out."""
    ending = "\n".join(rest)
    room = blocks.FALLBACK - len(ending) - _MORE
    kept: list[str] = []
    for line in calls:
        if sum(map(len, kept)) + len(kept) + len(line) > room:
            kept.append(f"and {len(calls) - len(kept)} more lines")
            break
        kept.append(line)
    return "\n".join([*kept, ending])


def nothing_to_ask(request_id: int) -> str:
    """Nothing was opened by this request, so nobody is asked."""
    return f"Nothing was opened by #{request_id}, so there is nothing that was done with it."


def _lines(told: Told, *, again: bool) -> tuple[list[str], list[str]]:
    """The calls, and what has to be said of them in any case."""
    trace = told.trace
    how = f" `/xacct activity {trace.request}` asks again." if again else ""
    if told.found is None:
        why = escaped(told.why, 600)
        return [], [f"What was done with #{trace.request} could not be read: {why}.{how}"]
    reading, found = told.found
    head = f"*What was done with #{trace.request}*, as {code(trace.session_name, 64)}:"
    calls = [_nothing(trace, reading)] if found.is_empty else [head, *_used(found)]
    rest = [] if found.is_empty else [_times(found)]
    rest += _unread(reading)
    partly = bool(reading.unread) or reading.up_to < trace.until
    return calls, [*rest, _source(reading, found) + (how if partly else "")]


def _unread(reading: Reading) -> Iterable[str]:
    regions = list(reading.unread)
    for region in regions[:_UNREAD]:
        yield f"{region} could not be read: {escaped(reading.unread[region], 300)}."
    if more := regions[_UNREAD:]:
        yield f"Nor could {', '.join(more)}."


def _nothing(trace: Trace, reading: Reading) -> str:
    if reading.kept_since is not None and trace.until <= reading.kept_since:
        return f"Nothing is kept any more of what was done with #{trace.request}."
    return (
        f"No management events of {code(trace.session_name, 64)} by #{trace.request} in "
        f"{', '.join(reading.regions)} up to {moment(reading.up_to)}."
    )


def _used(found: Summary) -> Iterable[str]:
    if found.onward:
        roles = ", ".join(f"{code(one.what, 160)}{_often(one)}" for one in found.onward[:_CALLS])
        yield f"• *Went on into another role*, where it has another name: {roles}"
    yield from _listed("Writes", found.writes)
    yield from _listed("Reads", found.reads)
    yield from _listed("Refused", found.refused)
    yield from _listed("Failed", found.failed)
    if not (found.onward or found.writes or found.reads or found.refused or found.failed):
        yield "• Entered, and nothing was done that is told."


def _times(found: Summary) -> str:
    assert found.first is not None
    assert found.last is not None
    sessions = f" · sessions begun: {found.entered}" if found.entered else ""
    keys = f" · by delivered credentials: {found.delivered}" if found.delivered else ""
    return f"First use {moment(found.first)}, last {moment(found.last)}{sessions}{keys}"


def _listed(title: str, counts: Sequence[Count]) -> Iterable[str]:
    if not counts:
        return
    services = [(name, list(some)) for name, some in groupby(counts, lambda one: one.service)]
    yield f"• *{title}: {total(counts)}*"
    for name, some in services[:_SERVICES]:
        calls = ", ".join(f"{code(one.what, 96)}{_often(one)}" for one in some[:_CALLS])
        more = total(some[_CALLS:])
        yield f"    {escaped(name, 48)}: {calls}{f' and {more} more' if more else ''}"
    if others := services[_SERVICES:]:
        yield f"    and {sum(total(some) for _, some in others)} in {len(others)} more services"


def _often(one: Count) -> str:
    return f" ({one.times})" if one.times > 1 else ""


def _source(reading: Reading, found: Summary) -> str:
    """Where that is from, and what can be known of it: nobody takes silence for a proof."""
    known = "" if found.is_empty else f", up to {moment(reading.up_to)}"
    cut = ""
    if reading.cut_at is not None:
        cut = f" Before {moment(reading.cut_at)} there was more than was read, and is not counted."
    kept = ""
    if reading.kept_since is not None:
        kept = f" What was before {moment(reading.kept_since)} is not kept there."
    return (
        f"_From {reading.source} of {', '.join(reading.regions)}{known}.{cut}{kept} Not in it: "
        f"{reading.lacks}._"
    )
