"""Top-level members of a Responses request, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.core.errors import InvalidRequest
from gateway.dialects.openai_responses.survey import KEEPING, REQUEST
from gateway.dialects.shapes import Findings, surveyed


def said(**members: Any) -> Findings:
    return surveyed(REQUEST, {"input": "x", **members}, frozenset())


@pytest.mark.parametrize("name", KEEPING)
def test_what_is_kept_is_a_feature_even_where_its_value_is_empty(name: str) -> None:
    assert not said(**{name: None}).features
    values: tuple[object, ...] = ("", False, 0, {}, "x")
    for value in values:
        found = said(**{name: value})
        assert found.features == {Feature.STORED_RESPONSES}
        assert list(found.rests_on) == [Reliance(name, KEEPING[name])]


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"reasoning": {"conversation": "c"}}, "reasoning.conversation"),
        ({"text": {"format": {"type": "json_schema", "file_id": "f"}}}, "text.format.file_id"),
        ({"temperature": {"file_id": "f"}}, "temperature"),
        ({"moderation": {"model": "m"}}, "moderation"),
    ],
)
def test_what_no_table_lists_is_named_at_every_depth(members: dict[str, Any], name: str) -> None:
    assert list(said(**members).unlisted) == [name]


def test_a_switch_is_true_or_false() -> None:
    assert said(store=True).features == {Feature.STORED_RESPONSES}
    assert not said(store=None, background=False).features
    with pytest.raises(InvalidRequest):
        said(store="")
