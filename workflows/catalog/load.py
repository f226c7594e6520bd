"""The catalog file's text → a `Catalog`, or everything that is wrong with it."""

from typing import Final

from workflows.catalog import accounts, auto_approve, grantees, shape, standing, tree
from workflows.catalog.mistakes import Mistake, Mistakes, Once, Sheet
from workflows.catalog.model import Catalog
from workflows.catalog.outside import Outside, bucket
from workflows.catalog.roles import roles

_LONGEST_TEXT: Final = 2_000_000  # characters: far above thousands of entries
_ALL_ROLES_NEED: Final = frozenset({"slack", "grantee_account", "limits", "defaults"})


def load(text: str) -> Catalog | list[Mistake]:
    """The catalog; or, if there is any mistake, all that were found, in the order of lines.

    What depends on a misshapen part is judged once that part is mended.
    """
    catalog, mistakes = partly(text)
    return mistakes if catalog is None or mistakes else catalog


def partly(text: str) -> tuple[Catalog | None, list[Mistake]]:
    """What of the catalog is right, if that makes sense without the rest; and all mistakes.

    With any mistake it is for looking at alone: who is let in by it, nobody has said.
    """
    if len(text) > _LONGEST_TEXT:
        return None, [Mistake("", 1, f"A catalog has at most {_LONGEST_TEXT} characters.")]
    try:
        mistakes = Mistakes(tree.read(text))
    except tree.Mark as mark:
        return None, [Mistake("", mark.line, mark.sentence)]
    for place, line in mistakes.tree.twice:
        mistakes.add(place, "This is written twice; only one of the two can be meant.", line=line)
    sheet = shape.sheet(mistakes)
    catalog = _catalog(sheet, mistakes) if sheet is not None else None
    return catalog, mistakes.in_order()


def _catalog(sheet: Sheet, mistakes: Mistakes) -> Catalog:
    file = sheet.file
    grantee = accounts.grantee_account(file.grantee_account)
    owners = accounts.owner_accounts(sheet, grantee, mistakes)
    once = Once(mistakes)
    judgeable = not sheet.broken & _ALL_ROLES_NEED
    lent = roles(sheet, owners, grantee, mistakes) if judgeable else ()
    complete = judgeable and not sheet.broken & {"roles", "accounts"}
    found_machines = grantees.machines(sheet, grantee, once, mistakes)
    return Catalog(
        installation=file.installation,
        team=file.slack.team,
        enterprise=file.slack.enterprise,
        approvals_channel=file.slack.approvals_channel,
        alerts_channel=file.slack.alerts_channel or file.slack.approvals_channel,
        outside=Outside(file.slack.audit_channel, bucket(file.audit.s3) if file.audit.s3 else None),
        pending_per_person=file.limits.pending_per_person,
        pending_lapses=file.limits.pending_lapses,
        remind_after=file.limits.remind_after,
        grantee=grantee,
        accounts=tuple(owners),
        roles=lent,
        engineers=grantees.engineers(sheet, once),
        identity_rules=grantees.identity_rules(sheet, once),
        machines=found_machines,
        visitors=grantees.visitors(sheet, grantee, once, mistakes),
        admins=tuple(dict.fromkeys(file.admins)),
        auditors=tuple(dict.fromkeys(file.auditors)),
        auto_approve=auto_approve.rules(sheet, lent, mistakes) if complete else (),
        bot_arn=file.bot,
        standing=standing.standing(sheet, lent, found_machines, mistakes) if complete else (),
    )
