"""The catalog's JSON Schema: an editor that knows it marks mistakes, and nothing that is right."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.__main__ import main
from tests.workflows.catalog import build
from tests.workflows.setup.deploying import Ids, parts
from workflows.catalog.editors import for_editors
from workflows.catalog.schema import File

HOUSE = Path(__file__).parents[3]
EXAMPLES = [HOUSE / "xacct.example.yaml", HOUSE / "demo" / "catalog.yaml"]
EDITOR = Draft202012Validator(for_editors())


def marked(said: Any) -> list[str]:
    return [one.message for one in EDITOR.iter_errors(said)]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(for_editors())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_what_is_right_is_not_marked(file: Path) -> None:
    assert marked(yaml.safe_load(file.read_text())) == []


def test_everything_that_setup_knows_is_not_marked() -> None:
    assert marked(yaml.safe_load(build.text(**parts(Ids())))) == []


@pytest.mark.parametrize("one", ["admin", ["admin", "readonly"]])
def test_one_or_many_may_be_said(one: str | list[str]) -> None:
    said = yaml.safe_load(build.text())
    said["roles"][0] |= {"name": one, "accounts": one}
    assert marked(said) == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("roles", 0, "mechanisms"), "allow-group"),
        (("roles", 0, "mechanism"), "allowgroup"),
        (("roles", 0, "approvals"), "two"),
        (("accounts", 0, "id"), 111122223333),
        (("version",), 2),
        (("slack", "chanel"), "C0APPROVALS"),
    ],
)
def test_a_mistake_is_marked(place: tuple[Any, ...], wrong: Any) -> None:
    said = copy.deepcopy(yaml.safe_load(build.text()))
    within = said
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = wrong
    assert marked(said)


def test_it_is_printed_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == for_editors()


def test_a_part_that_has_to_be_there_is_missed() -> None:
    for name, field in File.model_fields.items():
        said = yaml.safe_load(build.text())
        if field.is_required():
            del said[name]
            assert marked(said)


def test_defaults_are_written_as_the_file_writes_them() -> None:
    told = for_editors()["$defs"]["RoleEntry"]["properties"]
    assert told["max_duration"]["default"] == "4h"
    assert told["max_duration"]["type"] == "string"
    assert "anyOf" in told["accounts"]
