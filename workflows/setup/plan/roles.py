"""Roles: made, adopted, mended, released, deleted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workflows.documents import permanent, session_end, text, trust
from workflows.documents.text import Statement
from workflows.setup.objects import (
    INSTALLATION,
    MADE_BY,
    Found,
    FoundRole,
    MadeBy,
    Role,
    Wanted,
    path_of,
)
from workflows.setup.plan.change import (
    Change,
    Stage,
    Step,
    TrustEdit,
    Verb,
    call,
    differing,
    missing,
    same,
)


@dataclass(frozen=True)
class Left:
    """What stays in the account although setup goes, as a sentence."""

    sentence: str


def changes(wanted: Wanted, found: Found) -> Iterator[Change | str | Left]:
    """What is made, adopted, changed, released and deleted; sentences for what cannot be."""
    for role in wanted.roles:
        held = found.roles.get(role.name.casefold())
        if held is None:
            yield from _made(wanted, role)
        elif (wrong := _not_ours(wanted, role, held)) is not None:
            yield wrong
        else:
            yield from _mended(wanted, role, held)
    names = {role.name.casefold() for role in wanted.roles}
    for held in found.roles.values():
        is_ours = held.tags.get(INSTALLATION) == wanted.installation
        if is_ours and held.name.casefold() not in names:
            by_setup = held.tags.get(MADE_BY) == MadeBy.SETUP
            yield from [_deleted(held)] if by_setup else _released(wanted, held)


# --- made


def _made(wanted: Wanted, role: Role) -> Iterator[Change | str]:
    """A role that lets nobody in yet: who always may is written last."""
    if role.made_by is MadeBy.OTHERS:
        yield (
            f"{_thing(role.arn)} does not exist, and the catalog does not say what it may do: "
            "write `permissions`, or make the role."
        )
        return
    more = {"PermissionsBoundary": role.boundary} if role.boundary is not None else {}
    steps = [
        call(
            Stage.ROLES,
            "CreateRole",
            RoleName=role.name,
            Path=role.path,
            Description=role.purpose,
            AssumeRolePolicyDocument=text.document(role.trust),
            MaxSessionDuration=role.longest_session,
            Tags=_tags(wanted, role),
            **more,
        ),
        *(_attached(role, arn) for arn in role.managed),
    ]
    if role.standing:
        steps.append(Step(Stage.OPEN, TrustEdit(role.name, last=role.standing)))
    diff = differing(None, _shown(role))
    yield Change(Verb.CREATE, _thing(role.arn), diff, tuple(steps))


def _tags(wanted: Wanted, role: Role) -> list[dict[str, str]]:
    return [
        {"Key": INSTALLATION, "Value": wanted.installation},
        {"Key": MADE_BY, "Value": role.made_by},
    ]


def _attached(role: Role, arn: str) -> Step:
    return call(Stage.ROLES, "AttachRolePolicy", RoleName=role.name, PolicyArn=arn)


def _shown(role: Role) -> dict[str, Any]:
    return {
        "trust": [*role.trust, *role.standing],
        "policies": list(role.managed),
        "boundary": role.boundary,
        "longest session": role.longest_session,
    }


# --- there already


def _not_ours(wanted: Wanted, role: Role, held: FoundRole) -> str | None:
    """Why a role that is there is not touched, or None."""
    if held.arn != role.arn:
        return (
            f"There is a role {path_of(held.arn)}{held.name}, and {_thing(role.arn)} cannot be "
            "beside it: IAM tells roles apart by name. Write its path into the catalog, or rename "
            "one of them."
        )
    tagged = held.tags.get(INSTALLATION)
    others = [one for one in trust.seals(held.trust) if one != wanted.installation]
    if tagged not in (None, wanted.installation) or (role.governed and others):
        return (
            f"{_thing(role.arn)} belongs to the installation {tagged or others[0]} of xacct. Take "
            "it out of one of the two catalogs."
        )
    if tagged is None and not (role.made_by is MadeBy.OTHERS and role.adopt):
        way = (
            "Write `adopt: true` to have it sealed and lent as it is"
            if role.made_by is MadeBy.OTHERS
            else "To have setup take it over, permissions and all"
        )
        return (
            f"{_thing(role.arn)} is there, and setup did not make it, so it is left alone. {way}, "
            f"{'or ' if role.made_by is MadeBy.OTHERS else ''}tag it {INSTALLATION}="
            f"{wanted.installation}."
        )
    return None


def _mended(wanted: Wanted, role: Role, held: FoundRole) -> Iterator[Change]:
    diff: list[str] = []
    steps: list[Step] = []
    for lines, more in (
        _tagged(wanted, role, held),
        _trust(wanted, role, held),
        _bounds(role, held) if role.made_by is MadeBy.SETUP else ([], []),
        _permissions(role, held) if role.made_by is MadeBy.SETUP else ([], []),
    ):
        diff += lines
        steps += more
    if steps:
        verb = Verb.UPDATE if INSTALLATION in held.tags else Verb.ADOPT
        yield Change(verb, _thing(role.arn), tuple(diff), tuple(steps))


Part = tuple[list[str], list[Step]]


def _tagged(wanted: Wanted, role: Role, held: FoundRole) -> Part:
    if INSTALLATION in held.tags:
        return [], []  # whoever tagged it said whose it is
    tags = _tags(wanted, role)
    step = call(Stage.CLOSE, "TagRole", RoleName=role.name, Tags=tags)
    return [f"+ tag {tag['Key']}={tag['Value']}" for tag in tags], [step]


def _trust(wanted: Wanted, role: Role, held: FoundRole) -> Part:
    there = text.statements(held.trust)
    if not role.governed:
        meant = text.document(role.trust)
        if same(held.trust, meant):
            return [], []
        step = call(
            Stage.CLOSE,
            "UpdateAssumeRolePolicy",
            RoleName=role.name,
            PolicyDocument=meant,
        )
        return [*differing(held.trust, meant)], [step]
    ours = [one for one in there if _is_setups(one, wanted.installation)]
    seals, always = missing(role.trust, ours), missing(role.standing, ours)
    gone = frozenset(str(one["Sid"]) for one in missing(ours, (*role.trust, *role.standing)))
    steps: list[Step] = []
    if seals or gone:
        steps.append(Step(Stage.CLOSE, TrustEdit(role.name, gone, first=tuple(seals))))
    if always:
        steps.append(Step(Stage.OPEN, TrustEdit(role.name, last=tuple(always))))
    if not steps:
        return [], []
    after: dict[str, Any] = dict(held.trust)
    for step in steps:
        assert isinstance(step.what, TrustEdit)
        after = step.what.applied(after)
    return [*differing(held.trust, after)], steps


def _is_setups(statement: Statement, installation: str) -> bool:
    sid = str(statement.get("Sid", ""))
    return sid == f"{trust.SEAL}{installation}" or sid.startswith(permanent.SID)


def _bounds(role: Role, held: FoundRole) -> Part:
    diff: list[str] = []
    steps: list[Step] = []
    if held.boundary != role.boundary and role.boundary is not None:
        diff += [f"- boundary {held.boundary}"] if held.boundary else []
        diff.append(f"+ boundary {role.boundary}")
        steps.append(
            call(
                Stage.ROLES,
                "PutRolePermissionsBoundary",
                RoleName=role.name,
                PermissionsBoundary=role.boundary,
            )
        )
    if held.longest_session not in (None, role.longest_session):
        diff += [
            f"- longest session {held.longest_session} s",
            f"+ longest session {role.longest_session} s",
        ]
        step = call(
            Stage.ROLES,
            "UpdateRole",
            RoleName=role.name,
            Description=role.purpose,
            MaxSessionDuration=role.longest_session,
        )
        steps.append(step)
    return diff, steps


def _permissions(role: Role, held: FoundRole) -> Part:
    """What it may do, exactly: what is too much is taken out, but for xacct's session end."""
    extra = [arn for arn in held.managed if arn not in role.managed]
    lacking = [arn for arn in role.managed if arn not in held.managed]
    inline = [name for name in held.inline if name != session_end.NAME]
    steps = [_attached(role, arn) for arn in lacking]
    steps += [_detached(held, arn, Stage.CLOSE) for arn in extra]
    steps += [_without_inline(held, name, Stage.CLOSE) for name in inline]
    diff = [f"+ policy {arn}" for arn in lacking] + [f"- policy {arn}" for arn in extra]
    return [*diff, *(f"- inline policy {name}" for name in inline)], steps


def _detached(held: FoundRole, arn: str, stage: Stage) -> Step:
    return call(stage, "DetachRolePolicy", RoleName=held.name, PolicyArn=arn)


def _without_inline(held: FoundRole, name: str, stage: Stage) -> Step:
    return call(stage, "DeleteRolePolicy", RoleName=held.name, PolicyName=name)


# --- not in the catalog any more


def _deleted(held: FoundRole) -> Change:
    steps = [
        *(_detached(held, arn, Stage.DELETE_ROLES) for arn in held.managed),
        *(_without_inline(held, name, Stage.DELETE_ROLES) for name in held.inline),
        call(Stage.DELETE_ROLES, "DeleteRole", RoleName=held.name),
    ]
    whole = {"trust": text.statements(held.trust), "policies": list(held.managed)}
    return Change(Verb.DELETE, _thing(held.arn), differing(whole, None), tuple(steps))


def _released(wanted: Wanted, held: FoundRole) -> Iterator[Change | Left]:
    """A role that somebody else made: it stays, without what setup put into it. What lets somebody
    in now, and what ends his sessions, goes by its dates.
    """
    ours = frozenset(
        str(one["Sid"])
        for one in text.statements(held.trust)
        if _is_setups(one, wanted.installation)
    )
    edit = TrustEdit(held.name, ours)
    after = edit.applied(held.trust)
    steps: list[Step] = []
    if ours and not after["Statement"]:
        yield Left(
            f"{_thing(held.arn)} keeps its seal: AWS takes no trust policy without a statement. "
            "Write another one, or delete the role."
        )
    elif ours:
        steps.append(Step(Stage.OPEN, edit))
    steps.append(call(Stage.OPEN, "UntagRole", RoleName=held.name, TagKeys=[INSTALLATION, MADE_BY]))
    diff = differing(held.trust, after) if after["Statement"] else ()
    keys = [key for key in (INSTALLATION, MADE_BY) if key in held.tags]
    tags = tuple(f"- tag {key}={held.tags[key]}" for key in keys)
    yield Change(Verb.RELEASE, _thing(held.arn), (*diff, *tags), tuple(steps))
    yield Left(f"{_thing(held.arn)} stays: setup did not make it.")
    if session_end.NAME in held.inline:
        yield Left(
            f"{_thing(held.arn)} keeps its inline policy {session_end.NAME}, which ends sessions "
            "of grants. Delete it twelve hours and a quarter after the last grant ended."
        )


def _thing(arn: str) -> str:
    return f"role {path_of(arn)}{arn.rpartition('/')[2]}"
