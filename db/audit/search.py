"""Searching: which rows a question means, and which the asker may see."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.audit import names, scan, terms
from db.audit.events import ACTIONS
from db.audit.question import Condition, Field, Search, Viewer
from db.audit.scan import Found, Span, Terms
from db.models import Audit, AuditHead

PAGE: Final = 10
"""Rows of a page."""

_AT_ONCE: Final = 1000  # rows of an export in memory
_OF_A_PAIR: Final = 3  # terms of two words: each alone, and both


@dataclass(frozen=True)
class Page:
    """Rows, the newest first, and whether there are newer and older ones of that kind."""

    rows: tuple[Found, ...]
    newer: bool = False
    older: bool = False


def newest(
    session: Session, search: Search, viewer: Viewer | None = None, *, below: int | None = None
) -> Page:
    """The newest PAGE rows, of those `below` that number; in the terminal (no `viewer`) of all."""
    query = _Query.of(session, search, viewer)
    top = query.span.high if below is None else below - 1
    found = query.some(session, replace(query.span, high=min(query.span.high, top)), PAGE + 1)
    return Page(tuple(found[:PAGE]), newer=below is not None, older=len(found) > PAGE)


def newer(session: Session, search: Search, viewer: Viewer | None = None, *, above: int) -> Page:
    """The PAGE rows next above that number; the newest ones where there are fewer."""
    query = _Query.of(session, search, viewer)
    span = replace(query.span, low=max(query.span.low, above + 1))
    found = query.some(session, span, PAGE + 1, up=True)
    if len(found) <= PAGE:
        return newest(session, search, viewer)
    return Page(tuple(reversed(found[:PAGE])), newer=True, older=True)


def latest(session: Session, search: Search, *, limit: int) -> list[Found]:
    """The newest rows, the newest first."""
    query = _Query.of(session, search, None)
    return query.some(session, query.span, limit)


def each(session: Session, search: Search, viewer: Viewer | None = None) -> Iterator[Found]:
    """All rows, the oldest first, few of them in memory."""
    query = _Query.of(session, search, viewer)
    yield from query.each(session, query.span, _AT_ONCE, up=True)


def after(session: Session, search: Search, number: int, *, limit: int) -> list[Found]:
    """The oldest rows behind that number."""
    query = _Query.of(session, search, None)
    span = replace(query.span, low=max(query.span.low, number + 1))
    return query.some(session, span, limit, up=True)


@dataclass(frozen=True)
class _Query:
    """A search as terms and numbers, and what is left to be seen in each row."""

    search: Search
    terms: Terms
    span: Span
    phrases: tuple[tuple[str, bool], ...]
    viewer: Viewer | None = None

    @classmethod
    def of(cls, session: Session, search: Search, viewer: Viewer | None) -> "_Query":
        groups: list[tuple[str, ...]] = [_seen_by(viewer)] if viewer is not None else []
        either: dict[Field, list[str]] = {}
        none: list[str] = []
        phrases: list[tuple[str, bool]] = []
        for one in search.conditions:
            found = _terms(session, one)
            if one.field is Field.WORD and len(found) > _OF_A_PAIR:
                phrases.append((terms.phrase(one.value), one.excluded))
                groups += [] if one.excluded else [(term,) for term in found]
            elif one.excluded:
                none += found
            elif one.field is Field.WORD:
                groups.append(tuple(found))
            else:
                either.setdefault(one.field, []).extend(found)
        groups += map(tuple, either.values())
        span = _span(session, search)
        if not all(groups):  # a name that stands nowhere
            span = Span(1, 0)
        return cls(search, Terms(tuple(groups), tuple(none)), span, tuple(phrases), viewer)

    def some(self, session: Session, span: Span, limit: int, *, up: bool = False) -> list[Found]:
        found: list[Found] = []
        at_once = _AT_ONCE if self.phrases else limit
        for row in self.each(session, span, at_once, up=up):
            found.append(row)
            if len(found) == limit:
                break
        return found

    def each(self, session: Session, span: Span, at_once: int, *, up: bool) -> Iterator[Found]:
        left = span
        while rows := scan.rows(session, self.terms, left, limit=at_once, up=up):
            yield from (row for row in rows if self._takes(row))
            if len(rows) < at_once:
                return
            last = rows[-1].number
            left = replace(left, low=last + 1) if up else replace(left, high=last - 1)

    def _takes(self, row: Found) -> bool:
        """Whether what no index says holds of the row, too."""
        since, until = self.search.since, self.search.until
        if (since is not None and row.at < since) or (until is not None and row.at >= until):
            return False
        if not self.phrases and self.viewer is None:
            return True
        content = row.content
        if self.viewer is not None and not _is_seen_by(self.viewer, content):
            return False
        written = terms.flat(content) if self.phrases else ""
        return all((phrase in written) is not out for phrase, out in self.phrases)


def _terms(session: Session, condition: Condition) -> list[str]:
    """The terms of which one stands in the row; of three words and more, all of them."""
    field, value = condition.field, condition.value
    if field is Field.WORD:
        found = terms.words(value)
        return found[-1:] if len(found) <= _OF_A_PAIR else found
    if "*" not in value or field not in _WITH_STAR:
        return [terms.term(field, value)]
    fits = names.pattern(value)
    named = (name for name in _names(session, field) if fits(name) or fits(_last(field, name)))
    return [terms.term(field, name) for name in names.few(named)]


def _names(session: Session, field: Field) -> Iterable[str]:
    """What a `*` may stand for. Some rows name an account in their role only, and a column of
    events has no reasons why something ended.
    """
    if field is Field.ROLE:
        return names.every(session, Audit.role)
    if field is Field.ACTION:
        return (*names.every(session, Audit.event), *ACTIONS)
    accounts = (role.rpartition("/")[0] for role in names.every(session, Audit.role))
    return (*names.every(session, Audit.account), *filter(None, accounts))


def _last(field: Field, name: str) -> str:
    """The name of a role without its account's."""
    return name.rpartition("/")[2] if field is Field.ROLE else terms.slug(name)


_WITH_STAR: Final = (Field.ACCOUNT, Field.ROLE, Field.ACTION)


def _seen_by(viewer: Viewer) -> tuple[str, ...]:
    own = terms.term(Field.USER, viewer.user)
    return (own, *(terms.term(Field.ROLE, role) for role in sorted(viewer.roles)))


def _is_seen_by(viewer: Viewer, content: Mapping[str, Any]) -> bool:
    """Exactly: a term stands for what somebody else's names are, too, and has no capitals."""
    own = viewer.user in (content.get("actor"), content.get("requester"))
    return own or content.get("role") in viewer.roles


def _span(session: Session, search: Search) -> Span:
    """Rows outside of these are too old or too new: their numbers follow their times, but for the
    head's `gap`.
    """
    span = scan.everything(session)
    gap = session.scalars(select(AuditHead.gap)).one()
    since, until = _moved(search.since, -gap), _moved(search.until, gap)
    if since is not None:
        earlier = select(Audit.number).where(Audit.at < since)
        last = session.scalars(earlier.order_by(Audit.at.desc()).limit(1)).one_or_none()
        span = replace(span, low=(last or 0) + 1)
    if until is not None:
        later = select(Audit.number).where(Audit.at >= until)
        first = session.scalars(later.order_by(Audit.at).limit(1)).one_or_none()
        span = replace(span, high=first if first is not None else span.high)
    return span


def _moved(moment: datetime | None, seconds: float) -> datetime | None:
    """None, too, where that is before or after all times that there are."""
    try:
        return None if moment is None else moment + timedelta(seconds=seconds)
    except OverflowError:
        return None
