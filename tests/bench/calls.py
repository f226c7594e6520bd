"""The bot's calls, as both sandboxes wrote them down: how many there were, and how many in a row.

The sandbox AWS writes down when a call was answered, Slack's when it arrived, and both how long it
took.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from demo.stage import Stage
from sandbox.aws.process import Call

AWS: Final = 0.03
SLACK: Final = 0.1
"""Seconds put into each call of AWS, and of Slack's Web API."""

THROTTLED: Final = 400  # the status of `Throttling`, and of nothing else that the bot does

WRITES: Final = frozenset(
    {
        "iam:AddUserToGroup",
        "iam:PutRolePolicy",
        "iam:RemoveUserFromGroup",
        "iam:UpdateAssumeRolePolicy",
    }
)


@dataclass(frozen=True)
class Span:
    """One call of the bot, from `begun` to `ended`: seconds of the shared clock."""

    service: str  # `aws` or `slack`
    begun: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.begun


def slow(stage: Stage) -> None:
    """From now on AWS and Slack take their time; the logs of their calls begin anew."""
    stage.aws.slow(AWS)
    stage.slack.slow(SLACK)
    stage.aws.forget_calls()
    stage.slack.forget_calls()


def fast(stage: Stage) -> None:
    """No latency any more."""
    stage.aws.slow(0.0)
    stage.slack.slow(0.0)


def is_the_bots(call: Call) -> bool:
    """Its sessions of the manager roles, and what it signs to get them."""
    return "xacct" in call.caller


def of_the_bot(calls: Sequence[Call]) -> Counter[str]:
    return Counter(call.action for call in calls if is_the_bots(call))


def turn(calls: Sequence[Call], caller: str, *, opens: bool) -> float:
    """When AWS had applied what let this caller in, or put him out: seconds of the shared clock.

    It is the bot's last write between the last of the caller's own calls that was answered as
    before, and the first that was answered otherwise: those two prove it, the write dates it.
    """
    his = [call for call in calls if caller in call.caller and not is_the_bots(call)]
    first = next(place for place, call in enumerate(his) if (call.status == 200) is opens)
    since = his[first - 1].at if first else calls[0].at
    writes = [
        call.at
        for call in calls
        if is_the_bots(call) and call.action in WRITES and since < call.at <= his[first].at
    ]
    return max(writes, default=his[first].at).timestamp()


def in_sequence(stage: Stage, calls: Sequence[Call], *, until: float) -> list[Span]:
    """The longest chain of the bot's calls in which each began when the one before had ended.

    Of Slack only `users.info` counts, which decides; cards and answers are sent beside.
    """
    spans = [_aws(call) for call in calls if is_the_bots(call)]
    spans += [
        Span("slack", call.at, call.at + (call.lasted or SLACK))
        for call in stage.slack.calls("users.info")
    ]
    return _longest([span for span in spans if span.ended <= until + AWS / 10])


def _aws(call: Call) -> Span:
    ended = call.at.timestamp()
    return Span("aws", ended - call.lasted, ended)


def _longest(spans: Sequence[Span]) -> list[Span]:
    def seconds(chain: list[Span]) -> float:
        return sum(span.seconds for span in chain)

    chains: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: span.ended):
        before = [chain for chain in chains if chain[-1].ended <= span.begun]
        chains.append([*max(before, key=seconds, default=[]), span])
    return max(chains, key=seconds, default=[])


def count(chain: Sequence[Span], service: str) -> int:
    return sum(span.service == service for span in chain)
