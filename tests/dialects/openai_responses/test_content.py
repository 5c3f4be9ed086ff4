"""What a request holds, as far as routes are judged by it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.openai_responses.content import Content, kind_of, tools


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"type": "reasoning"}, "reasoning"),
        ({"role": "user", "content": "x"}, "message"),
        ({"role": "user", "type": None}, "message"),
        ({"id": "msg_1"}, "item_reference"),
        ({"id": "msg_1", "name": "x"}, ""),
        ({"type": 1}, ""),
        ({}, ""),
        ("text", ""),
    ],
)
def test_a_message_and_a_reference_need_no_type(item: Any, kind: str) -> None:
    assert kind_of(item) == kind


def test_tools_are_found_wherever_they_hide() -> None:
    inner = {"type": "function", "name": "f"}
    space = {"type": "namespace", "name": "n", "tools": [inner]}
    assert tools({"tools": [space, {"type": "web_search"}]}) == [space, inner, {"type": "web_search"}]
    assert Content([{"type": "tool_search_output", "tools": [space]}]).tools == [space, inner]
    assert tools({}) == []


def test_every_kind_that_no_table_lists_counts_as_one() -> None:
    found = Content([{"role": "user", "content": [{"type": "MARKER"}]}, {"type": "MARKER"}])
    assert found.kinds == {"message", "unlisted"}


def test_what_is_not_inline_is_counted() -> None:
    parts = [
        {"type": "input_image", "image_url": "HTTPS://x.test/"},
        {"type": "input_file", "file_url": "https://x.test/"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_image", "image_url": "DATA:image/png;base64,AA=="},
    ]
    found = Content([{"role": "user", "content": parts}, {"id": "msg_1"}])
    assert (found.remote, found.files, found.references) == (2, 1, 1)
