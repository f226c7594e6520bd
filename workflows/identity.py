"""Which identity in AWS a person in Slack may ask for."""

from collections.abc import Callable, Sequence

from workflows.catalog.arns import user_arn
from workflows.catalog.identity_rule import IdentityRule
from workflows.catalog.model import (
    MACHINE_PREFIX,
    Catalog,
    Engineer,
    GranteeKind,
    Role,
    Visitor,
)
from workflows.errors import NotAllowed, NotFound
from workflows.person import Grantee, Person

FindByTag = Callable[[str, str], Sequence[str]]
"""(tag key, value) → the names of the IAM users in the grantee account that carry it."""


def machine(catalog: Catalog, person: Person, name: str) -> Grantee:
    """The machine, if the person owns it; otherwise NotFound, whether it exists or not."""
    found = catalog.machine(name)
    if found is None or person.user not in found.owners:
        mine = [one.name for one in catalog.machines_of(person.user)]
        yours = f"Yours: {', '.join(mine)}." if mine else "The catalog names none of yours."
        raise NotFound(f"You own no machine called {name}. {yours}")
    return Grantee(
        kind=GranteeKind.MACHINE,
        name=found.name,
        arn=found.role_arn,
        session_name=found.session_name,
        owners=found.owners,
    )


def own(catalog: Catalog, person: Person, role: Role, by_tag: FindByTag) -> Grantee:
    """The person's own identity that fits the role: the IAM user, else Identity Center's.

    Raises NotAllowed, saying what to do about it, when there is none.
    """
    if GranteeKind.USER in role.kinds and (name := _user_name(catalog, person, by_tag)):
        return _user(catalog, person, name)
    visitor = next((one for one in catalog.visitors if one.slack == person.user), None)
    if GranteeKind.PERSON in role.kinds and visitor is not None:
        return _visitor(person, visitor)
    if role.kinds == {GranteeKind.MACHINE}:
        raise NotAllowed(f"{role.key} is lent to machines only: name one of yours with `--as`.")
    raise NotAllowed(
        f"The catalog does not say which identity in AWS is yours for {role.key}. Ask an "
        "administrator of xacct to add you under `people` (or `identity_center`)."
    )


def still_his(catalog: Catalog, slack: str, grantee: Grantee, *, email: str | None) -> bool:
    """Whether the catalog still gives this identity to the person who asked for it.

    `email` is the address that Slack had confirmed when he asked. Whom a rule finds by a tag is not
    looked up again: the user's unique id is what was approved.
    """
    if grantee.kind is GranteeKind.MACHINE:
        found = catalog.machine(grantee.name)
        return (
            found is not None
            and slack in found.owners
            and _is_same_role(found.role_arn, grantee.arn)
        )
    if grantee.kind is GranteeKind.PERSON:
        return any(
            one.slack == slack
            and one.user_name == grantee.name
            and _is_same_role(one.role_arn, grantee.arn)
            for one in catalog.visitors
        )
    listed = catalog.engineer(slack)
    if listed is not None:
        return (listed.iam_user or "").rpartition("/")[2].casefold() == grantee.name.casefold()
    return _is_found_by_rule(catalog, grantee.name, email) and not _is_taken(catalog, grantee.name)


def _is_same_role(one: str, other: str) -> bool:
    """Whether two ARNs are of one role: its name is unique in its account, whatever its path."""
    return (one.split(":")[:5], one.rpartition("/")[2].casefold()) == (
        other.split(":")[:5],
        other.rpartition("/")[2].casefold(),
    )


def _is_found_by_rule(catalog: Catalog, name: str, email: str | None) -> bool:
    found = _rule_for(catalog, email)
    if found is None:
        return False
    rule, compared = found
    return rule.tag is not None or compared.casefold() == name.casefold()


def _rule_for(catalog: Catalog, email: str | None) -> tuple[IdentityRule, str] | None:
    """The rule for the address's domain, and what it compares."""
    local, _, domain = (email or "").casefold().partition("@")
    for rule in catalog.identity_rules:
        if domain and domain == rule.domain.casefold():
            return rule, local if rule.compares_local_part else f"{local}@{domain}"
    return None


def is_own(catalog: Catalog, person: Person, kind: GranteeKind, name: str) -> bool:
    """Whether the catalog gives this identity to this person, under whichever of his Slack ids.

    What a rule finds by a tag is not looked up.
    """
    if kind is GranteeKind.PERSON:
        return any(one.slack == person.user and one.user_name == name for one in catalog.visitors)
    if kind is GranteeKind.MACHINE:
        found = catalog.machine(name)
        return found is not None and person.user in found.owners
    listed = catalog.engineer(person.user)
    if listed is not None:
        return (listed.iam_user or "").rpartition("/")[2].casefold() == name.casefold()
    found_by = _rule_for(catalog, person.email)
    if found_by is None or found_by[0].tag is not None:
        return False
    return found_by[1].casefold() == name.casefold()


def _user_name(catalog: Catalog, person: Person, by_tag: FindByTag) -> str | None:
    listed: Engineer | None = catalog.engineer(person.user)
    if listed is not None:
        return listed.iam_user
    found = _rule_for(catalog, person.email) if person.email_confirmed else None
    if found is None:
        return None
    name = _by_rule(*found, by_tag)
    return None if name is None else _nobody_elses(catalog, name)


def _nobody_elses(catalog: Catalog, name: str) -> str:
    """The name, unless the catalog gives it, or its session name, to somebody else."""
    if _is_taken(catalog, name):
        raise NotAllowed(
            f"The IAM user {name} is somebody else's in the catalog. Ask an administrator of "
            "xacct to list you under `people`."
        )
    return name


def _is_taken(catalog: Catalog, name: str) -> bool:
    listed = [(one.iam_user or "").rpartition("/")[2] for one in catalog.engineers]
    taken = [*listed, *(one.user_name for one in catalog.visitors)]
    folded = name.casefold()
    return folded in map(str.casefold, taken) or folded.startswith(MACHINE_PREFIX)


def _by_rule(rule: IdentityRule, value: str, by_tag: FindByTag) -> str | None:
    if rule.tag is None:
        return value
    names = by_tag(rule.tag, value)
    if len(names) > 1:
        raise NotAllowed(
            f"{len(names)} IAM users carry the tag {rule.tag}={value}: {', '.join(sorted(names))}. "
            "Ask an administrator to leave the tag on yours only."
        )
    return names[0] if names else None


def _user(catalog: Catalog, person: Person, named: str) -> Grantee:
    name = named.rpartition("/")[2]
    return Grantee(
        kind=GranteeKind.USER,
        name=name,
        arn=user_arn(catalog, named),
        session_name=name,
        owners=(person.user,),
    )


def _visitor(person: Person, visitor: Visitor) -> Grantee:
    return Grantee(
        kind=GranteeKind.PERSON,
        name=visitor.user_name,
        arn=visitor.role_arn,
        session_name=visitor.user_name,
        owners=(person.user,),
    )
