from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.views.api_schemas import ENUMS, OBJECTS, schema_of, schemas

TEXT: Any = {"type": "string"}
NULL: Any = {"type": "null"}


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("s", TEXT),
        ("s?", {"anyOf": [TEXT, NULL]}),
        ("i|s", {"anyOf": [{"type": "integer"}, TEXT]}),
        ("[s]|s", {"anyOf": [{"type": "array", "items": TEXT}, TEXT]}),
        ("[s]+", {"type": "array", "items": TEXT, "minItems": 1}),
        ("[m]?", {"anyOf": [{"type": "array", "items": schema_of("m")}, NULL]}),
        ("{i}", {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("Mark", {"$ref": "#/components/schemas/Mark"}),
        ("v", {}),
    ],
)
def test_the_short_form_of_a_type_is_a_schema(text: str, schema: Any) -> None:
    assert schema_of(text) == schema


def test_members_may_be_absent_only_where_it_is_marked() -> None:
    line: Any = schemas()["UsageLine"]
    assert "day" in line["properties"]
    assert line["required"] == ["exchanges", "sent", "usage", "cost", "held"]


def test_every_name_in_a_schema_is_a_schema() -> None:
    known = schemas()
    for members in OBJECTS.values():
        for name in re.findall(r"\b[A-Z]\w+", members):
            assert name in known
    assert not {*ENUMS} & {*OBJECTS}
