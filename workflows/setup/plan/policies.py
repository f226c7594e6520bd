"""Managed policies of setup: made, given a new version, attached, detached, deleted."""

from collections.abc import Iterator
from typing import Final

from workflows.setup.objects import Attachment, Found, FoundPolicy, Policy, Wanted, path_of
from workflows.setup.plan.change import Change, Stage, Step, Verb, call, differing, same
from workflows.setup.wanted.naming import is_own_policy

_VERSIONS: Final = 5
"""Versions of a managed policy that AWS keeps at most (IAM User Guide, "Versioning")."""


def changes(wanted: Wanted, found: Found) -> Iterator[Change]:
    """What is made, changed and deleted; the last in the order in which nothing holds them."""
    for policy in wanted.policies:
        held = found.policies.get(policy.arn)
        if held is None:
            yield _made(policy)
        elif not same(held.document, policy.document):
            yield _changed(policy, held)
    arns = {policy.arn for policy in wanted.policies}
    for held in found.policies.values():
        if is_own_policy(held.arn, wanted.installation) and held.arn not in arns:
            yield _deleted(held, found)


def _made(policy: Policy) -> Change:
    made = call(
        Stage.POLICIES,
        "CreatePolicy",
        PolicyName=policy.name,
        Path=path_of(policy.arn),
        Description=policy.purpose,
        PolicyDocument=policy.document,
    )
    return Change(Verb.CREATE, _thing(policy.arn), differing(None, policy.document), (made,))


def _changed(policy: Policy, held: FoundPolicy) -> Change:
    steps = []
    if len(held.other_versions) + 1 >= _VERSIONS:
        oldest = held.other_versions[0]
        steps.append(
            call(Stage.POLICIES, "DeletePolicyVersion", PolicyArn=policy.arn, VersionId=oldest)
        )
    steps.append(
        call(
            Stage.POLICIES,
            "CreatePolicyVersion",
            PolicyArn=policy.arn,
            PolicyDocument=policy.document,
            SetAsDefault=True,
        )
    )
    diff = differing(held.document, policy.document)
    return Change(Verb.UPDATE, _thing(policy.arn), diff, tuple(steps))


def _deleted(held: FoundPolicy, found: Found) -> Change:
    steps = [_detached(holder, held.arn) for holder in found.holders_of(held.arn)]
    steps += [
        call(Stage.DELETE_POLICIES, "DeletePolicyVersion", PolicyArn=held.arn, VersionId=one)
        for one in held.other_versions
    ]
    steps.append(call(Stage.DELETE_POLICIES, "DeletePolicy", PolicyArn=held.arn))
    return Change(Verb.DELETE, _thing(held.arn), differing(held.document, None), tuple(steps))


def _detached(holder_arn: str, policy_arn: str) -> Step:
    kind = holder_arn.rpartition(":")[2].partition("/")[0].title()
    name = {f"{kind}Name": holder_arn.rpartition("/")[2]}
    return call(Stage.DETACH, f"Detach{kind}Policy", PolicyArn=policy_arn, **name)


def _thing(arn: str) -> str:
    return f"policy {path_of(arn)}{arn.rpartition('/')[2]}"


# --- on users and roles that somebody else made


def attachments(wanted: Wanted, found: Found) -> Iterator[Change | str]:
    """What is attached and detached; a sentence for each holder that is not there."""
    for one in wanted.attachments:
        holders = found.users if one.kind == "user" else found.roles
        holder = holders.get(one.holder.casefold())
        if holder is None or holder.arn != one.holder_arn:
            yield (
                f"There is no {one.kind} {one.holder_arn}: make it, or take it out of the catalog."
            )
        elif one.policy_arn not in holder.managed:
            yield _attached(one)
    yield from _no_longer(wanted, found)


def _attached(one: Attachment) -> Change:
    kind = one.kind.title()
    step = call(
        Stage.ATTACH,
        f"Attach{kind}Policy",
        PolicyArn=one.policy_arn,
        **{f"{kind}Name": one.holder},
    )
    thing = f"{one.kind} {path_of(one.holder_arn)}{one.holder}"
    return Change(Verb.UPDATE, thing, (f"+ {_thing(one.policy_arn)}",), (step,))


def _no_longer(wanted: Wanted, found: Found) -> Iterator[Change]:
    """Policies that stay, on holders that are no longer meant."""
    meant = {(one.policy_arn, one.holder_arn) for one in wanted.attachments}
    attached = {one.policy_arn for one in wanted.attachments}
    for policy_arn in sorted(attached):
        for holder in found.holders_of(policy_arn):
            if (policy_arn, holder) not in meant:
                kind = holder.rpartition(":")[2].partition("/")[0]
                thing = f"{kind} {path_of(holder)}{holder.rpartition('/')[2]}"
                step = _detached(holder, policy_arn)
                yield Change(Verb.UPDATE, thing, (f"- {_thing(policy_arn)}",), (step,))
