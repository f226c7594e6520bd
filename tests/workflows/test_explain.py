"""`xacct rules explain`: the answers are those that the rules give."""

from dataclasses import replace
from pathlib import Path

import pytest

from workflows.catalog.load import load
from workflows.catalog.model import Catalog
from workflows.durations import duration_text
from workflows.errors import NotFound
from workflows.explain import explain, person

EXAMPLE = Path(__file__).parents[2] / "xacct.example.yaml"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    found = load(EXAMPLE.read_text("utf-8"))
    assert isinstance(found, Catalog)
    return found


def answers(catalog: Catalog, user: str, key: str) -> dict[str, str]:
    role = catalog.role(key)
    assert role is not None
    return {one.question: one.answer for one in explain(catalog, user, role)}


def test_the_entry_that_names_the_account_is_said_to_win_over_the_pattern(catalog: Catalog) -> None:
    told = answers(catalog, "U012ALICE", "prod-search/admin")["Which entry describes it?"]

    assert "roles[2]" in told
    assert "wins, as a whole, over roles[1]" in told


def test_an_entry_that_nothing_beats_stands_alone(catalog: Catalog) -> None:
    told = answers(catalog, "U012ALICE", "prod-payments/admin")["Which entry describes it?"]

    assert "roles[1]" in told
    assert "reaches the account by a pattern." in told
    assert "wins" not in told


def test_an_approver_hears_that_he_does_not_approve_for_himself(catalog: Catalog) -> None:
    told = answers(catalog, "U012ALICE", "prod-payments/admin")["Who approves?"]

    assert told.startswith("2 of U012BOB, U012CAROL, who of them is on")
    assert "names nobody who may: U012BOB." in told
    assert "he is an approver" in told


def test_a_rule_that_approves_beforehand_is_named_with_its_limits(catalog: Catalog) -> None:
    (rule, *_) = catalog.auto_approve
    key = min(rule.roles)
    told = answers(catalog, "U012ALICE", key)["Is it approved beforehand?"]

    assert rule.name in told
    assert duration_text(rule.longest) in told
    assert answers(catalog, "U012ALICE", "prod-search/admin")["Is it approved beforehand?"] == (
        "No: no rule under `auto_approve` fits."
    )


def test_who_may_not_ask_hears_why(catalog: Catalog) -> None:
    role = catalog.role("prod-payments/admin")
    assert role is not None
    (told,) = [
        one.answer
        for one in explain(catalog, "U012EVE", replace(role, requesters=("U012ALICE",)))
        if one.question.startswith("May")
    ]

    assert told.startswith("No: `requesters` is U012ALICE.")


def test_an_owner_hears_of_his_machine(catalog: Catalog) -> None:
    told = answers(catalog, "U012BOB", "prod-payments/deploy")["As whom?"]

    assert "the machine ci (`--as`)" in told


@pytest.mark.parametrize(
    ("text", "user"),
    [("U0ANYBODY", "U0ANYBODY"), ("ALICE", "U012ALICE"), ("alice@example.com", "U012ALICE")],
)
def test_a_person_is_found_by_id_user_or_address(catalog: Catalog, text: str, user: str) -> None:
    assert person(catalog, text) == user


def test_nobody_is_guessed(catalog: Catalog) -> None:
    with pytest.raises(NotFound, match="Nobody under `people` is called"):
        person(catalog, "alic")
