import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from workflows.catalog import schema

PAGE = (Path(__file__).parents[3] / "docs" / "catalog.md").read_text("utf-8")
PARTS: dict[str, type[BaseModel]] = {
    "The file": schema.File,
    "slack": schema.Slack,
    "grantee_account": schema.GranteeAccountEntry,
    "vendor": schema.VendorEntry,
    "audit": schema.AuditEntry,
    "limits": schema.Limits,
    "accounts": schema.AccountEntry,
    "roles": schema.RoleEntry,
    "permissions": schema.PermissionsEntry,
    "on_duty": schema.DutyEntry,
    "escalation": schema.EscalationEntry,
    "break_glass": schema.BreakGlassEntry,
    "defaults": schema.Defaults,
    "auto_approve": schema.AutoApproveEntry,
    "when": schema.WhenEntry,
    "people": schema.PersonEntry,
    "people_rules": schema.PeopleRule,
    "machines": schema.MachineEntry,
    "identity_center": schema.VisitorEntry,
    "standing": schema.StandingEntry,
}


def sections() -> dict[str, list[str]]:
    found = {}
    for part in re.split(r"^#{2,3} ", PAGE, flags=re.MULTILINE)[1:]:
        heading, _, rest = part.partition("\n")
        found[heading] = re.findall(r"^\| `(\w+)` \|", rest, re.MULTILINE)
    return found


def test_the_page_describes_every_part_of_the_file_and_nothing_else() -> None:
    assert set(sections()) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_the_page_describes_every_field_once_and_nothing_else(part: str) -> None:
    named = [field.alias or name for name, field in PARTS[part].model_fields.items()]
    assert sorted(sections()[part]) == sorted(named)


@pytest.mark.parametrize("part", PARTS)
def test_the_page_says_which_fields_have_to_be_there(part: str) -> None:
    text = re.split(rf"^#+ {part}$", PAGE, flags=re.MULTILINE)[1]
    for name, field in PARTS[part].model_fields.items():
        row = re.search(rf"^\| `{field.alias or name}` \|.*$", text, re.MULTILINE)
        assert row is not None
        assert row[0].endswith("| a mistake |") == field.is_required(), row[0]
