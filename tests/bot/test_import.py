"""`xacct catalog import` in the terminal, with an administrator's keys."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.process import SandboxAws
from tests.bot.administrator import Office, at_work
from tests.workflows.setup.deploying import SOMEBODY_ELSES, allow, an_id, document
from workflows.catalog.load import load
from workflows.catalog.model import Catalog

LENT = ["--role-tag", "lend=yes"]


class Firm:
    """An organization with two accounts that no catalog has yet, one of which is closed to all."""

    def __init__(self, aws: SandboxAws, office: Office, folder: Path) -> None:
        self.office, self.file = office, folder / "xacct.yaml"
        ids = office.place.ids
        self.shop, self.shut, self.over = an_id(), an_id(), an_id()
        said = {
            ids.home: "Workforce",
            ids.owners[0]: "Payments",
            self.shop: "New Shop",
            self.over: "Closed",
        }
        told = [{"Id": one, "Name": name, "State": "ACTIVE"} for one, name in said.items()]
        told[3] |= {"State": "CLOSED", "Status": "ACTIVE"}
        told.append({"Id": self.shut, "Name": "shut", "Status": "ACTIVE"})
        aws.organization(ids.home, told)
        self.iam = office.iam(self.shop)
        entrance = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ids.home}:root"},
            "Action": "sts:AssumeRole",
        }
        way = {"RoleName": "OrganizationAccountAccessRole"}
        self.iam.create_role(**way, AssumeRolePolicyDocument=document(entrance))
        self.iam.put_role_policy(**way, PolicyName="all", PolicyDocument=document(allow("*")))
        self.iam.tag_role(**way, Tags=[{"Key": "lend", "Value": "yes"}])
        self.iam.create_account_alias(AccountAlias="the-shop")
        for name, tags in (("ops", [{"Key": "lend", "Value": "yes"}]), ("theirs", [])):
            self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=SOMEBODY_ELSES, Tags=tags)

    def types(self, *words: str) -> tuple[int, str]:
        return self.office.types("catalog", "import", *words)

    def catalog(self) -> Catalog:
        found = load(self.file.read_text())
        assert isinstance(found, Catalog)
        return found


@pytest.fixture
def firm(aws: SandboxAws, tmp_path: Path) -> Iterator[Firm]:
    with at_work(aws, tmp_path) as office:
        yield Firm(aws, office, tmp_path)


def test_what_the_catalog_lacks_is_shown_and_nothing_is_written(firm: Firm) -> None:
    before = firm.file.read_bytes()

    code, said = firm.types(*LENT)

    assert said.startswith(f'accounts:\n  - id: "{firm.shop}"\n    name: new-shop\n')
    assert "    aliases: [the-shop]\n" in said
    assert f'  - id: "{firm.shut}"\n    name: shut\n' in said
    assert "  - accounts: new-shop\n    name: ops\n    path: /\n" in said
    assert "theirs" not in said
    assert firm.over not in said
    assert firm.file.read_bytes() == before
    assert code == 2
    assert f"Not read: shut ({firm.shut}): sts:AssumeRole: AccessDenied" in said
    assert "Accounts: 3 read, 2 new. Roles: 1 new." in said


def test_what_is_written_keeps_the_file_and_a_second_time_adds_nothing(firm: Firm) -> None:
    remark = "# Ours, and nobody else's.\n"
    firm.file.write_text(remark + firm.file.read_text())
    firm.file.chmod(0o640)
    before = firm.file.read_text()

    code, said = firm.types("--write", "--yes", "--account", "new*", *LENT)
    again, nothing = firm.types("--write", "--yes", "--account", "new*", *LENT)

    after = firm.file.read_text()
    assert (code, again) == (0, 0)
    assert after.startswith(remark)
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert stat.S_IMODE(firm.file.stat().st_mode) == 0o640
    assert f'+- id: "{firm.shop}"' in said
    assert "Nobody may ask for the new roles yet" in said
    role = firm.catalog().role("new-shop/ops")
    assert role is not None
    assert (role.path, role.requesters) == ("/", ())
    assert "0 new. Roles: 0 new." in nothing
    assert [one.name for one in firm.file.parent.iterdir()] == [firm.file.name]


def test_without_a_yes_nothing_is_written(firm: Firm, make_stdin: Callable[[str], None]) -> None:
    before = firm.file.read_bytes()
    make_stdin("perhaps\n")

    code, said = firm.types("--write", "--account", "new*")

    assert (code, "Nothing was changed." in said) == (1, True)
    assert firm.file.read_bytes() == before


def test_a_catalog_with_mistakes_is_told_with_its_lines_and_no_account_is_asked(
    firm: Firm, aws: SandboxAws
) -> None:
    firm.file.write_text(firm.file.read_text().replace('"U0ALICE"', '"alice"'))
    aws.forget_calls()

    code, said = firm.types("--write", "--yes")

    assert (code, "has mistakes" in said, "line " in said) == (1, True, True)
    assert aws.calls() == []


def test_a_catalog_that_would_have_mistakes_is_not_written_and_the_line_is_shown(
    firm: Firm,
) -> None:
    roles: list[dict[str, Any]] = [
        {"accounts": "prod-payments", "name": "ops", "approvals": 1, "group": "/xacct/x"}
    ]
    rule = {"name": "short", "roles": "*/ops", "requesters": "everyone", "longest": "1h"}
    firm.office.says(
        defaults={"requesters": "everyone", "approvers": ["U0A", "U0B"], "approvals": 2},
        roles=roles,
        standing=[],
        auto_approve=[rule],
    )
    before = firm.file.read_bytes()

    code, said = firm.types("--write", "--yes", *LENT)

    assert code == 1
    assert "would have mistakes with what is to be added, so nothing is:" in said
    assert "auto_approve[0].roles[0]: " in said
    assert 'Here: "roles": "*/ops"' in said
    assert firm.file.read_bytes() == before


def test_who_may_not_list_the_organization_is_told_how(firm: Firm) -> None:
    home = firm.office.iam(firm.office.place.ids.home)
    no = allow("organizations:*") | {"Effect": "Deny"}
    home.put_user_policy(UserName="platform", PolicyName="no", PolicyDocument=document(no))

    code, said = firm.types()

    assert code == 1
    assert "organizations:ListAccounts: AccessDeniedException" in said
    assert "`--organizations-profile`" in said


def test_the_organization_may_be_listed_by_other_keys(
    firm: Firm, aws: SandboxAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegated, ids = an_id(), firm.office.place.ids
    aws.organization(ids.home, [{"Id": firm.shop, "Name": "Shop", "State": "ACTIVE"}], [delegated])
    iam = firm.office.iam(delegated)
    iam.create_user(UserName="lister")
    iam.put_user_policy(
        UserName="lister",
        PolicyName="list",
        PolicyDocument=document(allow("organizations:ListAccounts")),
    )
    key = iam.create_access_key(UserName="lister")["AccessKey"]
    (tmp_path / "credentials").write_text(
        f"[lister]\naws_access_key_id={key['AccessKeyId']}\n"
        f"aws_secret_access_key={key['SecretAccessKey']}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    code, said = firm.types("--organizations-profile", "lister", "--role-name", "op*")

    assert code == 0, said
    assert "name: shop" in said
    assert "name: ops" in said


def test_an_account_s_own_profile_is_named_by_the_name_that_it_gets(firm: Firm) -> None:
    code, said = firm.types("--account-profile", "new-shop=nobody", "--account", "new-shop")

    assert code == 2
    assert "Not read: new-shop" in said
    assert "profile (nobody) could not be found" in said


def test_no_account_id_is_shown_where_they_are_hidden_and_the_file_has_them_whole(
    firm: Firm,
) -> None:
    _, shown = firm.types("--mask", *LENT)
    code, written = firm.types("--mask", "--write", "--yes", *LENT)

    whole = [one for one in (firm.shop, firm.shut) if one in shown + written]
    assert (whole, code) == ([], 2)
    assert f"{firm.shop[:2]}********{firm.shop[-2:]}" in shown
    assert firm.shop in firm.file.read_text()
