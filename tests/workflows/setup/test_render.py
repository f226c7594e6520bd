"""What is rendered: clean to others' tools, the same each time, and of no account but its own."""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import hcl2
import pytest
import yaml
from cfnlint.api import lint
from cfnlint.core import get_rules
from cfnlint.rules import RulesCollection
from hypothesis import example, given
from hypothesis import strategies as st

from tests.workflows.catalog import build
from tests.workflows.setup.deploying import Ids, a_catalog, allow, arn, parts, resources
from tests.workflows.setup.hcl import Configuration, formatted, found, string
from workflows.catalog.model import Catalog
from workflows.setup.objects import Found
from workflows.setup.render import CannotRender, Format, files, hcl, names, notes
from workflows.setup.render.layout import as_yaml
from workflows.setup.wanted import NoBot

CLOUDFORMATION, TERRAFORM = Format.CLOUDFORMATION, Format.TERRAFORM
IDS = Ids("111122223333", "888877776666", ("444455556666", "777788889999", "012345678901"))
FORMS = pytest.mark.parametrize(
    ("form", "stackset"), [(CLOUDFORMATION, False), (CLOUDFORMATION, True), (TERRAFORM, False)]
)
LEGACY = {
    "accounts": "prod-payments",
    "name": "legacy",
    "mechanism": "trust-policy",
    "kinds": ["user", "machine"],
    "adopt": True,
}


def catalog(**changed: Any) -> Catalog:
    return a_catalog(IDS, **changed)


def with_legacy(**changed: Any) -> Catalog:
    """With a role that somebody else made, where somebody always enters."""
    standing = [{"roles": "prod-payments/legacy", "machines": ["ci"]}]
    return catalog(roles=[*parts(IDS)["roles"], LEGACY | changed], standing=standing)


# --- to others' tools


@pytest.mark.parametrize("stackset", [False, True])
def test_templates_are_clean_to_cfn_lint(*, stackset: bool) -> None:
    accounts = parts(IDS)["accounts"]
    accounts[1]["external_id"] = "search-0123"
    told = files(with_legacy(), CLOUDFORMATION, stackset=stackset)
    told |= {
        f"apart-{name}": text
        for name, text in files(
            catalog(accounts=accounts), CLOUDFORMATION, stackset=stackset
        ).items()
    }
    templates = {name: text for name, text in told.items() if name.endswith(".yaml")}

    assert {name: mistakes(text) for name, text in templates.items()} == {
        name: [] for name in templates
    }


def test_cfn_lint_would_notice_a_mistake() -> None:
    text = files(catalog(), CLOUDFORMATION)["owner-dev-payments.yaml"]

    assert mistakes(text.replace("RoleName:", "RolName:"))
    assert mistakes(text.replace("Ref: Policy", "Ref: Polic"))


@cache
def rules() -> RulesCollection:
    """cfn-lint's errors and warnings; reading its rules takes longer than a template."""
    return get_rules([], [], ["E", "W"])


def mistakes(template: str) -> list[str]:
    return [str(one) for one in lint(template, rules(), regions=["us-east-1"])]


def test_configurations_are_laid_out_as_terraform_does_it() -> None:
    for text in files(with_legacy(), TERRAFORM).values():
        lines = text.splitlines()
        packed = "\n".join(one if one[:1] == "#" else " ".join(one.split()) for one in lines)

        assert formatted(packed) == text


def test_what_terraform_is_told_is_complete() -> None:
    """Whatever is referred to is there, and nothing is there twice."""
    for text in files(with_legacy(), TERRAFORM).values():
        configuration = Configuration(text)
        for kind, label, _ in found(text):
            assert configuration.said(kind, label, "444455556666")


# --- hostile texts

HOSTILE = [
    *('"', "\\", '\\"${x}', "${aws:username}", "$${a}", "$$${a}", "%{ if x }", "%%{", "$", "a$"),
    *("${!x}", "#", "/* */", "line\nline", "\r\t\x00\x85\u2028", "é\U0001f600", "'", ": ", "- a"),
    *("0123", "1e3", "0x1f", "1:30", "2012-10-17", "yes", "y", "~", "null", "=", "<<", "!Ref x"),
    *("{}", "[]", "&a", "*a", "@", "`", "%", "? a", "|", ">", " a ", ""),
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_texts_mean_themselves(said: str) -> None:
    _means_itself(said)


@given(TEXTS)
def test_all_texts_mean_themselves(said: str) -> None:
    _means_itself(said)


def _means_itself(said: str) -> None:
    assert string(hcl.quoted(said)) == said
    assert yaml.safe_load(as_yaml({"a": said, "b": [said]})) == {"a": said, "b": [said]}
    assert yaml.load(as_yaml([said]), yaml.BaseLoader) == [said]


# python-hcl2 8.1 loses its way in `%%{` and in a `$${` that nothing closes: they stand for `%{` and
# `${` (HCL Native Syntax Specification, "Template Literals"): the tests above tell of those.
@example(' \\" = [${x}')
@given(TEXTS.filter(lambda said: "${" not in said and "%{" not in said))
def test_a_hostile_policy_survives_both_formats(said: str) -> None:
    statements = [allow("s3:*", "*") | {"Condition": {"StringLike": {f"aws:{said}": [said, "b"]}}}]
    document = {"Version": "2012-10-17", "Statement": statements}
    block = hcl.Block(
        ("resource", "aws_iam_policy", "x"), {"policy": hcl.Call("jsonencode", document)}
    )
    text = hcl.text([block])

    assert json.loads(Configuration(text).said("policy", "x")["policy"]) == document
    assert formatted(text) == text
    assert yaml.safe_load(as_yaml(document)) == document


@given(TEXTS)
def test_a_comment_ends_where_it_should(said: str) -> None:
    text = notes.comment([[said, said], [], [said]])

    assert all(line.startswith("#") for line in text.splitlines())
    assert yaml.safe_load(text + "a: 1\n") == {"a": 1}


def test_policy_variables_stay_variables() -> None:
    told = files(catalog(), CLOUDFORMATION)["owner-dev-payments.yaml"]
    shared = files(catalog(), CLOUDFORMATION, stackset=True)["owners-like-dev-payments.yaml"]
    literal, filled = (
        resources(text)["PolicyXacctMainRoleTry"]["Properties"]["PolicyDocument"]["Statement"][0]
        for text in (told, shared)
    )

    assert literal["Resource"] == "arn:aws:s3:::logs-012345678901/${aws:username}/*"
    assert filled["Resource"] == {
        "Fn::Sub": "arn:aws:s3:::logs-${AWS::AccountId}/${!aws:username}/*"
    }


# --- the same each time, and of its own account


def test_the_same_catalog_gives_the_same_text() -> None:
    code = "from tests.workflows.setup import test_render as t; print(t.all_forms(), end='')"
    told = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},  # sets are in another order than here
    ).stdout

    assert told == all_forms()


def all_forms() -> str:
    told = [
        files(with_legacy(), CLOUDFORMATION),
        files(with_legacy(), CLOUDFORMATION, stackset=True),
        files(with_legacy(), TERRAFORM),
    ]
    return repr(told)


@pytest.mark.parametrize("form", Format)
def test_an_owner_account_is_told_of_no_other_one(form: Format) -> None:
    told = list(files(with_legacy(), form).values())[1:]

    for own, text in zip(IDS.owners, told, strict=True):
        assert own in text
        assert [other for other in IDS.owners if other in text] == [own]


def test_a_template_of_many_accounts_names_none_of_them() -> None:
    told = files(with_legacy(), CLOUDFORMATION, stackset=True)
    texts = [
        text for name, text in told.items() if name.startswith("owners") and "json" not in name
    ]

    assert texts
    assert [one for one in IDS.owners for text in texts if one in text] == []


def test_what_is_new_in_the_catalog_moves_nothing_that_was_there() -> None:
    permissions = {"managed": [arn("aws", "policy/ReadOnlyAccess")]}
    more = {"accounts": "*", "name": "aaa", "permissions": permissions}
    before = resources(files(catalog(), CLOUDFORMATION)["owner-prod-search.yaml"])
    after = resources(
        files(catalog(roles=[more, *parts(IDS)["roles"]]), CLOUDFORMATION)["owner-prod-search.yaml"]
    )

    for name, one in before.items():
        assert after[name]["Properties"]["Path"] == one["Properties"]["Path"]
        kept = {"RoleName", "ManagedPolicyName"} & one["Properties"].keys()
        assert all(after[name]["Properties"][key] == one["Properties"][key] for key in kept)


def test_names_that_look_alike_are_told_apart() -> None:
    alike = ["a-b", "a.b", "a_b", "a+b", "aB", "ab", "a--b", "a-1b", "a1b", "A-b", "-ab", "1a", "="]

    for kind in (names.label, lambda name: names.logical_id("Role", name)):
        told = [kind(name) for name in alike]
        assert len(set(told)) == len(alike)
    assert all(names.label(name).isidentifier() for name in alike)
    assert all(names.logical_id("Role", name).isalnum() for name in alike)


# --- hands off what xacct writes, too


def test_terraform_keeps_its_hands_off_what_is_lent() -> None:
    home, owner, *_ = map(Configuration, files(catalog(), TERRAFORM).values())

    hands_off = ["assume_role_policy", "inline_policy"]
    assert owner.ignored("role") == {
        "readonly": hands_off,
        "admin": hands_off,
        "deploy": hands_off,
        "xacct_owner_mgr": [],
    }
    assert home.ignored("role") == {"xacct_grantee_mgr": [], "xacct_vendor": []}
    assert home.ignored("user_group_membership") == {"deny_all": ["groups"]}


def test_each_member_of_a_deny_group_is_a_resource_of_a_stack() -> None:
    told = resources(files(catalog(), CLOUDFORMATION)["grantee-workforce.yaml"])
    members = [one for one in told.values() if one["Type"] == "AWS::IAM::UserToGroupAddition"]

    assert [one["Properties"] for one in members] == [
        {"GroupName": {"Ref": "GroupDenyAll"}, "Users": [name]} for name in ("alice", "bob")
    ]


@pytest.mark.parametrize("form", Format)
def test_a_file_says_what_to_mind_of_what_is_in_it(form: Format) -> None:
    home, owner, *_ = files(catalog(), form).values()

    assert "deny groups for a while" in home
    assert "xacct-session-end" not in home
    assert "xacct-session-end" in owner
    assert "deny groups" not in owner


@FORMS
def test_roles_of_others_are_named_with_what_apply_does_to_them(
    form: Format, *, stackset: bool
) -> None:
    told = files(with_legacy(), form, stackset=stackset)
    text = next(text for text in told.values() if "legacy:" in text)

    assert "#   role /xacct/legacy: XacctSealmain, StandingByXacctMachines\n" in text
    assert "tag each of them\n# xacct:installation=main and xacct:made-by=others" in text
    assert "RoleLegacy" not in text
    assert 'aws_iam_role" "legacy"' not in text


def test_a_role_that_may_not_be_adopted_is_said_to_be_left_alone() -> None:
    text = files(with_legacy(adopt=False), TERRAFORM)["owner-prod-payments/main.tf"]

    assert "not before the catalog says `adopt: true`, or somebody has tagged it" in text


@pytest.mark.parametrize("form", Format)
def test_of_an_account_without_users_nobody_is_put_anywhere(form: Format) -> None:
    text = next(iter(files(catalog(), form, grantee=Found()).values()))

    assert "#   user alice\n#   user bob\n#   user platform/bob\n" in text
    assert "UserToGroupAddition" not in text
    assert "user_group_membership" not in text.partition("\nterraform {")[2]


# --- many accounts in one template


def test_accounts_that_differ_by_their_ids_alone_have_one_template() -> None:
    told = files(catalog(), CLOUDFORMATION, stackset=True)

    assert list(told) == [
        "grantee-workforce.yaml",
        "owners-like-prod-payments.yaml",
        "owners-like-prod-payments.instances.json",
        "owners-like-dev-payments.yaml",
        "owners-like-dev-payments.instances.json",
    ]
    assert json.loads(told["owners-like-prod-payments.instances.json"]) == [
        {
            "StackSetName": "xacct-main-owners-like-prod-payments",
            "Accounts": ["444455556666", "777788889999"],
            "Regions": ["us-east-1"],
        }
    ]


def test_an_external_id_is_a_parameter_where_accounts_have_their_own() -> None:
    accounts = parts(IDS)["accounts"]
    accounts[1]["external_id"] = "search-0123"
    told = files(catalog(accounts=accounts), CLOUDFORMATION, stackset=True)
    text = told["owners-like-prod-payments.yaml"]
    calls = json.loads(told["owners-like-prod-payments.instances.json"])

    assert yaml.safe_load(text)["Parameters"]["ExternalId"]["Type"] == "String"
    assert "owners-4be01d77" not in text
    assert [(call["Accounts"], call["ParameterOverrides"]) for call in calls] == [
        ([account], [{"ParameterKey": "ExternalId", "ParameterValue": value}])
        for account, value in zip(IDS.owners, ("owners-4be01d77", "search-0123"), strict=False)
    ]


def test_an_account_with_roles_of_its_own_has_a_template_of_its_own() -> None:
    told = files(with_legacy(), CLOUDFORMATION, stackset=True)

    assert [name for name in told if name.endswith(".yaml")] == [
        "grantee-workforce.yaml",
        *(f"owners-like-{name}.yaml" for name in ("prod-payments", "prod-search", "dev-payments")),
    ]


@FORMS
def test_in_another_partition_everything_is_of_it(form: Format, *, stackset: bool) -> None:
    said = parts(IDS)
    for account in (said["grantee_account"], *said["accounts"]):
        account["partition"] = "aws-cn"
    there = json.loads(json.dumps(said).replace("arn:aws:", "arn:aws-cn:"))
    told = "\n".join(files(build.catalog(**there), form, stackset=stackset).values())

    assert "arn:aws:" not in told
    assert ("cn-north-1" in told) == stackset


# --- what cannot be rendered


def test_terraform_has_no_stacksets() -> None:
    with pytest.raises(CannotRender, match="leave out `--stackset`"):
        files(catalog(), TERRAFORM, stackset=True)


def test_a_template_that_cloudformation_would_not_take_is_not_rendered() -> None:
    people = [{"slack": f"U0P{number}", "iam_user": f"person-{number}"} for number in range(500)]
    machines = parts(IDS)["machines"][0] | {"owners": ["U0P1"]}
    many = catalog(people=people, machines=[machines], standing=[])

    with pytest.raises(CannotRender, match=r"takes 500 resources .* workforce needs 51\d"):
        files(many, CLOUDFORMATION)
    assert files(many, TERRAFORM)


def test_what_cloudformation_would_fill_in_is_not_rendered() -> None:
    permissions = {"statements": [allow("s3:*", "{{resolve:ssm:bucket}}")]}
    role = {"accounts": "*", "name": "r", "permissions": permissions}
    asked = catalog(roles=[role], standing=[])

    with pytest.raises(CannotRender, match=r"\{\{resolve:"):
        files(asked, CLOUDFORMATION)
    assert "{{resolve:ssm:bucket}}" in files(asked, TERRAFORM)["owner-dev-payments/main.tf"]


def test_a_large_template_is_handed_over_by_a_bucket() -> None:
    people = [{"slack": f"U0P{number}", "iam_user": f"person-{number}"} for number in range(400)]
    machines = parts(IDS)["machines"][0] | {"owners": ["U0P1"]}
    told = files(catalog(people=people, machines=[machines], standing=[]), CLOUDFORMATION)

    assert {name: "--s3-bucket" in text for name, text in told.items()} == {
        name: len(text) > 51_200 for name, text in told.items()
    }
    assert "--s3-bucket" in told["grantee-workforce.yaml"]


def test_accounts_with_names_alike_have_stack_sets_of_their_own() -> None:
    alike = ["a.b", "a-b", "a_b", "a", "A-b", "a-b-"]

    assert len({names.stack_name(name) for name in alike}) == len(alike)


def test_a_configuration_stops_in_another_account() -> None:
    for account, text in zip(
        (IDS.home, *IDS.owners), files(catalog(), TERRAFORM).values(), strict=True
    ):
        (here,) = hcl2.loads(text)["data"]
        (lifecycle,) = here['"aws_caller_identity"']['"here"']["lifecycle"]

        assert [one["condition"] for one in lifecycle["postcondition"]] == [
            f'${{self.account_id == "{account}"}}'
        ]


def test_without_the_bots_identity_nothing_is_rendered() -> None:
    without = {key: value for key, value in parts(IDS).items() if key != "bot"}

    with pytest.raises(NoBot, match="xacct runs as"):
        files(build.catalog(**without), TERRAFORM)
