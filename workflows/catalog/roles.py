"""The roles of a catalog file: each with what its entry and the defaults say, and judged."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from workflows.catalog import deciders, standing
from workflows.catalog.expand import Claim, claims
from workflows.catalog.fields import NO_GROUP
from workflows.catalog.mistakes import Mistakes, Sheet
from workflows.catalog.model import (
    Account,
    Delivery,
    GranteeAccount,
    GranteeKind,
    Group,
    Mechanism,
    Role,
)
from workflows.catalog.schema import Defaults, Limits, RoleEntry, RoleFields
from workflows.catalog.tree import Place, Tree, written
from workflows.durations import LONGEST, duration_text

_SWITCHABLE: Final = 64  # characters of path and name; IAM User Guide, "Switching to a role"
_GROUP_NAME: Final = 128  # characters; IAM, CreateGroup


def roles(
    sheet: Sheet, accounts: Sequence[Account], grantee: GranteeAccount, mistakes: Mistakes
) -> tuple[Role, ...]:
    """Every role of every account that the entries reach."""
    file = sheet.file
    for place, entry in sheet.placed("roles", file.roles):
        _judge(place, entry, _settled(entry, file.defaults), file.limits, mistakes)
        if (
            _settled(entry, file.defaults).delivery is Delivery.CREDENTIALS
            and not grantee.vendor_arn
        ):
            mistakes.add(
                (*place, "delivery"),
                "Credentials are minted by a role of their own: name it under "
                "`grantee_account: {vendor: {role: …}}`, or write `delivery: link`.",
            )
    won = claims(sheet, accounts, mistakes)
    found = tuple(_role(claim, sheet, grantee, mistakes.tree) for claim in won)
    _check_groups(won, found, mistakes)
    for claim, role in zip(won, found, strict=True):
        if role.arn == role.account.manager_arn:
            mistakes.add((*claim.place, "name"), f"{role.key} is the role xacct itself works with.")
        alerted = file.slack.alerts_channel or file.slack.approvals_channel
        deciders.judge_loudness(claim.place, role, alerted, mistakes)
        if "admins" not in sheet.broken:
            deciders.judge_signers(claim.place, role, file.admins, mistakes)
    return found


def _settled(entry: RoleEntry, defaults: Defaults) -> RoleFields:
    """What the entry says, and the defaults where it says nothing."""
    said = entry.model_fields_set
    values = {
        name: getattr(entry if name in said else defaults, name) for name in RoleFields.model_fields
    }
    if "default_duration" not in said:
        values["default_duration"] = min(values["default_duration"], values["max_duration"])
    return RoleFields.model_construct(**values)


def _role(claim: Claim, sheet: Sheet, grantee: GranteeAccount, tree: Tree) -> Role:
    told = _settled(claim.entry, sheet.file.defaults)
    return Role(
        account=claim.account,
        name=claim.role,
        path=told.path,
        mechanism=told.mechanism,
        group=_group(told, claim, grantee, sheet.file.installation),
        kinds=frozenset(told.kinds),
        requesters=tuple(dict.fromkeys(told.requesters)),
        approvers=tuple(dict.fromkeys(told.approvers)),
        approvals=told.approvals,
        default_duration=told.default_duration,
        max_duration=told.max_duration,
        delivery=told.delivery,
        channel=told.channel or sheet.file.slack.approvals_channel,
        session_end=told.session_end,
        mfa=told.mfa,
        duty=deciders.duty(told.on_duty),
        escalation=deciders.escalation(told.escalation),
        break_glass=deciders.break_glass(told.break_glass),
        told_by=_told_by(claim, tree),
        permissions=standing.permissions(told.permissions, claim.account),
        adopt=told.adopt,
    )


def _told_by(claim: Claim, tree: Tree) -> str:
    def at(place: Place) -> str:
        return f"{written(place)} (line {tree.line(place)})"

    how = "names the account" if claim.exact else "reaches the account by a pattern"
    if claim.beaten is None:
        return f"{at(claim.place)}, which {how}"
    return (
        f"{at(claim.place)}, which {how} and so wins, as a whole, over {at(claim.beaten)}, which "
        "reaches it by a pattern"
    )


def usual_group(mechanism: Mechanism, installation: str) -> str | None:
    """The group of roles for which neither their entry nor `defaults` names one: one deny group for
    all of an installation, since a user has ten places in groups. An allow group has to be named.
    """
    return f"/xacct/deny-{installation}" if mechanism is Mechanism.DENY_GROUP else None


def _group(
    told: RoleFields, claim: Claim, grantee: GranteeAccount, installation: str
) -> Group | None:
    template = told.group or usual_group(told.mechanism, installation)
    if told.mechanism is Mechanism.TRUST_POLICY or template is None:
        return None
    effect = told.mechanism.partition("-")[0]
    filled = template.replace("{account}", claim.account.name)
    filled = filled.replace("{role}", claim.role).replace("{effect}", effect)
    path, _, name = filled.rpartition("/")
    return Group(account=grantee, name=name, path=f"{path}/")


def _judge(
    place: Place, entry: RoleEntry, told: RoleFields, limits: Limits, mistakes: Mistakes
) -> None:
    """Notes what does not fit together within one entry."""
    _judge_mechanism(place, entry, told, mistakes)
    _judge_mfa(place, told, mistakes)
    _judge_durations(place, told, limits, mistakes)
    if not told.requesters and "requesters" not in entry.model_fields_set:
        mistakes.add(
            (*place, "requesters"),
            "Nobody may ask for it: write, here or under `defaults`, `requesters: everyone`, or "
            "name people. What they ask for still has to be approved. If nobody is meant to ask "
            "yet, write `requesters: []` here.",
        )
    deciders.judge(place, told, limits, mistakes)
    standing.judge_permissions(place, told, mistakes)
    for name in entry.name:
        if (sentence := unswitchable(told.path, name)) is not None:
            mistakes.add((*place, "name"), sentence)


def unswitchable(path: str, name: str) -> str | None:
    """Why nobody could switch to a role that is called so in AWS's console, if so."""
    if len(path) + len(name) <= _SWITCHABLE:
        return None
    return (
        f"{path}{name} has more than {_SWITCHABLE} characters, and AWS's console then cannot "
        "switch to the role. Shorten the name or the path."
    )


def _judge_mechanism(place: Place, entry: RoleEntry, told: RoleFields, mistakes: Mistakes) -> None:
    if told.mechanism is Mechanism.TRUST_POLICY:
        if "group" in entry.model_fields_set and told.group is not None:
            mistakes.add((*place, "group"), NO_GROUP)
        return
    if told.group is None and told.mechanism is Mechanism.ALLOW_GROUP:
        mistakes.add(
            (*place, "group"),
            f"`mechanism: {told.mechanism}` needs a group: write, here or under `defaults`, "
            "`group: /xacct/{effect}-{account}-{role}`.",
        )
    if GranteeKind.USER not in told.kinds:
        mistakes.add(
            (*place, "kinds"),
            "Groups hold IAM users only, so `kinds` without `user` needs "
            "`mechanism: trust-policy`.",
        )


def _judge_mfa(place: Place, told: RoleFields, mistakes: Mistakes) -> None:
    """Notes what AWS could not fulfil: IAM User Guide, `aws:MultiFactorAuthPresent`."""
    if not told.mfa:
        return
    if set(told.kinds) != {GranteeKind.USER}:
        mistakes.add(
            (*place, "mfa"),
            "AWS knows of MFA with IAM users only: a machine's credentials carry no word of it, "
            "and people of Identity Center sign in elsewhere. Write `kinds: [user]`, or leave "
            "`mfa` out.",
        )
    if told.delivery is Delivery.CREDENTIALS:
        mistakes.add(
            (*place, "mfa"),
            "Credentials are minted by the vendor role, which has no MFA device. Write `delivery: "
            "link`, or leave `mfa` out.",
        )


def _judge_durations(place: Place, told: RoleFields, limits: Limits, mistakes: Mistakes) -> None:
    vends = told.delivery is Delivery.CREDENTIALS
    shortest = told.delivery.shortest
    for name in ("default_duration", "max_duration"):
        length: timedelta = getattr(told, name)
        if length < shortest:
            least = f"{duration_text(shortest)}{' with credentials' if vends else ''}"
            sentence = f"{duration_text(length)} is too short: AWS and xacct need {least} at least."
            mistakes.add((*place, name), sentence)
    if told.max_duration > limits.longest_duration:
        mistakes.add(
            (*place, "max_duration"),
            f"{duration_text(told.max_duration)} is more than `limits.longest_duration`, "
            f"{duration_text(limits.longest_duration)} (which may be raised to "
            f"{duration_text(LONGEST)}).",
        )
    if told.default_duration > told.max_duration:
        mistakes.add(
            (*place, "default_duration"),
            f"{duration_text(told.default_duration)} is more than `max_duration`, "
            f"{duration_text(told.max_duration)}.",
        )


def _check_groups(won: Sequence[Claim], found: Sequence[Role], mistakes: Mistakes) -> None:
    """Notes groups that cannot be in IAM as they are used; IAM compares names without case."""
    first: dict[str, tuple[Claim, Role, Group]] = {}
    for claim, role in zip(won, found, strict=True):
        group, place = role.group, (*claim.place, "group")
        if group is None:
            continue
        if len(group.name) > _GROUP_NAME:
            sentence = f"{group.name} has more than {_GROUP_NAME} characters, the most IAM allows."
            mistakes.add(place, sentence)
        before, other, same = first.setdefault(group.name.lower(), (claim, role, group))
        if same.path != group.path or same.name != group.name:
            mistakes.add(
                place,
                f"{group.path}{group.name} and {same.path}{same.name} ({written(before.place)}) "
                "cannot both be in one account: IAM tells groups apart by name, without path or "
                "case.",
            )
        elif other.mechanism is not role.mechanism:
            mistakes.add(
                place,
                f"{group.path}{group.name} is an {other.mechanism} at {written(before.place)} and "
                f"a {role.mechanism} here: a group does one of the two. Put {{effect}} into its "
                "name.",
            )
