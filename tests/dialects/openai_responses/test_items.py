"""Items of a Responses request, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.dialects.openai_responses.items import ITEMS
from gateway.dialects.openai_responses.survey import REQUEST
from gateway.dialects.shapes import Findings, surveyed

OUTPUTS = {"computer_call_output": {"type": "computer_screenshot"}}


def said(item: dict[str, Any]) -> Findings:
    return surveyed(REQUEST, {"input": [item]}, frozenset())


@pytest.mark.parametrize(
    ("item", "features"),
    [
        ({"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA"}, set()),
        ({"type": "image_generation_call", "id": "ig_1"}, {Feature.STORED_RESPONSES}),
        ({"type": "image_generation_call", "id": "ig_1", "result": None}, {Feature.STORED_RESPONSES}),
        ({"type": "reasoning", "id": "rs_1", "summary": []}, {Feature.STORED_RESPONSES}),
        ({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}, set()),
        ({"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "x"}]}, set()),
        ({"type": "code_interpreter_call", "id": "ci_1", "container_id": "c"}, {Feature.FILES}),
        ({"type": "shell_call", "call_id": "c", "environment": {"type": "x", "container_id": "c"}}, {Feature.FILES}),
        ({"type": "shell_call", "call_id": "c", "action": {"commands": ["ls"]}, "environment": None}, set()),
        ({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}, set()),
        ({"type": "function_call", "call_id": "c", "name": "f", "file_id": "x"}, {Feature.UNLISTED}),
        ({"type": "message", "role": "user", "content": "x", "conversation": "c"}, {Feature.UNLISTED}),
    ],
)
def test_an_item_is_judged_by_what_it_refers_to(item: dict[str, Any], features: set[Feature]) -> None:
    assert said(item).features == features


def test_a_reference_is_never_left_out() -> None:
    assert list(said({"type": "item_reference", "id": "msg_1"}).rests_on) == [Reliance("item_reference")]


def test_every_kind_is_known_by_its_type_alone() -> None:
    for kind in ITEMS:
        found = said({"type": kind, "content": "", "output": OUTPUTS.get(kind, "")})
        assert f"item:{kind}" not in found.unlisted


def test_a_kind_that_no_table_lists_is_named_by_a_plain_word_alone() -> None:
    assert list(said({"type": "seance"}).unlisted) == ["item:seance"]
    assert list(said({"type": "MARKER x"}).unlisted) == ["(an item whose type is not a plain word)"]
