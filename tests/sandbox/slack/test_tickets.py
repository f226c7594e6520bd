import pytest

from sandbox.slack.tickets import ResponseUrl, Tickets, Trigger
from sandbox.slack.values import SlackError


def test_a_trigger_lives_for_three_seconds() -> None:
    tickets = Tickets()
    in_time = tickets.trigger(Trigger("UANN", None, made=100.0))
    late = tickets.trigger(Trigger("UANN", None, made=100.0))

    assert tickets.exchange(in_time, now=103.0).user == "UANN"
    with pytest.raises(SlackError, match="expired_trigger_id"):
        tickets.exchange(late, now=103.01)


def test_a_response_url_lives_for_thirty_minutes() -> None:
    tickets = Tickets()
    url = tickets.response_url(ResponseUrl("UANN", "C1", None, made=100.0))

    assert tickets.use(url, now=1900.0).channel == "C1"
    with pytest.raises(SlackError, match="expired_url"):
        tickets.use(url, now=1900.01)
    with pytest.raises(SlackError, match="invalid_url"):
        tickets.use("1/made-up", now=100.0)
