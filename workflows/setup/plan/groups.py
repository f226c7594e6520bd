"""Governed groups: made, filled, given their members, deleted."""

from collections.abc import Collection, Iterator

from workflows.documents import groups as documents
from workflows.documents.text import Document
from workflows.setup.objects import Found, FoundGroup, Group, Wanted, path_of
from workflows.setup.plan.change import Change, Stage, Step, Verb, call, differing, same
from workflows.setup.wanted.naming import inline_name, is_own_policy


def changes(wanted: Wanted, found: Found, let_in: Collection[str] | None) -> Iterator[Change | str]:
    """What is made and changed. `let_in` are the unique ids of users whom a trust policy lets in
    now: they may be outside a deny group because of it. None: it could not be read, and nobody is
    put into a group that was there.
    """
    for group in wanted.groups:
        held = found.groups.get(group.name.casefold())
        if held is None:
            yield _made(group, found)
        elif held.arn != group.arn:
            yield (
                f"There is a group {path_of(held.arn)}{held.name}, and {_thing(group.arn)} cannot "
                "be beside it: IAM tells groups apart by name. Rename one of them."
            )
        else:
            yield from _filled(group, held, found, let_in)
        yield from _nobody_of(group, found)
    names = {group.name.casefold() for group in wanted.groups}
    for held in found.groups.values():
        mine = inline_name(wanted.installation) in held.inline or _of_setup(wanted, held)
        if mine and held.name.casefold() not in names:
            yield _deleted(wanted, held, found)


def _made(group: Group, found: Found) -> Change:
    there = [name for name in sorted(group.members) if name.casefold() in found.users]
    steps = [
        call(Stage.GROUPS, "CreateGroup", GroupName=group.name, Path=group.path),
        *_contents(group),
        *(_joined(group, found.users[name.casefold()].name) for name in there),
    ]
    diff = [line for one in group.documents.values() for line in differing(None, one)]
    diff += [f"+ {arn}" for arn in group.managed]
    diff += [f"+ member {name}" for name in there]
    return Change(Verb.CREATE, _thing(group.arn), tuple(diff), tuple(steps))


def _contents(group: Group) -> Iterator[Step]:
    for name, document in group.documents.items():
        yield call(
            Stage.GROUPS,
            "PutGroupPolicy",
            GroupName=group.name,
            PolicyName=name,
            PolicyDocument=document,
        )
    for arn in group.managed:
        yield call(Stage.GROUPS, "AttachGroupPolicy", GroupName=group.name, PolicyArn=arn)


def _joined(group: Group, user: str) -> Step:
    return call(Stage.GROUPS, "AddUserToGroup", GroupName=group.name, UserName=user)


def _filled(
    group: Group, held: FoundGroup, found: Found, let_in: Collection[str] | None
) -> Iterator[Change | str]:
    """A group that is there: what it lacks. What is too much in it, a person has to take out."""
    diff: list[str] = []
    steps: list[Step] = []
    if not _says_the_same(group, held, found):
        if extra := sorted({*held.inline} - {*group.documents}) + sorted(
            {*held.managed} - {*group.managed}
        ):
            yield (
                f"{_thing(group.arn)} holds {', '.join(extra)}: who joins or leaves it would get "
                "more than the catalog says. Take it out, or give the group another name in the "
                "catalog."
            )
            return
        for name, document in group.documents.items():
            diff += differing(held.inline.get(name), document)
        diff += [f"+ {arn}" for arn in group.managed if arn not in held.managed]
        steps += _contents(group)
    for name in _outside(group, found, let_in):
        diff.append(f"+ member {name}")
        steps.append(_joined(group, name))
    if steps:
        yield Change(Verb.UPDATE, _thing(group.arn), tuple(diff), tuple(steps))
    if let_in is None and _outside(group, found, ()):
        yield (
            f"Who is missing in {_thing(group.arn)} is not put into it, since not every owner "
            "account could be read: he may be outside for a grant."
        )


def _says_the_same(group: Group, held: FoundGroup, found: Found) -> bool:
    """Whether the group denies or allows exactly what it should, whatever its policies' names."""
    known = [found.policies[arn].document for arn in held.managed if arn in found.policies]
    if len(known) < len(held.managed):
        return False
    there: list[Document] = [*held.inline.values(), *known]
    if group.managed and {*held.managed} == {*group.managed} and not held.inline:
        return True  # the policies themselves are compared elsewhere
    covered = documents.covers(there)
    if not group.documents or covered != documents.covers(group.documents.values()):
        return False
    (wanted,) = group.documents.values()
    effect = str(wanted["Statement"][0]["Effect"])
    return all(
        documents.fault(there, effect=effect, role_arn=arn, governed=covered) is None
        for arn in covered
    ) or all(same(one, wanted) for one in there)


def _outside(group: Group, found: Found, let_in: Collection[str] | None) -> list[str]:
    if let_in is None:
        return []
    inside = {name.casefold() for name in found.members_of(group.name)}
    users = (found.users.get(name.casefold()) for name in sorted(group.members))
    return [
        user.name
        for user in users
        if user is not None and user.name.casefold() not in inside and user.unique_id not in let_in
    ]


def _nobody_of(group: Group, found: Found) -> Iterator[str]:
    for name in sorted(group.members):
        if name.casefold() not in found.users:
            yield f"There is no IAM user {name}, whom the catalog lists under `people`."


def _of_setup(wanted: Wanted, held: FoundGroup) -> list[str]:
    """The managed policies of setup that the group holds: they go by themselves."""
    return [arn for arn in held.managed if is_own_policy(arn, wanted.installation)]


def _deleted(wanted: Wanted, held: FoundGroup, found: Found) -> Change | str:
    ours = inline_name(wanted.installation)
    if extra := sorted({*held.inline} - {ours}) + sorted(
        {*held.managed} - {*_of_setup(wanted, held)}
    ):
        return (
            f"{_thing(held.arn)} is not in the catalog any more, and holds {', '.join(extra)} "
            "besides: it stays. Delete it when nobody needs it."
        )
    members = sorted(found.members_of(held.name))
    steps = [
        *(
            call(Stage.DELETE_GROUPS, "RemoveUserFromGroup", GroupName=held.name, UserName=name)
            for name in members
        ),
        *(
            call(Stage.DELETE_GROUPS, "DeleteGroupPolicy", GroupName=held.name, PolicyName=name)
            for name in held.inline
        ),
        call(Stage.DELETE_GROUPS, "DeleteGroup", GroupName=held.name),
    ]
    diff = [line for one in held.inline.values() for line in differing(one, None)]
    diff += [f"- member {name}" for name in members]
    return Change(Verb.DELETE, _thing(held.arn), tuple(diff), tuple(steps))


def _thing(arn: str) -> str:
    return f"group {path_of(arn)}{arn.rpartition('/')[2]}"
