"""Who may enter, told from what people decided, what time it is, and what the card said.

It knows nothing of how the product works. It holds what docs/architecture.md promises: access is
open from an approval until its end, for the grantee alone, and neither an end nor a revoke is ever
undone. Where AWS may lag behind a decision that was not paid yet, it says so (`EITHER`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, NamedTuple

OPENING_TIME: Final = timedelta(minutes=15)
ROUNDING: Final = timedelta(minutes=1)  # an end is a whole minute
SECOND: Final = timedelta(seconds=1)  # AWS tells its time in whole ones


class Verdict(Enum):
    """What AWS must answer."""

    IN = auto()
    OUT = auto()
    EITHER = auto()


class Stand(Enum):
    """How far a loan is."""

    WAITING = auto()
    PROMISED = auto()  # approved: it may be opened at any moment
    OPEN = auto()  # the card said so
    OVER = auto()


class Pair(NamedTuple):
    """A grantee and a role."""

    role: str
    grantee: str


class Said(NamedTuple):
    """What the card says of a request."""

    state: str
    why: str | None
    ends_at: datetime | None


@dataclass
class Loan:
    """One request, from asked to over."""

    number: int
    pair: Pair
    requester: str
    own: frozenset[str]  # who owns the identity, and so decides on nothing of it
    needs: int
    length: timedelta
    longest: timedelta
    lapses_at: datetime
    stand: Stand = Stand.WAITING
    approvals: set[str] = field(default_factory=set)
    promised_at: datetime | None = None
    open_since: datetime | None = None  # at the latest
    end: datetime | None = None
    unbroken_since: datetime | None = None  # at the latest
    ended: bool = False  # somebody ended it; closing may still be owed
    taken: bool = False  # a human took it away in AWS
    unvended: bool = False  # of that, only what lets the vendor in: the rest is closed when seen
    excuses: set[str] = field(default_factory=set)  # why it need not be opened
    forbidden: bool = False  # since before the approval: it must not be opened
    mfa: bool = False  # it lets in only who shows his MFA
    extends: "Loan | None" = None
    begins: datetime | None = None  # the end of what it extends
    began: datetime | None = None  # since when he may have it without a break, at the earliest
    cut: bool = False  # over before its end

    @property
    def latest_end(self) -> datetime:
        """When nobody may be in by it any more, whenever it was opened."""
        assert self.promised_at is not None
        begins = self.begins or self.promised_at + OPENING_TIME
        return self.end or begins + self.length + ROUNDING

    def has_nothing_to_extend(self, now: datetime) -> bool:
        """Whether it may be too late to extend what it was to, or that did not stay open."""
        one = self.extends
        if one is None or self.begins is None:
            return False
        return one.taken or one.ended or one.cut or now >= self.begins + self.length

    def may_let_in(self, now: datetime) -> bool:
        """Whether AWS may hold something of it that opens."""
        return self.stand in (Stand.PROMISED, Stand.OPEN) and now < self.latest_end

    def lets_in(self, now: datetime) -> bool:
        """Whether it must be open."""
        return (
            self.stand is Stand.OPEN
            and not (self.ended or self.taken)
            and self.end is not None
            and now < self.end
        )


@dataclass
class Kept:
    """A session that somebody took and holds on to."""

    pair: Pair
    expires: datetime
    until: datetime  # the end of the unbroken access it belongs to
    by: set[int]  # loans it may have come by
    sure: bool  # whether it must live until then
    closing: bool = False  # its access was ended; that may still be owed
    dead: bool = False  # seen dead when nothing was owed: for ever


class Model:
    """All loans and all kept sessions."""

    def __init__(self) -> None:
        self.loans: dict[int, Loan] = {}
        self.kept: list[Kept] = []
        self.admitted: set[Pair] = set()  # by a statement that a human wrote
        self.bare: set[str] = set()  # roles whose session end a human removed

    def of(self, pair: Pair, *stands: Stand) -> list[Loan]:
        return [one for one in self.loans.values() if one.pair == pair and one.stand in stands]

    # --- decisions

    def approved(self, loan: Loan, by: str, now: datetime) -> None:
        loan.approvals.add(by)
        if len(loan.approvals) >= loan.needs:
            loan.stand, loan.promised_at = Stand.PROMISED, now

    def ended(self, pair: Pair, now: datetime) -> None:
        """Somebody ended all there is of a grantee in a role."""
        for loan in self.of(pair, Stand.WAITING):
            loan.stand = Stand.OVER
        for loan in self.of(pair, Stand.PROMISED, Stand.OPEN):
            loan.ended = True
        for kept in self.kept:
            if kept.pair == pair and not kept.dead:
                kept.closing = kept.closing or now < kept.until
                kept.until, kept.sure = min(kept.until, now), False

    def taken(self, pair: Pair) -> None:
        """A human took away in AWS what lets a grantee in."""
        for loan in self.of(pair, Stand.OPEN):
            loan.taken = True
        for kept in self.kept:
            kept.sure = kept.sure and kept.pair != pair

    # --- what the card says, at rest

    def told(self, loan: Loan, said: Said, now: datetime) -> None:
        """Takes what the card says; fails where that must not be."""
        if loan.stand is Stand.OVER:
            assert said.state not in ("pending", "approved", "active", "ending"), (loan, said)
        elif loan.stand is Stand.WAITING:
            self._told_waiting(loan, said, now)
        elif said.state == "active":
            self._told_open(loan, said, now)
        else:
            assert said.state == "ended", f"neither open nor over at rest: {loan} {said}"
            self._told_over(loan, said, now)

    def _told_waiting(self, loan: Loan, said: Said, now: datetime) -> None:
        if said.state == "pending":
            assert now <= loan.lapses_at, f"lapsed, and still waits: {loan}"
            return
        lapsed = said.state == "lapsed" and now >= loan.lapses_at
        assert lapsed or (said.state == "cancelled" and loan.excuses), (loan, said)
        loan.stand = Stand.OVER

    def _told_open(self, loan: Loan, said: Said, now: datetime) -> None:
        assert said.ends_at is not None
        assert now < said.ends_at, f"past its end, and the card says open: {loan} {said}"
        assert not loan.ended, f"ended by somebody, and the card says open: {loan} {said}"
        self.noted(loan, said.ends_at, now)
        if loan.stand is Stand.PROMISED:
            assert not loan.forbidden, f"opened although it must not be: {loan}"
            self._opened(loan, now)

    def noted(self, loan: Loan, end: datetime, now: datetime) -> None:
        """The end was fixed: it fits what was approved, and no retry moves it."""
        assert loan.end in (None, end), f"the end moved to {end}: {loan}"
        assert loan.promised_at is not None, f"an end without an approval: {loan}"
        assert loan.begins is None or end == loan.begins + loan.length, f"not {end}: {loan}"
        earliest = loan.promised_at + loan.length - SECOND
        latest = min(now, loan.promised_at + OPENING_TIME) + loan.length + ROUNDING
        free = loan.end is None and loan.begins is None
        assert not free or earliest <= end <= latest, (loan, end)
        assert (end.second, end.microsecond) == (0, 0), (loan, end)
        loan.end = end

    def _opened(self, loan: Loan, now: datetime) -> None:
        since, end = loan.promised_at, loan.end
        assert since is not None
        assert end is not None
        before = [one for one in self._open_with(loan) if one.end is not None and one.end > now]
        loan.unbroken_since = min((one.unbroken_since or now for one in before), default=now)
        loan.began = min((one.began or since for one in self._open_with(loan)), default=since)
        assert end <= loan.unbroken_since + loan.longest + ROUNDING, f"too long: {loan} {before}"
        for kept in self.kept:
            if kept.pair == loan.pair and not kept.dead and not kept.closing:
                self._carried_on(kept, loan, since=since, now=now)
        loan.stand, loan.open_since = Stand.OPEN, now

    def _carried_on(self, kept: Kept, loan: Loan, *, since: datetime, now: datetime) -> None:
        """An open session lives on where the new loan began before its access ended."""
        assert loan.end is not None
        if loan.number in kept.by:
            kept.until, kept.sure = max(kept.until, loan.end), not loan.taken
        elif since < kept.until:
            kept.sure = kept.sure and now < kept.until
            kept.until = max(kept.until, loan.end)

    def _told_over(self, loan: Loan, said: Said, now: datetime) -> None:
        over = loan.end is not None and now >= loan.end
        late = loan.promised_at is not None and now >= loan.promised_at + OPENING_TIME
        if loan.stand is Stand.OPEN:
            assert over or loan.ended or loan.taken, f"ended for no reason: {loan} {said}"
        else:
            refused = self.may_be_refused(loan, now)
            assert over or loan.ended or late or refused, f"not opened for no reason: {loan} {said}"
        loan.stand, loan.cut = Stand.OVER, not over
        if not over:
            self._cut(loan, now)

    def _cut(self, loan: Loan, now: datetime) -> None:
        """Sessions that came by it end with it, unless the access goes on by another loan."""
        left = [one for one in self._open_with(loan) if one.may_let_in(now)]
        for kept in self.kept:
            if kept.pair == loan.pair and not left:
                kept.until, kept.sure = min(kept.until, now), False

    def _open_with(self, loan: Loan) -> list[Loan]:
        found = self.of(loan.pair, Stand.OPEN)
        return [one for one in found if one is not loan and not one.ended]

    def _may_be_too_long(self, loan: Loan, now: datetime) -> bool:
        """With what is open already it could last longer than the role is lent for."""
        began = [one.began for one in self._open_with(loan) if one.began is not None]
        latest = (loan.begins or now) + loan.length + ROUNDING
        return bool(began) and latest > min(began) + loan.longest

    def may_be_refused(self, loan: Loan, now: datetime) -> bool:
        """Whether xacct may refuse it with a sentence, now or when it is to be opened."""
        too_late = loan.has_nothing_to_extend(now)
        return bool(loan.excuses) or too_late or self._may_be_too_long(loan, now)

    def may_extend(self, loan: Loan, length: timedelta, now: datetime) -> bool:
        """Whether xacct surely takes a request for so much more, from who may ask for it."""
        waiting = self.of(loan.pair, Stand.WAITING, Stand.PROMISED)
        if waiting or loan.end is None or loan.began is None or not loan.lets_in(now):
            return False
        last = all(one.end is None or one.end <= loan.end for one in self.of(loan.pair, Stand.OPEN))
        return last and loan.end + length <= loan.began + loan.longest

    def rested(self) -> None:
        """Everything that was owed is paid."""
        for kept in self.kept:
            kept.closing = False

    # --- what AWS must answer between two moments

    def door(self, pair: Pair, since: datetime, until: datetime, *, mfa: bool = True) -> Verdict:
        """To a grantee who knocks with his own keys, under his own session name, and shows his MFA
        or does not.
        """
        loans = self.of(pair, Stand.PROMISED, Stand.OPEN)
        mine = [one for one in loans if mfa or not one.mfa]
        if pair in self.admitted:
            return Verdict.EITHER
        if any(one.lets_in(until) for one in mine):
            return Verdict.IN
        owed = (one for one in mine if one.ended or one.unvended or one.stand is Stand.PROMISED)
        if any(one.may_let_in(since) for one in owed) or any(one.lets_in(since) for one in mine):
            return Verdict.EITHER
        return Verdict.OUT

    def session(self, kept: Kept, since: datetime, until: datetime) -> Verdict:
        """To a session that somebody kept."""
        if since >= kept.expires:
            return Verdict.OUT
        if kept.pair.role in self.bare or kept.closing:
            return Verdict.EITHER
        coming = any(
            one.promised_at is not None and one.promised_at < kept.until and not one.ended
            for one in self.of(kept.pair, Stand.PROMISED)
        )
        if kept.dead or (since >= kept.until and not coming):
            return Verdict.OUT
        if kept.sure and until < min(kept.until, kept.expires):
            return Verdict.IN
        return Verdict.EITHER

    def seen_dead(self, kept: Kept) -> None:
        """Nothing may revive it, unless its access was about to be carried on."""
        if not self.of(kept.pair, Stand.PROMISED) and kept.pair.role not in self.bare:
            kept.dead = True
