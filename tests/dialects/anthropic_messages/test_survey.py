"""Top-level members of a Messages request, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.core.errors import InvalidRequest
from gateway.dialects.anthropic_messages.survey import REQUEST
from gateway.dialects.shapes import Findings, surveyed

HELLO = [{"role": "user", "content": "x"}]


def said(**members: Any) -> Findings:
    return surveyed(REQUEST, {"messages": HELLO, **members}, frozenset())


def test_words_alone_are_nothing_to_judge() -> None:
    found = said(messages=[*HELLO, {"role": "system"}], system="be kind")
    assert not [*found.features, *found.needs, *found.kinds, *found.unlisted, *found.rests_on]


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"fallbacks": "default"}, ["fallbacks"]),
        ({"thinking": {"type": "enabled", "thread": "x"}}, ["thinking.thread"]),
        ({"context_management": {"edits": [{"type": "remember_20270101"}]}}, ["edit:remember"]),
        ({"metadata": {"user_id": {"file_id": "f"}}}, ["metadata"]),
        ({"max_tokens": "file-1"}, ["max_tokens"]),
        ({"messages": [{"role": "user", "content": "x", "thread": "t"}]}, ["messages.thread"]),
    ],
)
def test_what_no_table_lists_is_named_at_every_depth(members: dict[str, Any], names: list[str]) -> None:
    assert list(said(**members).unlisted) == names


def test_a_thread_is_kept_and_never_left_out() -> None:
    found = said(thread={"type": "continue", "previous_message_id": "msg_1"})
    assert found.features == {Feature.STORED_RESPONSES}
    assert list(found.rests_on) == [Reliance("thread", "thread_unsupported_request")]
    assert not said(thread=None).rests_on


def test_a_container_that_is_named_is_never_left_out() -> None:
    assert list(said(container="c").rests_on) == list(said(container={"id": "c"}).rests_on) == [Reliance("container")]
    fresh = said(container={"skills": []})
    assert (fresh.features, list(fresh.rests_on)) == ({Feature.FILES}, [])


def test_a_place_that_the_request_names_is_a_feature() -> None:
    assert said(inference_geo="global").features == {Feature.INFERENCE_PLACE}
    assert not said(inference_geo=None).features


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"messages": "MARKER"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": ["MARKER"]}, "messages[0]"),
        ({"messages": [{"role": "MARKER", "content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["MARKER"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": 7}]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": 7}]}]},
            "messages[0].content[0].content",
        ),
        ({"system": ["MARKER"]}, "system[0]"),
        ({"tools": {"MARKER": 1}}, "tools"),
        ({"tools": ["MARKER"]}, "tools[0]"),
        ({"tools": [{"type": 7}]}, "tools[0]"),
    ],
)
def test_faults_name_the_field_and_never_its_value(members: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        said(**members)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message
