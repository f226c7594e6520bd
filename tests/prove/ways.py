"""What comes beside a plain grant: more time, credentials from the vendor, and MFA."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from db.lifecycle import IllegalMove
from sandbox.aws.process import Keys
from tests.prove.machine import one_of, when
from tests.prove.model import Kept, Loan, Pair, Stand
from tests.prove.people import People, minutes, pairs, picks, thens
from tests.prove.place import ADMIN, BREAKGLASS, LONGEST, PEOPLE
from workflows import access
from workflows.aws.vendor import Credentials
from workflows.errors import Refused, Trouble

askers = st.sampled_from(["the asker", "the asker", "the asker", *PEOPLE])


class Ways(People):
    """Extensions, vended credentials, and roles that begin or cease to ask for MFA."""

    # --- more time

    @rule(pick=picks, length=minutes, who=askers, then=thens, decided=st.booleans())
    @when(lambda self: any(one.stand is Stand.OPEN for one in self.model.loans.values()))
    def extend(self, pick: int, length: int, who: str, then: str, *, decided: bool) -> None:
        """Mostly decided on at once, by all who are needed; else it waits, or is denied later."""
        loan = self._open_one(pick)
        more = self._extend(loan, timedelta(minutes=length), who)
        if more is not None and decided:
            if self.healthy:
                self._rest()
            for by in (more.requester, "bob", "dora"):
                self._approve(more, by)
        self._then(then)

    @rule(pair=pairs, length=minutes, then=thens)
    @when(lambda self: self.healthy)
    def lend_and_extend(self, pair: Pair, length: int, then: str) -> None:
        """Approved while it is open: it goes on without a break."""
        self._lend([(pair, 20, "rest")])
        loan = self.model.of(pair, *Stand)[-1]
        if (more := self._extend(loan, timedelta(minutes=length), loan.requester)) is not None:
            self._rest()
            for by in (more.requester, "bob", "dora"):
                self._approve(more, by)
        self._then(then)

    @rule(pick=picks, then=thens)
    @when(lambda self: self.healthy and self._next_end() is not None)
    def extend_in_the_last_moment(self, pick: int, then: str) -> None:
        """Approved before the end; opened before it, or after."""
        loan = self._open_one(pick)
        more = self._extend(loan, timedelta(minutes=20), "the asker")
        if more is None or more.begins is None:
            return
        self._rest()
        if self.now < more.begins - timedelta(seconds=9):
            self.place.clock.move_to(more.begins - timedelta(seconds=9))
        for by in ("bob", "dora"):
            self._approve(more, by)
        self._then(then)

    def _open_one(self, pick: int) -> Loan:
        """One that is open, if there is any; a few times one that is not."""
        is_open = [one for one in self.model.loans.values() if one.stand is Stand.OPEN]
        return one_of(pick, is_open if is_open and pick % 5 else list(self.model.loans.values()))

    def _extend(self, loan: Loan, length: timedelta, who: str) -> Loan | None:
        self._note_ends()
        who, now = loan.requester if who == "the asker" else who, self.now
        right = who in {loan.requester, *loan.own}
        sure = right and self.model.may_extend(loan, length, now)
        never = not right or loan.ended or loan.stand in (Stand.WAITING, Stand.OVER)
        try:
            number = self._say_extend(loan.number, length, who)
        except (Refused, IllegalMove):
            assert not sure or loan.excuses, f"{who} may extend {loan}"
            return None
        assert not never, f"{who} extended {loan}"
        assert loan.end is not None
        assert loan.end > now, f"extended although it was over: {loan}"
        more = Loan(
            number=number,
            pair=loan.pair,
            requester=who,
            own=loan.own,
            needs=loan.needs,
            length=length,
            longest=LONGEST,
            lapses_at=min(now + self.place.catalog.pending_lapses, loan.end),
            mfa=self.place.named(loan.pair.role).mfa,
            extends=loan,
            begins=loan.end,
        )
        self.model.loans[number] = more
        self._excuse(more)
        return more

    def _say_extend(self, number: int, length: timedelta, who: str) -> int:
        place = self.place
        with place.database.write() as session:
            row = access.extend(
                *(session, place.catalog, access.More(number, length)),
                by=place.person(who),
                now=self.now,
            )
        return row.id

    # --- credentials

    @rule(pick=picks, who=askers)
    @when(lambda self: self._vending())
    def fetch_credentials(self, pick: int, who: str) -> None:
        """Somebody presses the button, and keeps what he gets."""
        loan = one_of(pick, self._vending())
        who, before = loan.requester if who == "the asker" else who, self.now
        right = who in {loan.requester, *loan.own}
        try:
            minted = self.place.mint(loan.number, who)
        except (Refused, Trouble):
            sure = right and loan.lets_in(self.now)
            assert not sure, f"{who} may have credentials of {loan}"
            return
        assert right, f"{who} has credentials of {loan}"
        assert loan.stand is Stand.OPEN or loan.may_let_in(before), f"not open: {loan}"
        assert not loan.ended, f"ended: {loan}"
        assert loan.end is not None
        assert minted.until <= loan.end, f"they outlive the end of {loan}"
        self._keep_vended(loan, minted)

    def _taken_from_the_vendor(self) -> None:
        """A human removed the vendor's statement, which lets it in for all of them."""
        for loan in self._vending():
            loan.unvended = loan.unvended or loan.stand is Stand.OPEN
            self._taken(loan.pair)

    def _taken(self, pair: Pair) -> None:
        self.model.taken(pair)
        for loan in self.model.of(pair, Stand.WAITING):
            loan.excuses.add("what was looked at has changed")

    def _keep_vended(self, loan: Loan, minted: Credentials) -> None:
        sure = loan.lets_in(self.now)
        mine = [one for one in self.model.of(loan.pair, Stand.OPEN) if one.lets_in(self.now)]
        kept = Kept(
            pair=loan.pair,
            expires=minted.until,
            until=max([one.latest_end for one in mine], default=loan.latest_end),
            by=set() if sure else {loan.number},
            sure=sure,
        )
        keys = Keys(minted.access_key_id, minted.secret_access_key, minted.session_token)
        self.model.kept.append(kept)
        self.sessions.append((kept, keys))

    # --- MFA

    @rule(role=st.sampled_from([ADMIN, BREAKGLASS]), then=thens)
    @when()
    def the_catalog_changes_its_mind_about_mfa(self, role: str, then: str) -> None:
        """What was asked for before is decided on no more; what is open stays as it was lent."""
        self.place.ask_for_mfa(role, mfa=not self.place.named(role).mfa)
        for loan in self.model.loans.values():
            if loan.pair.role == role and loan.stand in (Stand.WAITING, Stand.PROMISED):
                loan.excuses.add("the catalog changed")
        self._then(then)
