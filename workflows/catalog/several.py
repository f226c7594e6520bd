"""A field that holds a list, or the one thing that would stand in it."""

from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class _ToldEditors:
    """For editors: a list, or the one thing that stands in it."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        several = dict(handler(core))
        return {"anyOf": [several["items"], several]}


_T = TypeVar("_T")
OneOrMany = Annotated[list[_T], BeforeValidator(_one_or_many), _ToldEditors()]
