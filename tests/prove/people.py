"""What people say and do: ask, approve, deny, end, and enter with what they hold."""

from datetime import datetime, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from db.lifecycle import IllegalMove
from tests.prove.machine import APPROVERS, NEEDS, Bench, one_of, when
from tests.prove.model import Kept, Loan, Pair, Stand
from tests.prove.place import ADMIN, DEPLOY, ENGINEERS, GRANTEES, LONGEST, PAIRS, PEOPLE
from workflows import access
from workflows.catalog.model import GranteeKind
from workflows.errors import Refused

thens = st.sampled_from(["rest", "rest", "pay once", "nothing"])
picks = st.integers(0, 20)
pairs = st.sampled_from(PAIRS)
minutes = st.sampled_from([5, 20, 60, 120])
several = st.lists(st.tuples(pairs, minutes, thens), min_size=1, max_size=3)

SHORTEST_VENDED: Final = 15  # minutes: AWS gives no shorter credentials


class People(Bench):
    """People who ask, decide, end and enter."""

    @rule(pair=pairs, length=minutes, then=thens)
    @when()
    def ask(self, pair: Pair, length: int, then: str) -> None:
        self._ask(pair, length)
        self._then(then)

    @initialize(lent=several, standing=st.sampled_from([None, *ENGINEERS]))
    @when()
    def begin_with(self, lent: list[tuple[Pair, int, str]], standing: str | None) -> None:
        """Somebody may be in the allow group since long ago, and is lent its role as well."""
        if standing is not None:
            self.place.human_joins(standing, ADMIN)
            self.members.add((standing, ADMIN))
            self._lend([(Pair(ADMIN, standing), 20, "rest")])
        self._lend(lent)

    @rule(lent=several)
    @when(lambda self: self.healthy)
    def lend(self, lent: list[tuple[Pair, int, str]]) -> None:
        self._lend(lent)

    def _lend(self, lent: list[tuple[Pair, int, str]]) -> None:
        """Asked, looked at, and approved by all who are needed; others try, too."""
        for pair, length, then in lent:
            loan = self._ask(pair, length)
            if loan is not None:
                self._rest()
                for who in (loan.requester, "mallory", "bob", "bob", "dora"):
                    self._approve(loan, who)
            self._then(then)
            if then == "rest":
                self._keep(pair, 14400)

    @rule(pick=picks, length=minutes, then=thens)
    @when(lambda self: self.healthy and self.model.kept)
    def lend_again(self, pick: int, length: int, then: str) -> None:
        """To somebody who kept a session: it may be of an access that is over."""
        self._lend([(one_of(pick, self.model.kept).pair, length, then)])

    def _ask(self, pair: Pair, minutes: int) -> Loan | None:
        grantee, waiting = (
            GRANTEES[pair.grantee],
            self.model.of(pair, Stand.WAITING, Stand.PROMISED),
        )
        if pair.role == DEPLOY:
            minutes = max(minutes, SHORTEST_VENDED)
        machine = grantee.name if grantee.kind is GranteeKind.MACHINE else None
        role, asked_at = self.place.named(pair.role), self.now
        try:
            number = self.place.ask(grantee.asker, minutes=minutes, machine=machine, role=role)
        except Refused:
            assert waiting, f"{pair} may ask"
            return None
        loan = Loan(
            number=number,
            pair=pair,
            requester=grantee.asker,
            own=frozenset({grantee.asker}),
            needs=NEEDS[pair.role],
            length=timedelta(minutes=minutes),
            longest=LONGEST,
            lapses_at=asked_at + self.place.catalog.pending_lapses,
            mfa=role.mfa,
        )
        self.model.loans[number] = loan
        self._excuse(loan)
        return loan

    def _excuse(self, loan: Loan) -> None:
        if self._forbidden(loan.pair):
            loan.excuses.add("a human's policy or statement stands against it")
        if "refused" in self.place.wire.armed:
            loan.excuses.add("AWS will say no")
        if self.barred:
            loan.excuses.add("the account lets nobody in")

    def _excuse_all(self) -> None:
        for loan in self.model.loans.values():
            if loan.stand in (Stand.WAITING, Stand.PROMISED):
                self._excuse(loan)

    def _forbidden(self, pair: Pair) -> bool:
        return pair.role in self.spoiled or pair in self.model.admitted

    @rule(pick=picks, who=st.sampled_from([*PEOPLE, "bob", "dora"]), then=thens)
    @when(lambda self: self.model.loans)
    def approve(self, pick: int, who: str, then: str) -> None:
        self._approve(self._pick(pick), who)
        self._then(then)

    def _pick(self, pick: int) -> Loan:
        """One that waits, if there is any; a few times one that does not."""
        waiting = [one for one in self.model.loans.values() if one.stand is Stand.WAITING]
        return one_of(pick, waiting if waiting and pick % 5 else list(self.model.loans.values()))

    def _approve(self, loan: Loan, who: str) -> None:
        now, looked = self.now, self.place.row(loan.number).terms is not None
        right = self._may_decide(loan, who, now) and looked
        try:
            self.place.approve(loan.number, who, pay=False)
        except (Refused, IllegalMove):
            assert not right or self.model.may_be_refused(loan, now), f"{who} may approve {loan}"
            return
        assert right, f"{who} approved {loan}"
        self._excuse(loan)
        loan.forbidden = self._forbidden(loan.pair)
        self.model.approved(loan, who, now)

    def _may_decide(self, loan: Loan, who: str, now: datetime) -> bool:
        nobodys = who not in {loan.requester, *loan.own, *loan.approvals}
        waits = loan.stand is Stand.WAITING and now < loan.lapses_at
        return who in APPROVERS and nobodys and waits

    @rule(pick=picks, who=st.sampled_from(PEOPLE), then=thens)
    @when(lambda self: self.model.loans)
    def deny(self, pick: int, who: str, then: str) -> None:
        loan, now = self._pick(pick), self.now
        right = self._may_decide(loan, who, now)
        try:
            self._deny(loan.number, who)
        except (Refused, IllegalMove):
            assert not right or loan.excuses, f"{who} may deny {loan}"
        else:
            assert right, f"{who} denied {loan}"
            loan.stand = Stand.OVER
        self._then(then)

    def _deny(self, number: int, who: str) -> None:
        place = self.place
        with place.database.write() as session:
            access.deny(
                session,
                place.catalog,
                access.Denial(number),
                by=place.person(who),
                requester=place.describe(place.row(number).requester),
                now=self.now,
            )

    @rule(pick=picks, who=st.sampled_from([*PEOPLE, "bob", "root", "the asker"]), then=thens)
    @when(lambda self: self.model.loans)
    def end(self, pick: int, who: str, then: str) -> None:
        """Revoked, given back or cancelled: by the pair, whatever there is of it."""
        left = [one for one in self.model.loans.values() if one.stand is not Stand.OVER]
        loan = one_of(pick, left if left and pick % 5 else list(self.model.loans.values()))
        who, now = loan.requester if who == "the asker" else who, self.now
        right = who in {loan.requester, *loan.own, *APPROVERS, "root"}
        sure, maybe = self._to_end(loan.pair, now)
        try:
            self.place.revoke(loan.number, who, pay=False)
        except (Refused, IllegalMove):
            assert not (right and sure), f"{who} may end {loan}"
        else:
            assert right, f"{who} ended {loan}"
            assert maybe, f"{who} ended {loan}, of which nothing was left"
            self.model.ended(loan.pair, now)
        self._then(then)

    def _to_end(self, pair: Pair, now: datetime) -> tuple[bool, bool]:
        """Whether there surely is something to end, and whether there may be."""
        maybe = [
            one
            for one in self.model.of(pair, Stand.WAITING, Stand.PROMISED, Stand.OPEN)
            if not one.ended
        ]
        sure = any(
            one.lets_in(now)
            or (one.stand is Stand.WAITING and not one.excuses and now < one.lapses_at)
            for one in maybe
        )
        return sure, bool(maybe)

    @rule(pick=picks, seconds=st.sampled_from([900, 3600, 14400]))
    @when(lambda self: self._perhaps_in())
    def keep_a_session(self, pick: int, seconds: int) -> None:
        """Somebody who can enter enters, and keeps the session."""
        self._keep(one_of(pick, self._perhaps_in()), seconds)

    def _keep(self, pair: Pair, seconds: int) -> None:
        user = GRANTEES[pair.grantee].kind is GranteeKind.USER
        mfa = any(one.mfa for one in self.model.of(pair, Stand.PROMISED, Stand.OPEN))
        if mfa or not user:
            seconds = min(seconds, 3600)  # keys of a session: an hour at most
        before = self.now
        keys = self.place.enter(pair, seconds=seconds, mfa=mfa)
        if keys is None or pair in self.model.admitted:
            return
        mine = self.model.of(pair, Stand.PROMISED, Stand.OPEN)
        opening = [one for one in mine if one.stand is Stand.PROMISED and not one.ended]
        sure = [one for one in mine if one.lets_in(self.now)]
        assert sure or any(one.may_let_in(before) for one in mine), f"{pair} is in"
        kept = Kept(
            pair=pair,
            expires=self.now + timedelta(seconds=seconds),
            until=max((one.latest_end for one in sure or opening), default=before),
            by=set() if sure else {one.number for one in opening},
            sure=bool(sure),
            closing=not (sure or opening),
        )
        self.model.kept.append(kept)
        self.sessions.append((kept, keys))
