"""Which rights the manager roles need, and which they lack: what setup would give them, asked of
AWS's simulation.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from workflows.catalog.arns import user_arn
from workflows.catalog.governed import governed
from workflows.catalog.model import Account, Catalog
from workflows.doctor.facts import Verdicts
from workflows.doctor.finding import Finding, red, yellow
from workflows.documents import text
from workflows.documents.text import Document
from workflows.drift.places import named
from workflows.seen import RoleDetail, Verdict
from workflows.setup import rights
from workflows.setup.wanted import naming

SIMULATE: Final = "iam:SimulatePrincipalPolicy"

_WITHOUT: Final = {
    "cloudtrail:LookupEvents": (
        "edits of trust policies that are lost go unnoticed, and what was done with a grant is not "
        "told"
    ),
    SIMULATE: "what could go wrong is found when it does, and not before anybody decides",
}
"""Rights without which xacct opens and ends all the same, and what it does not do then."""

_READS: Final = ("iam:Get", "iam:List", "iam:Simulate")
_ON_POLICIES: Final = frozenset({"iam:GetPolicy", "iam:GetPolicyVersion"})
_ENDS: Final = "iam:PutRolePolicy"
_ON_A_ROLE: Final = frozenset({"iam:UpdateAssumeRolePolicy", _ENDS})
_UNREAD: Final = object()
_SILENCE: Final = "an answer that AWS did not give"


@dataclass(frozen=True)
class Need:
    """Actions that a manager role has to be allowed, each on each of the resources.

    `keys` are condition keys of the call, which the simulation does not look up by itself.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    keys: Mapping[str, str] = field(default_factory=dict)


Keys = Callable[[RoleDetail], Mapping[str, str]]
"""The condition keys of a write to a role."""


def of_owner(
    catalog: Catalog, account: Account, roles: Mapping[str, RoleDetail | None], keys: Keys
) -> list[Need]:
    """What the manager role of an owner account needs: for the roles that are there, by
    `account/name`. One that could not be read is not in `roles`: of it the reads are asked about
    alone, since writes depend on it. A role without a session end gets no inline policy.
    """
    lent = [one for one in catalog.roles_of(account) if roles.get(one.key, _UNREAD) is not None]
    document = rights.owner_manager(
        account.manager_arn,
        [one.arn for one in lent if one.permissions is not None],
        [one.arn for one in lent if one.permissions is None],
        boundaries=naming.policy_arn(catalog, account, "boundary-*"),
        installation=catalog.installation,
    )
    spared: dict[str, frozenset[str]] = {}
    known: dict[str, Mapping[str, str]] = {}
    for one in lent:
        detail = roles.get(one.key)
        known[one.arn] = {} if detail is None else keys(detail)
        if detail is None or not one.session_end:
            spared[one.arn] = _ON_A_ROLE if detail is None else frozenset({_ENDS})
    return _needs(document, [*known, account.manager_arn], known, spared=spared)


def of_home(catalog: Catalog, policies: Collection[str]) -> list[Need]:
    """What the manager role of the grantee account needs: for the groups, users and roles that the
    catalog names; `policies` are ARNs of managed policies that governed groups hold.
    """
    own = catalog.grantee.manager_arn
    groups = [one.group.arn for one in governed(catalog).values()]
    named_ones = [
        *groups,
        *(user_arn(catalog, one.iam_user) for one in catalog.engineers if one.iam_user),
        *(one.role_arn for one in catalog.machines),
        *(one.role_arn for one in catalog.visitors),
        own,
    ]
    return _needs(rights.grantee_manager(own, groups), named_ones, {}, policies=policies)


def _needs(
    document: Document,
    known: Collection[str],
    keys: Mapping[str, Mapping[str, str]],
    *,
    policies: Collection[str] = (),
    spared: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> list[Need]:
    """What the Allows of a policy come to for the resources that are known, in few calls; `spared`
    are actions by the resource that does not need them.

    A pattern like `user/*` stands for those that fit it: somebody may have given rights on less.
    """
    wanted: dict[str, set[str]] = defaultdict(set)  # resource → actions
    for statement in text.statements(document):
        if statement["Effect"] != "Allow":
            continue
        actions = set(text.values(statement["Action"]))
        for resource in _concrete(statement, actions, known, policies):
            wanted[resource] |= actions - spared.get(resource, frozenset())
    alike: dict[tuple[frozenset[str], tuple[tuple[str, str], ...]], list[str]] = defaultdict(list)
    for resource, actions in wanted.items():
        for several in _apart(actions, with_keys=resource in keys):
            mine = keys.get(resource, {}) if _writes(several) else {}
            alike[several, tuple(sorted(mine.items()))].append(resource)
    return [
        Need(tuple(sorted(actions)), tuple(resources), dict(held))
        for (actions, held), resources in alike.items()
    ]


def _apart(actions: Collection[str], *, with_keys: bool) -> Iterator[frozenset[str]]:
    """Reads by themselves, where only writes are asked about with keys."""
    reads = frozenset(one for one in actions if one.startswith(_READS))
    parts = (reads, frozenset(actions) - reads) if with_keys else (frozenset(actions),)
    yield from (one for one in parts if one)


def _writes(actions: Iterable[str]) -> bool:
    return not all(one.startswith(_READS) for one in actions)


def _concrete(
    statement: text.Statement,
    actions: Collection[str],
    known: Collection[str],
    policies: Collection[str],
) -> Iterator[str]:
    for pattern in text.values(statement["Resource"]):
        if pattern != "*":
            yield from (one for one in known if text.like(one, pattern))
        elif _ON_POLICIES.issuperset(actions):
            yield from policies
        else:
            yield "*"


def answered(actions: Iterable[str], resources: Sequence[str], told: Verdicts) -> Verdicts:
    """What was told of each action on each resource; what was not is nobody's yes."""
    found: dict[tuple[str, str], Verdict] = {}
    for action in actions:
        for resource in resources:
            verdict = told.get((action, resource))
            if verdict is None and len(resources) == 1:
                verdict = told.get((action, "*"))  # AWS names one resource not apart
            found[action, resource] = verdict or Verdict(action, "", unknown=(_SILENCE,))
    return found


def lacking(manager_arn: str, verdicts: Verdicts | None) -> list[Finding]:
    """A finding for each right that the manager role has not, with the resources it has it not on.

    With `verdicts` None the simulation could not be asked.
    """
    name = manager_arn.rpartition("/")[2]
    if verdicts is None:
        return [
            red(
                "rights-unknown",
                name,
                f"AWS's simulation could not be asked which rights {name} lacks.",
                f"Give it {SIMULATE} on itself and on what it works with: `xacct setup apply`.",
            )
        ]
    refused: dict[str, list[str]] = defaultdict(list)
    unsure: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (action, resource), verdict in verdicts.items():
        if verdict.refused:
            refused[action].append(resource)
        elif not verdict.allowed:
            unsure[action, verdict.unknown].append(resource)
    return [
        *(_lacks(name, action, resources) for action, resources in sorted(refused.items())),
        *(_unsure(name, *what, resources) for what, resources in sorted(unsure.items())),
    ]


def _unsure(name: str, action: str, unknown: Sequence[str], resources: list[str]) -> Finding:
    return yellow(
        "right-unknown",
        name,
        f"AWS's simulation does not say whether {name} may {action}{_where(resources)}: it depends "
        f"on {named(list(unknown))}.",
        "Take the condition out, or see to it that xacct's calls fulfil it: `xacct setup plan` "
        "shows what is not as setup writes it. A service control policy may have it, too.",
    )


def _where(resources: list[str]) -> str:
    return "" if resources == ["*"] else f" on {named([_short(one) for one in resources], most=5)}"


def _lacks(name: str, action: str, resources: list[str]) -> Finding:
    missing = f"{name} may not {action}{_where(resources)}"
    fix = (
        "`xacct setup apply` gives it. If that has nothing to change, a permissions boundary, or a "
        "service control policy of the organization, takes it away."
    )
    if action in _WITHOUT:
        return yellow("right-missing", name, f"{missing}: {_WITHOUT[action]}.", fix)
    return red("right-missing", name, f"{missing}, which xacct needs to open and to end.", fix)


def _short(arn: str) -> str:
    return arn.split(":", 5)[-1]
