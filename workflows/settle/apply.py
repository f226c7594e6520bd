"""Writing a plan to AWS, in the order that keeps every prefix closed."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final

from workflows.aws.errors import AwsFull, AwsGone, AwsRefused
from workflows.aws.fence import Fenced
from workflows.aws.iam import Written
from workflows.clock import Clock
from workflows.documents import session_end
from workflows.documents.session_end import Anchor
from workflows.documents.text import difference
from workflows.errors import Trouble
from workflows.plan.member import MemberPlan
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail, RoleSeen

RIGHT_BEFORE: Final = 0.1
"""Seconds for which a read of the trust policy is still one right before its write."""


class Changed(Trouble):
    """Somebody else wrote between our read and our write: observe and plan anew."""


@dataclass
class Applied:
    """What became of the writes: those tried, AWS's final no, and anything worth another try.

    `tried` is for the audit log: what was done, and AWS's id of the call, or its error.
    `reread_at` is AWS's time of the read right before the trust policy's write was begun, and
    `written_at` that of the write; None where its reply was lost.
    `gone`: something that was to be changed is not there by its name, or may not be. (AWS judges
    what is not there by its name without a path, and may refuse.)
    """

    over: Callable[[], bool]  # whether the session's fence has been passed
    tried: list[dict[str, Any]] = field(default_factory=list)
    refused: Trouble | None = None
    unsettled: Trouble | None = None
    reread_at: datetime | None = None
    written_at: datetime | None = None
    gone: bool = False

    @property
    def failed(self) -> bool:
        """Whether any write did not surely happen."""
        return self.refused is not None or self.unsettled is not None

    def do(self, what: str, write: Callable[[], Written], **change: Any) -> None:
        """Tries one write, that makes this change. Even one that failed may have happened, so it
        counts as tried.

        Past the fence AWS refuses everything, which says nothing about our rights.
        """
        told: dict[str, Any] = {"did": what, **change}
        self.tried.append(told)
        try:
            told["aws_request"] = write().request_id
        except Trouble as trouble:
            told["error"] = str(trouble)
            self._failed(trouble)

    def _failed(self, trouble: Trouble) -> None:
        if isinstance(trouble, AwsFull | AwsRefused):
            self.gone = self.gone or isinstance(trouble, AwsRefused)
            if self.over():
                self.unsettled = self.unsettled or trouble
            else:
                self.refused = self.refused or trouble
        else:
            self.gone = self.gone or isinstance(trouble, AwsGone)
            self.unsettled = self.unsettled or trouble


def _applied(fenced: Fenced, clock: Clock) -> Applied:
    return Applied(over=lambda: fenced.left(clock.now()).total_seconds() <= 0)


def role(
    fenced: Fenced, name: str, seen: RoleDetail, planned: RolePlan, *, clock: Clock, anchor: Anchor
) -> Applied:
    """Session end, then trust. Without its session end nothing is opened; closing goes on.

    IAM has no compare-and-set, so the trust policy is read once more right before its write: beside
    the write of the session end, which takes as long.
    """
    applied = _applied(fenced, clock)
    ending, entering = planned.session_end, planned.trust
    again = fenced.ask(_reread, fenced, name) if entering is not None else None
    if ending is not None:
        stamped = session_end.anchored(ending, anchor)
        applied.do(
            f"wrote {session_end.NAME}",
            lambda: fenced.iam.write_inline_policy(name, session_end.NAME, stamped),
            **difference(seen.session_end or {}, stamped),
        )
    if applied.failed:
        entering = planned.closing_trust
    if entering is not None:
        document = entering
        applied.do(
            "wrote the trust policy",
            lambda: _trust(applied, fenced, seen, document, again),
            **difference(seen.role.trust, document),
        )
    return applied


def _reread(fenced: Fenced, name: str) -> tuple[RoleSeen, float]:
    """The role, and when the answer came (monotonic seconds)."""
    return fenced.iam.role(name), monotonic()


def _trust(
    applied: Applied,
    fenced: Fenced,
    seen: RoleDetail,
    wanted: dict[str, Any],
    again: Future[tuple[RoleSeen, float]] | None,
) -> Written:
    name = seen.role.arn.rpartition("/")[2]
    role, came = again.result() if again is not None else _reread(fenced, name)
    if monotonic() - came > RIGHT_BEFORE:
        role, _ = _reread(fenced, name)
    if role.trust != seen.role.trust:
        raise Changed("iam:UpdateAssumeRolePolicy", "Changed", "the trust policy changed meanwhile")
    applied.reread_at = role.at
    written = fenced.iam.write_trust(name, wanted)
    applied.written_at = written.at
    return written


def member(fenced: Fenced, user_name: str, planned: MemberPlan, *, clock: Clock) -> Applied:
    """Every step in its order: what closes first; a step that fails stops none of the others."""
    applied = _applied(fenced, clock)
    for step in planned.steps:
        change = fenced.iam.join if step.join else fenced.iam.leave
        applied.do(
            f"{'joined' if step.join else 'left'} {step.group}",
            lambda change=change, step=step: change(step.group, user_name),  # type: ignore[misc]
        )
    return applied
