"""Who may decide on a request now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.lab import some_catalog
from workflows import rules
from workflows.catalog.duty import Duty, Escalation, Roster
from workflows.catalog.model import Mechanism, Role
from workflows.errors import NotAllowed
from workflows.panel import Panel, panel

ROLE = replace(
    some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice",)).roles[0],
    approvers=("U0ANN", "U0BEN", "U0CYD"),
)
ON_DUTY = Duty(Roster.SLACK_GROUP, "S0ONCALL", trusted=False, fallback=())


def on_duty(*, fallback: tuple[str, ...] = (), trusted: bool = False) -> Role:
    return replace(ROLE, duty=replace(ON_DUTY, fallback=fallback, trusted=trusted))


def test_without_a_roster_every_approver_decides() -> None:
    assert panel(ROLE) == Panel(("U0ANN", "U0BEN", "U0CYD"))


def test_a_roster_selects_among_the_approvers_and_adds_nobody() -> None:
    found = panel(on_duty(), {"U0CYD", "U0ANN", "U0STRANGER"})

    assert found.able == ("U0ANN", "U0CYD")


def test_a_roster_that_cannot_be_read_leaves_the_fallback() -> None:
    found = panel(on_duty(fallback=("U0BEN",)), None)

    assert found.able == ("U0BEN",)
    assert "could not be read" in found.because


def test_without_a_fallback_every_approver_decides_while_a_roster_cannot_be_read() -> None:
    assert panel(on_duty(), None).able == ROLE.approvers


def test_a_roster_that_names_no_approver_leaves_the_fallback_and_never_its_own_people() -> None:
    found = panel(on_duty(fallback=("U0BEN",)), {"U0STRANGER"})

    assert found.able == ("U0BEN",)
    assert "names nobody who may approve" in found.because


def test_a_trusted_group_decides_whether_the_catalog_names_its_people_or_not() -> None:
    assert panel(on_duty(trusted=True), {"U0NEW", "U0ANN"}).able == ("U0ANN", "U0NEW")


def test_a_trusted_group_that_cannot_be_read_leaves_the_named_ones() -> None:
    assert panel(on_duty(trusted=True, fallback=("U0BEN",)), None).able == ("U0BEN",)


def test_an_escalation_adds_people_and_takes_nobody_away() -> None:
    later = replace(on_duty(), escalation=Escalation(timedelta(minutes=30), ("U0DON", "U0ANN")))

    assert panel(later, {"U0ANN"}).able == ("U0ANN",)
    found = panel(later, {"U0ANN"}, escalated=True)
    assert found.able == ("U0ANN", "U0DON")
    assert "nobody decided for 30m" in found.because


def test_what_nobody_but_oneself_could_approve_is_refused_with_the_reason() -> None:
    with pytest.raises(
        NotAllowed, match=r"needs 1 approval.*0 can be asked \(on duty when it was asked\)"
    ):
        rules.can_be_approved(ROLE, Panel(("U0ANN",), "on duty when it was asked"), {"U0ANN"})


def test_who_is_asked_later_counts_for_what_can_be_approved() -> None:
    later = replace(ROLE, escalation=Escalation(timedelta(minutes=30), ("U0DON",)))

    rules.can_be_approved(later, panel(later), {*ROLE.approvers})


def test_duty_and_escalation_are_of_the_terms() -> None:
    plain, ruled = rules.rule_of(ROLE), rules.rule_of(on_duty(trusted=True))

    assert plain != ruled
    assert rules.terms(ROLE) != rules.terms(on_duty(trusted=True))


def test_whoever_may_not_decide_is_out_before_it_is_asked_whether_a_roster_names_anybody() -> None:
    for trusted in (False, True):
        ruled = on_duty(fallback=("U0BEN", "U0ANN"), trusted=trusted)

        found = panel(ruled, {"U0ANN"}, out={"U0ANN"})

        assert found.able == ("U0BEN",)
        assert "names nobody who may approve, so the fallback is asked" in found.because


def test_whoever_may_not_decide_may_not_as_one_who_is_asked_later() -> None:
    later = replace(ROLE, escalation=Escalation(timedelta(minutes=30), ("U0DON", "U0EVE")))

    found = panel(later, out={"U0ANN", "U0DON"}, escalated=True)

    assert found.able == ("U0BEN", "U0CYD", "U0EVE")


def test_an_escalation_to_a_trusted_group_asks_everybody_on_it_beside_the_named_ones() -> None:
    group = replace(ON_DUTY, id="S0LEADS", trusted=True)
    later = replace(ROLE, escalation=Escalation(timedelta(minutes=30), ("U0DON",), group))
    leads = {"U0EVE", "U0ANN"}

    assert panel(later, more=leads).able == ROLE.approvers
    found = panel(later, more=leads, out={"U0EVE"}, escalated=True)
    assert found.able == ("U0ANN", "U0BEN", "U0CYD", "U0DON")
    assert panel(later, more=leads, escalated=True).able == (*found.able, "U0EVE")


def test_an_escalation_whose_group_cannot_be_read_says_whom_it_could_not_ask() -> None:
    group = replace(ON_DUTY, id="S0LEADS", trusted=True)
    for to, words in ((("U0DON",), "so more are asked"), ((), "there is nobody else to ask")):
        later = replace(ROLE, escalation=Escalation(timedelta(minutes=30), to, group))

        found = panel(later, more=None, escalated=True)

        assert found.able == (*ROLE.approvers, *to)
        assert words in found.because
        assert "S0LEADS could not be read, so nobody of it is asked" in found.because


def test_who_is_on_the_group_of_an_escalation_counts_for_what_can_be_approved() -> None:
    group = replace(ON_DUTY, id="S0LEADS", trusted=True)
    later = replace(ROLE, escalation=Escalation(timedelta(minutes=30), (), group))
    own = {*ROLE.approvers}

    rules.can_be_approved(later, panel(later, more={"U0EVE"}), own)
    with pytest.raises(NotAllowed, match="Nobody could approve this"):
        rules.can_be_approved(later, panel(later, more=None), own)


def test_terms_of_an_escalation_without_a_group_are_what_they_were() -> None:
    later = replace(ROLE, escalation=Escalation(timedelta(minutes=30), ("U0DON",)))

    assert set(rules.rule_of(later)["escalation"]) == {"after", "to"}
