from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.durations import LONGEST, duration_text, leading_duration, parse_duration
from workflows.errors import Refused


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90m", 90),
        ("1h30m", 90),
        ("1H 30M", 90),
        ("1h30", 90),
        ("1 hour, 30 minutes", 90),
        ("2 hours", 120),
        ("1.5h", 90),
        ("1,5h", 90),
        ("PT1H", 60),
        ("pt1h30m", 90),
        ("P1DT2H", 1560),
        ("45min", 45),
        ("1d", 1440),
        ("1w", 10080),
        ("0.1h", 6),
        (" 5 mins ", 5),
    ],
)
def test_a_length_of_time_is_read_however_it_is_written(text: str, minutes: int) -> None:
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "h", "P", "PT", "1h of it", "1x", "INC-42", "1moon", "2nd", "3yards"),
        *("1\u017f", "PT1\u017f", "7m\u0131n"),  # a long s, an i without its dot
    ],
)
def test_what_is_no_length_of_time_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("8", "8 hours or 8 minutes? Write 8h or 8m."),
        ("0", "no time to lend"),
        ("-1h", "no time to lend"),
        ("-8", "no time to lend"),
        ("0h", "whole minutes"),
        ("0.5m", "whole minutes"),
        ("1.33h", "whole minutes"),
        ("90s", "seconds"),
        ("PT90S", "seconds"),
        ("1:30", "hours or in minutes"),
        ("30m1h", "smaller one first"),
        ("1h1h", "twice"),
        ("9999h", "9999h is longer than 7d"),
        ("9" * 5000 + "h", "longer than 7d"),
        ("9" * 5000, "hours or"),
        ("7d1m", "longer than 7d"),
        ("99y", "99y is longer than 7d"),
        ("1 year", "longer than 7d"),
        ("3 months", "longer than 7d"),
        ("1y 6mo", "longer than 7d"),
        ("1y2d", "longer than 7d"),
        ("P1Y", "longer than 7d"),
        ("P1M2DT3H", "longer than 7d"),
        ("-1y", "no time to lend"),
        ("1h60", "1h60 ends in a number without a unit"),
        ("1h300", "without a unit"),
        ("30m15", "without a unit"),
        ("1 hour30", "without a unit"),
        ("1h" + "1" * 4000, "without a unit"),
    ],
)
def test_a_doubtful_length_of_time_is_refused_with_a_short_sentence(text: str, part: str) -> None:
    with pytest.raises(Refused) as error:
        parse_duration(text)
    assert part in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("gap", ["", " ", ", ", " , ", ",", "   ", " ,  "])
@pytest.mark.parametrize("end", ["x", "1x", " x", ",", "1h1", "-", "1" * 4000])
def test_however_long_it_is_it_is_read_at_once(gap: str, end: str) -> None:
    text = gap.join(["1h"] * 2000) + end
    assert text.startswith(leading_duration(text))
    with suppress(Refused):
        assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("1h30m the disk is full", "1h30m"),
        ("1h 30m the disk", "1h 30m"),
        ("2 hours, please", "2 hours"),
        ("1h: why", "1h"),
        ("1h 3 hosts are down", "1h"),
        ("8 hosts", "8"),
        ("8hosts", ""),
        ("2nd try", ""),
        ("99y on call", "99y"),
        ("3 months, please", "3 months"),
        ("3 yards away", "3"),
        ("the disk is full for 1h", ""),
    ],
)
def test_a_length_of_time_ends_where_the_reason_begins(text: str, start: str) -> None:
    assert leading_duration(text) == start


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=90), "1h30m"),
        (timedelta(minutes=45), "45m"),
        (timedelta(days=2), "2d"),
        (timedelta(0), "0m"),
        (timedelta(seconds=1), "1m"),
    ],
)
def test_a_length_of_time_is_written_in_its_largest_units(length: timedelta, text: str) -> None:
    assert duration_text(length) == text


@given(st.integers(1, int(LONGEST.total_seconds()) // 60))
def test_what_is_written_is_read_back(minutes: int) -> None:
    length = timedelta(minutes=minutes)
    assert parse_duration(duration_text(length)) == length


@given(st.text(max_size=30) | st.text("0123456789.,:+-hmdwpt s\u017f", max_size=20))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    try:
        found = parse_duration(text)
    except Refused:
        return
    assert found is None or timedelta(0) < found <= LONGEST
