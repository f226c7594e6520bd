"""The tree of a file against its schema: pydantic's findings, in sentences that help."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from workflows.catalog.mistakes import Mistakes, Sheet
from workflows.catalog.schema import File
from workflows.catalog.tree import Place
from workflows.names import did_you_mean, said

_LISTS: Final = frozenset(
    name for name, field in File.model_fields.items() if isinstance(field.get_default(), list)
)
_PLAINLY: Final = {
    "string_type": "Write a text here.",
    "list_type": "Write a list here: [a, b], or one `- ` line each; [] for none.",
    "int_type": "Write a whole number here.",
    "bool_type": "Write true or false.",
    "model_type": "Write fields and their values here.",
    "too_short": "Name at least one.",
}


def sheet(mistakes: Mistakes) -> Sheet | None:
    """What could be read of the tree; None when the rest would make no sense without what is wrong.

    A misshapen entry of a list is left out, an unknown field too, so that what is left is judged.
    """
    value = mistakes.tree.value
    if not isinstance(value, dict):
        mistakes.add((), "The catalog begins with `version: 1`; see xacct.example.yaml.")
        return None
    names = tuple(_names(value.get("accounts")))
    try:
        return Sheet(File.model_validate(value), {}, frozenset(), names)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for one in errors:
        _add(one, mistakes)
    left, kept, broken = _without(value, errors)
    try:
        return Sheet(File.model_validate(left), kept, broken, names)
    except ValidationError:
        return None


def _names(accounts: Any) -> Iterable[str]:
    for one in accounts if isinstance(accounts, list) else ():
        if isinstance(one, dict) and isinstance(one.get("name"), str):
            yield one["name"]


def _add(error: ErrorDetails, mistakes: Mistakes) -> None:
    place = error["loc"]
    if error["type"] not in {"missing", "extra_forbidden"}:
        while place and place not in mistakes.tree.lines:
            place = place[:-1]  # pydantic counts into a list that was written as one word
    mistakes.add(place, _sentence(error))


def _sentence(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        return f"`{error['loc'][-1]}` is missing."
    if kind == "extra_forbidden":
        return _unknown_field(error["loc"])
    if kind == "value_error":
        return str(context["error"])
    if kind in {"enum", "literal_error"}:
        return f"Write {context['expected'].replace(chr(39), '')}."
    if kind == "string_type" and isinstance(error["input"], int):
        return "Put it in quotes: without them YAML reads a number, and drops its leading zeros."
    return _PLAINLY.get(kind) or error["msg"].replace("Input should be", "Write a number") + "."


def _unknown_field(place: Place) -> str:
    known = _fields_at(place[:-1])
    meant = did_you_mean(str(place[-1]), known) or f"There is {', '.join(known)}."
    return f"There is no field `{said(str(place[-1]))}` here. {meant}"


def _fields_at(place: Place) -> list[str]:
    model: type[BaseModel] = File
    for step in place:
        if isinstance(step, str):
            model = next(_models(_by_name(model)[step].annotation))
    return list(_by_name(model))


def _by_name(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a mapping, each under its name in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models(one)


def _without(
    value: dict[str, Any], errors: Sequence[ErrorDetails]
) -> tuple[dict[str, Any], dict[str, list[int]], frozenset[str]]:
    """The value without what is wrong, the indexes left of each list, the parts that lost some."""
    left = copy.deepcopy(value)
    dropped: dict[str, set[int]] = {}
    broken: set[str] = set()
    for error in errors:
        part, *inner = error["loc"]
        if error["type"] == "extra_forbidden":
            _drop(left, error["loc"])
            continue
        broken.add(str(part))
        if inner and part in _LISTS:
            dropped.setdefault(str(part), set()).add(int(inner[0]))
        else:
            _drop(left, error["loc"][:2])
    kept = {}
    for name, indexes in dropped.items():
        kept[name] = [index for index in range(len(value[name])) if index not in indexes]
        left[name] = [left[name][index] for index in kept[name]]
    return left, kept, frozenset(broken)


def _drop(value: Any, place: Sequence[str | int]) -> None:
    *way, last = place
    for step in way:
        value = value[step]
    if isinstance(value, dict):
        value.pop(last, None)
