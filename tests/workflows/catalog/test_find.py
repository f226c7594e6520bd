from time import thread_time
from typing import get_args

import pytest

from tests.workflows.catalog.build import PAYMENTS, SEARCH, catalog, role
from workflows import deliver, names
from workflows.catalog.model import Catalog
from workflows.catalog.schema import Partition
from workflows.errors import NotFound


@pytest.fixture(scope="module")
def known() -> Catalog:
    accounts = [PAYMENTS, SEARCH, {"id": "012345678901", "name": "dev", "aliases": ["Play Room"]}]
    return catalog(accounts=accounts, roles=[role(accounts="*", name=["admin", "ReadOnly"])])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("prod-payments", "prod-payments"),
        ("PROD-Payments ", "prod-payments"),
        ("pay", "prod-payments"),
        ("444455556666", "prod-payments"),
        ("4444-5555-6666", "prod-payments"),
        ("0123-4567-8901", "dev"),
        ("0123 4567 8901", "dev"),
        ("play room", "dev"),
        ("\uff24EV", "dev"),
    ],
)
def test_an_account_is_found_by_id_name_and_alias(known: Catalog, typed: str, name: str) -> None:
    assert known.find_account(typed, known.accounts).name == name


def test_what_is_long_is_looked_for_among_many_names_at_once() -> None:
    begun = thread_time()
    with pytest.raises(NotFound):
        names.find("\ufdfa" * 3900, range(500), names=lambda one: (str(one),), sentence="No.")
    assert thread_time() - begun < 1  # each of these letters is folded to eighteen


def test_a_part_of_a_name_is_never_enough_and_all_that_may_be_meant_is_said(known: Catalog) -> None:
    with pytest.raises(NotFound, match="Did you mean prod-payments or prod-search"):
        known.find_account("prod", known.accounts)


def test_only_what_is_visible_is_found_or_proposed(known: Catalog) -> None:
    seen = [known.accounts[2]]
    with pytest.raises(NotFound) as missing:
        known.find_account("prod-paymnets", seen)
    with pytest.raises(NotFound) as hidden:
        known.find_account("prod-payments", seen)
    assert "Did you mean" not in str(missing.value) + str(hidden.value)
    assert str(hidden.value) == "You can use no account called prod-payments. There is dev."


def test_nothing_is_proposed_when_nothing_is_visible(known: Catalog) -> None:
    with pytest.raises(NotFound, match=r"^You can use no account called dev\.$"):
        known.find_account("dev", [])


def test_a_role_is_found_in_its_account_only(known: Catalog) -> None:
    account = known.accounts[0]
    assert known.find_role(account, "readonly", known.roles).key == "prod-payments/ReadOnly"
    elsewhere = known.roles_of(known.accounts[1])
    with pytest.raises(NotFound, match="no role called admin in prod-payments"):
        known.find_role(account, "admin", elsewhere)
    with pytest.raises(NotFound, match="Did you mean admin"):
        known.find_role(account, "amdin", known.roles)


def test_what_was_typed_is_repeated_short_and_without_markup(known: Catalog) -> None:
    with pytest.raises(NotFound) as error:
        known.find_account("<!channel>`" + "x" * 100 + "\u202e\n", known.accounts)
    sentence = str(error.value)
    assert "!channel" + "x" * 52 + "…" in sentence
    assert not set(sentence) & set("<>`\n\u202e")


def test_the_console_is_known_for_every_partition_of_the_catalog() -> None:
    assert set(deliver.SIGN_IN) == set(get_args(Partition))
