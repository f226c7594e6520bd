"""Proofs are slow: they are collected where they are named, as `make prove` does."""

import os
import random
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SEED = "PROVE_SEED"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves this folder to whoever asks for it by name."""
    del collection_path
    return None if _named(config) else True


def _named(config: pytest.Config) -> bool:
    named = (Path(config.invocation_params.dir, one.partition("::")[0]) for one in config.args)
    return any(one.resolve().is_relative_to(HERE) for one in named)


def pytest_configure() -> None:
    """One seed for all workers of a run: what is said, in CI always the same, else any."""
    chosen = 1 if os.environ.get("CI") else random.randrange(10**6)
    os.environ.setdefault(SEED, str(chosen))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if _named(config):
        terminalreporter.write_line(f"{SEED}={os.environ[SEED]} repeats what was generated here")


@pytest.fixture
def prove_seed() -> int:
    """What everything that is generated begins with."""
    return int(os.environ[SEED])
