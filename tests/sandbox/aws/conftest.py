"""Every test of the sandbox AWS has accounts of its own."""

import secrets
from collections.abc import Callable

import pytest

NewAccount = Callable[[], str]


@pytest.fixture
def new_account() -> NewAccount:
    """Makes the id of an account that nobody has used."""
    return lambda: f"{secrets.randbelow(9 * 10**11) + 10**11}"
