"""The catalog's JSON Schema, by which editors complete names and mark mistakes."""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from workflows.catalog.schema import File, Part
from workflows.durations import duration_text


class _Defaults(GenerateJsonSchema):
    """Defaults as the file would say them."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return duration_text(dft)
        return {} if isinstance(dft, Part) else super().encode_default(dft)


def for_editors() -> dict[str, Any]:
    """The file's JSON Schema (draft 2020-12): names, types, and which texts are one of a few.

    It refuses nothing that the file may say; `xacct catalog check` knows the rest.
    """
    told = File.model_json_schema(by_alias=True, schema_generator=_Defaults)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **told, "title": "xacct"}
