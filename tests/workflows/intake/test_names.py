"""What accounts of an organization are called in a catalog."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.catalog import fields
from workflows.intake.names import alias, fit, names
from workflows.seen import Listed

ID = "444455556666"


@pytest.mark.parametrize(
    ("told", "fitting"),
    [
        ("prod-payments", "prod-payments"),
        ("Prod Payments (EU)", "prod-payments-eu"),
        ("Zürich  &  Straße", "zurich-strasse"),
        ("data_lake.v2", "data_lake.v2"),
        ("--a--", "a"),
        ("12345", f"account-{ID}"),
        ("日本", f"account-{ID}"),
        ("", f"account-{ID}"),
        ("x" * 63 + "  y", "x" * 63),
    ],
)
def test_a_name_is_made_fit_by_one_rule(told: str, fitting: str) -> None:
    assert fit(told, ID) == fitting


@given(st.text(max_size=128))
def test_whatever_an_account_is_called_its_name_is_one_of_the_catalog(told: str) -> None:
    fields.account_name(fit(told, ID))


def test_accounts_that_would_be_called_alike_are_told_apart_whatever_order_aws_lists_them_in() -> (
    None
):
    listed = [
        Listed("000000001111", "Payments"),
        Listed("000000002222", "payments"),
        Listed("000000003333", "Search"),
        Listed("000000004444", "Taken"),
        Listed("100000003333", "dev"),
    ]

    found = {tuple(sorted(names(order, ["TAKEN"]).items())) for order in permutations(listed)}

    assert [dict(one) for one in found] == [
        {
            "000000001111": "payments-1111",
            "000000002222": "payments-2222",
            "000000003333": "search",
            "000000004444": "taken-4444",
            "100000003333": "dev",
        }
    ]


def test_ids_that_end_alike_are_told_apart_by_all_of_their_digits() -> None:
    listed = [Listed("000000001111", "x" * 70), Listed("100000001111", "x" * 70)]

    found = names(listed, [])

    assert len({*found.values()}) == 2
    assert all(fields.account_name(one) for one in found.values())


@pytest.mark.parametrize(
    ("told", "taken"), [("payments", "payments"), ("123-456", None), ("shop", None)]
)
def test_an_alias_is_taken_unless_it_is_somebody_elses_or_has_no_letter(
    told: str, taken: str | None
) -> None:
    assert alias(told, {"shop"}) == taken
