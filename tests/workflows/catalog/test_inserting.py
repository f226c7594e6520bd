"""Entries put into a catalog's text: what was there stays, and what is added is read back."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.catalog import build
from workflows.catalog.inserting import Entry, inserted, written
from workflows.catalog.load import load
from workflows.catalog.model import Catalog
from workflows.catalog.tree import Mark, plain, read

EXAMPLE = (Path(__file__).parents[3] / "xacct.example.yaml").read_text("utf-8")
ACCOUNT = Entry({"id": "999900001111", "name": "new", "aliases": ["the new one"]})
ROLE = Entry({"accounts": "new", "name": ["a", "b"], "requesters": []}, {"requesters": "nobody"})
BOTH = {"accounts": [ACCOUNT], "roles": [ROLE]}

HEAD = """\
version: 1
installation: main
slack: {team: T012ABCDE, approvals_channel: C012APPROVE}
grantee_account: {id: "111122223333", name: workforce}
defaults: {requesters: everyone, group: "/x/{effect}-{account}-{role}"}
"""
WAYS = {
    "none": "",
    "no newline at the end": "admins: [U012CAROL]",
    "an empty list with a remark": "accounts: []   # none yet\nroles: [] # nor these\nadmins: []\n",
    "an empty list over lines": "accounts: [\n]\nroles: []\n",
    "dashes at the margin": """\
accounts:
- id: "444455556666"
  name: pay  # the old one
# Nothing of the above.
admins: []
""",
    "in brackets": 'accounts: [{id: "444455556666", name: pay}]\n',
    "in brackets over lines": """\
accounts: [
  {id: "444455556666", name: pay},  # the old one
]
roles:
  - {accounts: pay, name: admin}
""",
    "wide dashes": """\
accounts:
    -   id: "444455556666"
        name: pay
        aliases:
            - the shop
        # a remark about it

    # - id: "000000000000"
    #   name: not yet

# Roles come last.
roles:
    -   accounts: pay
        name:
            - admin
            - support
""",
    "blank lines between": """\
roles:
  - accounts: pay
    name: admin

  - accounts: pay
    name: support
accounts:
  - id: "444455556666"
    name: pay
...
""",
    "text over lines": """\
accounts:
  - id: "444455556666"
    name: pay
    aliases:
      - |
        the shop
      - >-
        the
        store

admins: []
""",
}


def kept(before: str, after: str) -> bool:
    """Whether all of a text is in another one, in its order."""
    return not any(
        line.startswith("- ") for line in difflib.ndiff(before.splitlines(), after.splitlines())
    )


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("way", WAYS)
def test_however_a_list_is_written_its_entries_stay_and_new_ones_follow(
    way: str, ends: str
) -> None:
    before = (HEAD + WAYS[way]).replace("\n", ends)
    had = read(before).value

    after = inserted(before, BOTH)

    found = read(after).value
    assert found.pop("accounts") == [*had.pop("accounts", []), ACCOUNT.fields]
    assert found.pop("roles") == [*had.pop("roles", []), ROLE.fields]
    assert found == had
    assert after.count("\n") == after.count(ends)
    assert "#" not in WAYS[way] or all(
        line.partition("#")[2].rstrip() in after for line in before.splitlines() if "#" in line
    )


def test_of_the_example_not_a_line_is_changed_and_comments_stay_where_they_are() -> None:
    after = inserted(EXAMPLE, BOTH)

    assert kept(EXAMPLE, after)
    assert (
        """\
    aliases: [sandbox]
  - id: "999900001111"
    name: new
    aliases: ["the new one"]

roles:
"""
        in after
    )
    assert (
        """\
    approvers: [U012ALICE]

  - accounts: new
    name: [a, b]
    requesters: []  # nobody

# What is approved beforehand"""
        in after
    )
    assert isinstance(load(after), Catalog)


def test_a_remark_below_an_entry_stays_with_it_and_one_at_the_margin_goes_with_what_follows() -> (
    None
):
    after = inserted(HEAD + WAYS["wide dashes"], {"accounts": [ACCOUNT]})

    assert after.index("not yet") < after.index("999900001111") < after.index("# Roles come last.")
    assert '    -   id: "999900001111"\n        name: new\n' in after


@pytest.mark.parametrize("comma", ["", ","])
def test_a_remark_behind_the_last_entry_in_brackets_stays_behind_it(comma: str) -> None:
    before = f'{HEAD}accounts: [\n  {{id: "444455556666", name: pay}}{comma}  # old\n]\n'

    after = inserted(before, {"accounts": [ACCOUNT]})

    assert 'name: pay},  # old\n  {id: "999900001111"' in after
    assert len(read(after).value["accounts"]) == 2


def test_the_entries_alone_are_lists_of_a_catalog() -> None:
    assert read(written(BOTH)).value == {"accounts": [ACCOUNT.fields], "roles": [ROLE.fields]}
    assert written({"accounts": []}) == ""


@pytest.mark.parametrize("text", ["{version: 1, installation: main}", "[]", "words", ""])
def test_what_is_not_written_in_lines_takes_no_entry(text: str) -> None:
    with pytest.raises(Mark, match="in braces"):
        inserted(text, BOTH)


@given(
    flow=st.sampled_from([None, False]),
    indent=st.integers(2, 8),
    width=st.integers(10, 120),
    several=st.integers(0, 3),
    data=st.data(),
)
def test_however_a_writer_of_yaml_lays_it_out_and_wherever_remarks_stand_all_is_kept(
    flow: bool | None,  # noqa: FBT001  a choice of PyYAML's
    indent: int,
    width: int,
    several: int,
    data: st.DataObject,
) -> None:
    accounts = [{"id": f"{number:012}", "name": f"a{number}"} for number in range(several)]
    parts = {**yaml.safe_load(HEAD), "accounts": accounts, "roles": [], "admins": ["U0A"]}
    dumped = yaml.dump(
        parts, default_flow_style=flow, indent=indent, width=width, sort_keys=False
    ).splitlines()
    for _ in range(3):
        at = data.draw(st.integers(0, len(dumped)))
        dumped.insert(at, " " * data.draw(st.integers(0, 6)) + "# a remark")
    before = "\n".join(dumped)
    had = read(before).value

    after = inserted(before, BOTH)

    assert read(after).value == {
        **had,
        "accounts": [*had["accounts"], ACCOUNT.fields],
        "roles": [ROLE.fields],
    }
    assert after.count("# a remark") == 3


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_whatever_a_name_holds_it_is_read_back_or_refused(name: str) -> None:
    entry: dict[str, Any] = {"name": name, "aliases": [name, "x"], "nothing": None, "so": True}
    for way in (HEAD, HEAD + WAYS["in brackets"]):
        try:
            after = inserted(way, {"accounts": [Entry(entry)]})
        except Mark:
            assert not name.isprintable()
        else:
            assert read(after).value["accounts"][-1] == entry


@pytest.mark.parametrize(
    ("text", "scalar"),
    [
        ("prod-payments", "prod-payments"),
        ("012345678901", '"012345678901"'),
        ("null", '"null"'),
        ("-x", '"-x"'),
        ("a,b", '"a,b"'),
        ("/xacct/", "/xacct/"),
    ],
)
def test_only_what_is_safe_stands_bare(text: str, scalar: str) -> None:
    assert plain(text) == scalar


def test_what_nobody_may_ask_for_is_right_if_the_entry_says_so_itself() -> None:
    found = build.catalog(roles=[build.role(requesters=[])])

    assert not found.roles[0].is_asked_for_by("U0ALICE")
    assert found.roles_for("U0ALICE") == ()
