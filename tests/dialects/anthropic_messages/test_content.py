"""Blocks of content, read into neutral parts."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.anthropic_messages.content import (
    ANSWERED,
    ANYTHING,
    WORDS,
    cached,
    cites,
    read,
    tools,
)
from gateway.dialects.neutral import Media, Text


def shown(*blocks: Any) -> tuple[Text | Media, ...]:
    return read(list(blocks), "content", ANYTHING)


def document(source: Any, **members: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, **members}


HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ({"type": "text", "text": "hi", **HOUR}, (Text("hi", "1h"),)),
        ({"type": "text", "text": ""}, ()),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}, **HOUR},
            (Media("image", "image/png", "AAAA", cached="1h"),),
        ),
        (
            {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}},
            (Media("image", url="https://x.test/a"),),
        ),
        (
            document({"type": "base64", "media_type": "application/pdf", "data": "AAAA"}, title="a.pdf"),
            (Media("document", "application/pdf", "AAAA", name="a.pdf"),),
        ),
        (
            document({"type": "url", "url": "https://x.test/a.pdf"}, context="of 1523"),
            (Text("of 1523"), Media("document", url="https://x.test/a.pdf")),
        ),
        (
            document({"type": "text", "media_type": "text/plain", "data": "words"}, title="Saga", **HOUR),
            (Text("Saga\n\nwords", "1h"),),
        ),
        (document({"type": "text", "media_type": "text/plain", "data": "words"}), (Text("words"),)),
        (
            document({"type": "content", "content": [{"type": "text", "text": "inside"}]}, title="Saga"),
            (Text("Saga"), Text("inside")),
        ),
        (document({"type": "content", "content": "inside"}), (Text("inside"),)),
        (
            {
                "type": "search_result",
                "title": "T",
                "source": "https://x.test/",
                "content": [{"type": "text", "text": "a"}],
            },
            (Text("T\nhttps://x.test/\n\na"),),
        ),
    ],
)
def test_what_is_said_and_shown_is_read(block: Any, parts: tuple[Any, ...]) -> None:
    assert shown(block) == parts


def test_a_string_is_one_text() -> None:
    assert read("hi", "content", WORDS) == (Text("hi"),)
    assert read("", "content", WORDS) == ()


def test_a_reference_to_a_tool_is_its_name() -> None:
    assert read([{"type": "tool_reference", "tool_name": "weather"}], "content", ANSWERED) == (Text("weather"),)


@pytest.mark.parametrize(
    ("block", "field"),
    [
        ("MARKER", "content[0]"),
        ({}, "content[0].type"),
        ({"type": "MARKER"}, "content[0].type"),
        ({"type": ["MARKER"]}, "content[0].type"),
        ({"type": "text", "text": ["MARKER"]}, "content[0].text"),
        ({"type": "image", "source": "MARKER"}, "content[0].source"),
        ({"type": "image", "source": {"type": "file", "file_id": "MARKER"}}, "content[0].source.type"),
        ({"type": "image", "source": {"type": "base64", "data": "MARKER"}}, "content[0].source.media_type"),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "MARKER/x", "data": "AAAA"}},
            "content[0].source.media_type",
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "MARKER!"}},
            "content[0].source.data",
        ),
        ({"type": "image", "source": {"type": "url", "url": "file:///MARKER"}}, "content[0].source.url"),
        (document({"type": "file", "file_id": "MARKER"}), "content[0].source.type"),
        (document({"type": "content", "content": 7}), "content[0].source.content"),
        (document({"type": "url", "url": "https://x.test/"}, title=["MARKER"]), "content[0].title"),
        (
            document({"type": "content", "content": [document({"type": "url", "url": "MARKER"})]}),
            "content[0].source.content[0].type",
        ),
    ],
)
def test_what_cannot_be_told_to_others_is_refused_by_its_place(block: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        shown(block)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


def test_content_is_a_string_or_a_list() -> None:
    with pytest.raises(InvalidRequest):
        read(7, "content", WORDS)


@pytest.mark.parametrize(
    ("mark", "lasts"),
    [
        (None, ""),
        ("MARKER", ""),
        ({"type": "ephemeral"}, "5m"),
        ({"type": "ephemeral", "ttl": "5m"}, "5m"),
        ({"type": "ephemeral", "ttl": "1h"}, "1h"),
    ],
)
def test_a_mark_for_caches_says_how_long(mark: object, lasts: str) -> None:
    assert cached({"cache_control": mark}) == lasts


@pytest.mark.parametrize(
    ("citations", "asked"),
    [(None, False), ([], False), ([{"cited_text": "x"}], True), ({"enabled": True}, True), ({"enabled": False}, False)],
)
def test_citations_are_noticed_where_they_are_and_where_they_are_asked_for(citations: object, asked: bool) -> None:
    assert cites({"citations": citations}) is asked


def test_tools_are_objects() -> None:
    assert tools({"tools": [{"name": "f"}]}) == [{"name": "f"}]
    with pytest.raises(InvalidRequest):
        tools({"tools": ["MARKER"]})
