"""What a request wants of a role, as the plan takes it."""

from dataclasses import dataclass
from datetime import datetime

from workflows.documents.admits import Visitor
from workflows.documents.trust import Entry
from workflows.plan.phase import Phase


@dataclass(frozen=True)
class Grant:
    """What a request wants of AWS."""

    request: int
    phase: Phase
    visitor: Visitor  # `after` is the end of the access
    session_name: str
    role_id: str
    session_end: bool
    boundary: datetime | None = None
    mfa: bool = False
    vendor: tuple[str, str] | None = None  # (account id, vendor role id)
    fresh: bool = False  # opened so lately that a read which does not show it may be stale
    kept_until: datetime | None = None  # how long its name stays in the session end

    @property
    def ends_at(self) -> datetime:
        """When the access ends: a whole minute, fixed in the note."""
        return self.visitor.after

    @property
    def user_id(self) -> str:
        """`aws:userid` of every session of this grantee in the role."""
        return f"{self.role_id}:{self.session_name}"

    @property
    def entry(self) -> Entry:
        """How the trust policy lets this grantee in."""
        who = self.visitor
        return Entry(
            kind=who.kind,
            partition=who.partition,
            account_id=who.account_id,
            unique_id=who.unique_id,
            session_name=self.session_name,
            end=who.after,
            mfa=self.mfa,
        )
