"""Blocks of content, read into neutral parts."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.anthropic_messages.content import (
    ANSWERED,
    ANYTHING,
    WORDS,
    MessagesSurvey,
    cached,
    cites,
    kind_of,
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


def survey(*blocks: Any, role: str = "user", **members: Any) -> MessagesSurvey:
    return MessagesSurvey({"messages": [{"role": role, "content": list(blocks)}], **members})


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": source}


def a_document(**source: Any) -> dict[str, Any]:
    return {"type": "document", "source": source}


def test_words_alone_are_nothing_to_judge() -> None:
    found = MessagesSurvey({"messages": [{"role": "user", "content": "hi"}, {"role": "system"}], "system": "be kind"})
    assert [*found.kinds, *found.tools, *found.unlisted] == []
    assert (found.pictures.count, found.documents, found.remote, found.long_cached) == (0, 0, 0, False)
    assert (found.searching, found.calling_out, found.keeping) == (False, False, False)


def test_pictures_and_documents_are_counted_wherever_they_stand() -> None:
    inside = a_document(type="content", content=[image(type="url", url="https://x.test/a.png")])
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image(type="base64"), inside]}
    found = survey(image(type="file", file_id="f"), result)
    assert (found.pictures.count, found.documents, found.remote) == (3, 0, 2)
    assert (found.urls, found.files) == (True, True)


@pytest.mark.parametrize(("source", "counts"), [("base64", 1), ("url", 1), ("file", 1), ("text", 0), ("content", 0)])
def test_a_document_of_words_needs_no_reader_of_documents(source: str, counts: int) -> None:
    assert survey(a_document(type=source)).documents == counts


@pytest.mark.parametrize(
    ("tool", "searching", "calling_out", "keeping"),
    [
        ({"name": "f", "input_schema": {}}, False, False, False),
        ({"type": "bash_20250124", "name": "bash"}, False, False, False),
        ({"type": "tool_search_tool_regex_20251119"}, False, False, False),
        ({"type": "web_search_20250305"}, True, False, False),
        ({"type": "web_fetch_20260318"}, True, True, False),
        ({"type": "mcp_toolset"}, False, True, False),
        ({"type": "code_execution_20260521"}, False, False, True),
    ],
)
def test_a_tool_is_judged_by_who_runs_it(tool: Any, searching: bool, calling_out: bool, keeping: bool) -> None:
    found = survey(tools=[tool])
    assert (found.searching, found.calling_out, found.keeping) == (searching, calling_out, keeping)
    assert not found.unlisted


def test_what_no_table_lists_is_named_only_by_a_plain_word() -> None:
    found = survey(
        {"type": "hologram"}, {"type": "MARKER x"}, tools=[{"type": "advisor_20260301"}, {"type": "MARKER x"}]
    )
    assert list(found.unlisted) == [
        "block:hologram",
        "(a block whose type is no plain word)",
        "tool:advisor_20260301",
        "(a tool whose type is no plain word)",
    ]


def test_an_upload_into_a_container_is_a_file() -> None:
    assert survey({"type": "container_upload", "file_id": "f"}).keeping


AN_HOUR = {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize(
    ("found", "long"),
    [
        (survey({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}), False),
        (survey({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "5m"}}), False),
        (survey({"type": "text", "text": "x", "cache_control": AN_HOUR}), True),
        (survey(system=[{"type": "text", "text": "x", "cache_control": AN_HOUR}]), True),
        (survey(tools=[{"name": "f", "cache_control": AN_HOUR}]), True),
        (survey(cache_control=AN_HOUR), True),
    ],
)
def test_an_hour_in_a_cache_is_noticed_wherever_it_is_asked_for(found: MessagesSurvey, long: bool) -> None:
    assert found.long_cached is long


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
        ({"messages": [{"role": "user", "content": "x"}], "system": ["MARKER"]}, "system[0]"),
        ({"messages": [{"role": "user", "content": "x"}], "tools": {"MARKER": 1}}, "tools"),
        ({"messages": [{"role": "user", "content": "x"}], "tools": ["MARKER"]}, "tools"),
        ({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": 7}]}, "tools"),
    ],
)
def test_faults_name_the_field_and_never_its_value(members: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        MessagesSurvey(members)
    assert refused.value.details["field"] == field
    assert "MARKER" not in refused.value.message


def test_a_kind_is_a_type_without_its_date() -> None:
    assert [kind_of(t) for t in tools({"tools": [{}, {"type": None}, {"type": "text_editor_20250728"}]})] == [
        "custom",
        "custom",
        "text_editor",
    ]
