"""The event history of an account and region is asked no faster than AWS answers."""

import time
from concurrent.futures import ThreadPoolExecutor

from workflows.aws.lookup import APART, Pace

SHORT = 0.05


def turns(pace: Pace, *places: tuple[str, str]) -> list[float]:
    """When each got its turn, all of them asking at once."""

    def turn(place: tuple[str, str]) -> float:
        pace.wait(*place)
        return time.monotonic()

    with ThreadPoolExecutor(len(places)) as pool:
        return sorted(pool.map(turn, places))


def test_calls_of_one_account_and_region_go_one_after_the_other() -> None:
    began = time.monotonic()

    found = turns(Pace(SHORT), *[("1", "us-east-1")] * 4)

    assert all(at - began >= number * SHORT for number, at in enumerate(found))


def test_another_account_or_region_waits_for_none_of_them() -> None:
    pace = Pace(30.0)
    began = time.monotonic()

    turns(pace, ("1", "us-east-1"), ("1", "eu-west-1"), ("2", "us-east-1"))

    assert time.monotonic() - began < 15


def test_the_pace_is_awss_two_calls_a_second() -> None:
    assert APART == 1 / 2
