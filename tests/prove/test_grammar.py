"""The grammar of `/xacct` against 200,000 inputs, in CI against 20,000: nothing raises, nothing is
taken for another.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bot.command import Command, parse, render
from tests.bot.test_command_any import (
    REASON,
    TEXT,
    commands,
    taken_for_a_reason,
    understood_again,
)

WORKERS = 4
"""Parts that can be run beside each other."""

BATCH = 50
INPUTS = 20_000 if os.environ.get("CI") else 200_000
TEXTS, COMMANDS, REASONS = INPUTS * 60 // 100, INPUTS * 25 // 100, INPUTS * 15 // 100


def length(inputs: int) -> settings:
    return settings(
        max_examples=inputs // BATCH // WORKERS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(WORKERS))
def test_nothing_that_is_typed_raises_and_what_is_understood_is_understood_again(
    part: int, prove_seed: int
) -> None:
    @seed(prove_seed * WORKERS + part)
    @length(TEXTS)
    @given(st.lists(TEXT, min_size=BATCH, max_size=BATCH))
    def proved(texts: list[str]) -> None:
        for text in texts:
            understood_again(text)

    proved()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(WORKERS))
def test_every_command_can_be_written_and_read_back(part: int, prove_seed: int) -> None:
    @seed(prove_seed * WORKERS + part)
    @length(COMMANDS)
    @given(st.lists(commands(), min_size=BATCH, max_size=BATCH))
    def proved(said: list[Command]) -> None:
        for one in said:
            assert parse(render(one)) == one

    proved()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(WORKERS))
def test_a_reason_in_quotes_is_never_taken_for_anything_else(part: int, prove_seed: int) -> None:
    @seed(prove_seed * WORKERS + part)
    @length(REASONS)
    @given(st.lists(REASON, min_size=BATCH, max_size=BATCH))
    def proved(reasons: list[str]) -> None:
        for one in reasons:
            taken_for_a_reason(one)

    proved()
