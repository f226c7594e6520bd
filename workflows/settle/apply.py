"""Writing a plan to AWS, in the order that keeps every prefix closed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workflows.aws.errors import AwsFull, AwsRefused
from workflows.aws.iam import Iam
from workflows.documents import session_end
from workflows.errors import Trouble
from workflows.plan.member import MemberPlan
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail


class Changed(Trouble):
    """Somebody else wrote between our read and our write: observe and plan anew."""


@dataclass
class Applied:
    """What became of the writes: those tried, AWS's final no, and anything worth another try."""

    tried: list[str] = field(default_factory=list)
    refused: Trouble | None = None
    unsettled: Trouble | None = None

    @property
    def failed(self) -> bool:
        """Whether any write did not surely happen."""
        return self.refused is not None or self.unsettled is not None

    def do(self, what: str, write: Callable[[], None]) -> None:
        """Tries one write. Even one that failed may have happened, so it counts as tried."""
        self.tried.append(what)
        try:
            write()
        except (AwsFull, AwsRefused) as trouble:
            self.refused = self.refused or trouble
        except Trouble as trouble:
            self.unsettled = self.unsettled or trouble


def role(iam: Iam, name: str, seen: RoleDetail, planned: RolePlan) -> Applied:
    """Session end, then trust. Without its session end nothing is opened; closing goes on."""
    applied = Applied()
    ending, entering = planned.session_end, planned.trust
    if ending is not None:
        applied.do(
            f"wrote {session_end.NAME}",
            lambda: iam.write_inline_policy(name, session_end.NAME, ending),
        )
    if applied.failed:
        entering = planned.closing_trust
    if entering is not None:
        document = entering
        applied.do("wrote the trust policy", lambda: _trust(iam, name, seen, document))
    return applied


def _trust(iam: Iam, name: str, seen: RoleDetail, wanted: dict[str, Any]) -> None:
    """IAM has no compare-and-set: read once more right before the write."""
    if iam.role(name).trust != seen.role.trust:
        raise Changed("iam:UpdateAssumeRolePolicy", "Changed", "the trust policy changed meanwhile")
    iam.write_trust(name, wanted)


def member(iam: Iam, user_name: str, planned: MemberPlan) -> Applied:
    """Every step in its order: what closes first; a step that fails stops none of the others."""
    applied = Applied()
    for step in planned.steps:
        change = iam.join if step.join else iam.leave
        applied.do(
            f"{'joined' if step.join else 'left'} {step.group}",
            lambda change=change, step=step: change(step.group, user_name),  # type: ignore[misc]
        )
    return applied
