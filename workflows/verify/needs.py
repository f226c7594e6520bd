"""What AWS's simulation is asked about xacct's own roles, and what its answers say. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workflows.aws.simulation import batches
from workflows.catalog.arns import user_arn
from workflows.catalog.governed import governed
from workflows.catalog.model import Account, Catalog, Delivery, Role
from workflows.documents import text
from workflows.documents.text import Document, Statement
from workflows.seen import Caller, Verdict, keys_of_a_write
from workflows.setup.objects import Found
from workflows.verify import asks
from workflows.verify.asks import Forbidden, On
from workflows.verify.finding import Answer, Outcome

_EXTERNAL_ID: Final = "sts:ExternalId"


@dataclass(frozen=True)
class Own:
    """A role that xacct works with: a manager role, or the vendor role. `roles` are those that it
    serves, `groups` the ARNs of the governed groups where it moves people.
    """

    account: Account
    arn: str
    external_id: str | None
    roles: tuple[Role, ...] = ()
    groups: tuple[str, ...] = ()
    is_vendor: bool = False

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class Asked:
    """One call of the simulation: `words` names each action, `keys` are condition keys."""

    words: Mapping[str, str]
    resources: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)


def owns(catalog: Catalog, account: Account) -> list[Own]:
    """Xacct's own roles in the account, as the catalog has them."""
    if account.id != catalog.grantee.id:
        lent = catalog.roles_of(account)
        return [Own(account, account.manager_arn, account.external_id, lent)]
    home = catalog.grantee
    groups = tuple(one.group.arn for one in governed(catalog).values())
    made = [Own(home, home.manager_arn, home.external_id, (), groups)]
    vended = tuple(one for one in catalog.roles if one.delivery is Delivery.CREDENTIALS)
    if home.vendor_arn is not None and vended:
        made.append(Own(home, home.vendor_arn, home.vendor_external_id, vended, is_vendor=True))
    return made


def needed(catalog: Catalog, own: Own, found: Found) -> Iterator[Asked]:
    """All that it must be able to do."""
    if own.is_vendor:
        words = {"sts:AssumeRole": "enter it"}
        yield from (Asked(words, batch) for batch in batches(role.arn for role in own.roles))
    elif own.account.id == catalog.grantee.id:
        yield from _needed_at_home(catalog, own)
    else:
        for role in own.roles:
            yield Asked(_plain(asks.ON_A_ROLE), (role.arn,), _keys(found, role))
        yield Asked(_plain(["iam:SimulatePrincipalPolicy"]), (own.arn,))
        yield Asked(_plain(asks.IN_AN_OWNER_ACCOUNT))


def _needed_at_home(catalog: Catalog, own: Own) -> Iterator[Asked]:
    users = dict.fromkeys(
        user_arn(catalog, one.iam_user) for one in catalog.engineers if one.iam_user
    )
    roles = dict.fromkeys(
        [*(one.role_arn for one in catalog.machines), *(one.role_arn for one in catalog.visitors)]
    )
    for words, resources in (
        (asks.ON_A_GROUP, own.groups),
        (asks.ON_A_USER, users),
        (asks.ON_A_VISITORS_ROLE, roles),
    ):
        yield from (Asked(_plain(words), batch) for batch in batches(resources))
    yield Asked(_plain(asks.IN_THE_GRANTEE_ACCOUNT))


def forbidden(catalog: Catalog, own: Own, found: Found, *, nobody: str) -> Iterator[Asked]:
    """All that it may not, on things of others under a name that nobody has, and on its own."""
    home = own.arn.partition(":role/")[0]
    theirs = {"iam:PermissionsBoundary": "none"}
    for on in (On.USER, On.GROUP, On.ROLE, On.POLICY):
        keys = theirs if on is On.ROLE else {}
        yield Asked(_on(asks.ANYWHERE, on), (f"{home}:{on}/{nobody}",), keys)
    mine = found.roles.get(own.name.casefold())
    keys = keys_of_a_write(mine.boundary, mine.tags) if mine is not None else theirs
    yield Asked(_on(asks.TO_ITSELF, On.ITSELF), (own.arn,), keys)
    for batch in batches(own.groups):
        yield Asked(_on(asks.TO_A_GOVERNED_GROUP, On.GOVERNED), batch)
    if own.is_vendor:
        others = [one.arn for one in catalog.roles if one not in own.roles]
        words = {"sts:AssumeRole": "enter a role whose credentials are not delivered"}
        yield from (Asked(words, batch) for batch in batches(others))
        return
    for role in own.roles:
        yield Asked(_on(asks.TO_WHAT_IS_LENT, On.LENT), (role.arn,), _keys(found, role))


@dataclass(frozen=True)
class Harmless:
    """A real call that is to be refused, and changes nothing where it is not."""

    what: str
    action: str  # by IAM's name
    parameters: Mapping[str, str]


def calls(own: Own, *, nobody: str) -> list[Harmless]:
    """The real calls that are to be refused: each of ANYWHERE and TO_ITSELF that is harmless, and
    of an owner account's manager role those on each lent role.
    """
    home = own.arn.rpartition(":")[0]  # xacct itself may be a user
    names = {
        "nobody": nobody,
        "policy": f"{home}:policy/{nobody}",
        "account": f"{home}:root",
        "role": own.name,
    }
    made = [_harmless(one, "", names) for one in (*asks.ANYWHERE, *asks.TO_ITSELF)]
    if not own.is_vendor:
        made += [
            _harmless(one, f"{role.name}: ", names | {"role": role.name})
            for role in own.roles
            for one in asks.TO_WHAT_IS_LENT
        ]
    return [one for one in made if one is not None]


def _harmless(one: Forbidden, prefix: str, names: Mapping[str, str]) -> Harmless | None:
    if one.call is None:
        return None
    action = one.action.removeprefix("iam:")
    return Harmless(f"{prefix}{one.what}", action, asks.parameters(one.call, **names))


def answers(asked: Asked, verdicts: Mapping[tuple[str, str], Verdict]) -> list[Answer]:
    """What the simulation said of each action on each resource. What it was silent about is not
    known.
    """
    found = []
    for action, words in asked.words.items():
        for resource in asked.resources or ("*",):
            what = words if resource == "*" else f"{words} on {resource}"
            verdict = verdicts.get((action, resource))
            if verdict is None and len(asked.resources) == 1:
                verdict = verdicts.get((action, "*"))  # AWS names one resource not apart
            found.append(_answer(what, verdict))
    return found


def _answer(what: str, verdict: Verdict | None) -> Answer:
    if verdict is None:
        return Answer(what, Outcome.UNKNOWN, "AWS's simulation says nothing of it")
    by = f"by {', '.join(verdict.by)}" if any(verdict.by) else ""
    if verdict.allowed:
        return Answer(what, Outcome.ALLOWED, by)
    if verdict.refused:
        return Answer(what, Outcome.REFUSED, by)
    return Answer(what, Outcome.UNKNOWN, f"it depends on {', '.join(verdict.unknown)}")


def entrance_fault(held: Document, meant: Statement) -> str | None:
    """How the trust policy of one of xacct's own roles differs from the one that lets xacct in, and
    nobody else; None where it does not. External ids are not told.
    """
    statements = text.statements(held)
    right = [one for one in statements if text.same(one, meant)]
    others = [one for one in statements if one not in right and one.get("Effect") == "Allow"]
    if right and not others:
        return None
    if any(text.same(_bare(one), _bare(meant)) for one in others):
        return "it asks for another external id than the catalog says, or for none"
    if others:
        named = ", ".join(str(one.get("Principal", "NotPrincipal")) for one in others)
        return f"it lets in {named}" + ("" if right else ", and not xacct as it comes")
    return "it does not let xacct in"


def _bare(statement: Statement) -> Statement:
    """Without the external id."""
    condition = {
        operator: kept
        for operator, keys in statement.get("Condition", {}).items()
        if (kept := {key: one for key, one in keys.items() if key != _EXTERNAL_ID})
    }
    return {**statement, "Sid": "", "Condition": condition}


def not_xacct(caller: Caller, bot_arn: str) -> str | None:
    """Why these keys are not those that xacct works with, or None."""
    if caller.has(bot_arn):
        return None
    return f"The keys are of {caller.arn}, and the catalog says under `bot` that xacct is {bot_arn}"


def _keys(found: Found, role: Role) -> dict[str, str]:
    held = found.roles.get(role.name.casefold())
    return keys_of_a_write(held.boundary, held.tags) if held is not None else {}


def _plain(actions: Iterable[str]) -> dict[str, str]:
    return {action: action for action in actions}


def _on(several: Sequence[Forbidden], on: On) -> dict[str, str]:
    return {one.action: one.what for one in several if one.on is on}
