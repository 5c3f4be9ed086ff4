"""Members, parts and tools of a Chat Completions request, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.errors import InvalidRequest
from gateway.dialects.openai_chat.survey import MEMBERS, REQUEST
from gateway.dialects.shapes import Findings, surveyed

HELLO = [{"role": "user", "content": "x"}]


def said(*parts: Any, **members: Any) -> Findings:
    messages = [{"role": "user", "content": list(parts)}] if parts else HELLO
    return surveyed(REQUEST, {"messages": messages, **members}, frozenset())


@pytest.mark.parametrize(
    ("part", "features"),
    [
        ({"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a"}}, set()),
        ({"type": "file", "file": {"file_data": "AA==", "file_id": "f"}}, {Feature.FILES}),
        ({"type": "file", "file": {"file_data": "AA==", "file_id": None}}, {Feature.FILES}),
        ({"type": "file", "file": {"file_data": "https://x.test/a.pdf"}}, {Feature.REMOTE_URLS}),
        ({"type": "file", "file": {"file_data": None}}, {Feature.REMOTE_URLS}),
        ({"type": "file", "file": "file-1"}, {Feature.FILES, Feature.UNLISTED}),
        ({"type": "file"}, {Feature.FILES}),
        ({"type": "input_audio", "input_audio": {"data": "gs://x/a", "format": "wav"}}, {Feature.REMOTE_URLS}),
        ({"type": "image_url", "image_url": {}}, {Feature.REMOTE_URLS}),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "uuid": "x"}}, {Feature.UNLISTED}),
        ({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": 3600}}, {Feature.EXPLICIT_CACHE}),
    ],
)
def test_a_part_may_hold_data_alone(part: dict[str, Any], features: set[Feature]) -> None:
    assert said(part).features == features


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"temperature": {"file_id": "f"}}, ["temperature"]),
        ({"response_format": {"type": "text", "store": True}}, ["response_format.store"]),
        ({"tools": [{"type": "function", "function": {"name": "f", "url": "https://x.test/"}}]}, ["tool.function.url"]),
        ({"extra_body": {"google": {"cached_content": "c"}}}, ["extra_body.google.cached_content"]),
        ({"messages": [{"role": "user", "content": "x", "file_ids": ["f"]}]}, ["messages.file_ids"]),
        ({"kv_transfer_params": {}, "models": ["m"], "plugins": []}, ["kv_transfer_params", "models", "plugins"]),
    ],
)
def test_what_no_table_lists_is_named_at_every_depth(members: dict[str, Any], names: list[str]) -> None:
    assert list(said(**members).unlisted) == names


def test_names_of_unlisted_members_are_bounded() -> None:
    found = said(**{f"member_{number}": 1 for number in range(1000)})
    assert len(found.unlisted) == 17


def test_a_tool_without_a_type_is_a_function_where_it_holds_one() -> None:
    assert not said(tools=[{"function": {"name": "f"}}]).features
    with pytest.raises(InvalidRequest):
        said(tools=[{"name": "f"}])


def test_every_member_may_be_left_empty_of_features() -> None:
    switches = {"web_search_options", "messages"}
    assert not said(**dict.fromkeys(MEMBERS.keys() - switches)).unlisted
