"""Blocks and tools of a Messages request, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.dialects.anthropic_messages.parts import BLOCKS, REMOTE_TOKENS, kind_of
from gateway.dialects.anthropic_messages.survey import REQUEST
from gateway.dialects.shapes import Findings, surveyed

SEARCH, URLS, FILES = Feature.WEB_SEARCH, Feature.REMOTE_URLS, Feature.FILES


def said(*blocks: Any, **members: Any) -> Findings:
    given = {"messages": [{"role": "user", "content": list(blocks)}], **members}
    return surveyed(REQUEST, given, frozenset())


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": source}


def a_document(**source: Any) -> dict[str, Any]:
    return {"type": "document", "source": source}


def test_pictures_and_documents_are_counted_wherever_they_stand() -> None:
    inside = a_document(type="content", content=[image(type="url", url="https://x.test/a.png")])
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image(type="base64", data="AA=="), inside]}
    found = said(image(type="file", file_id="f"), result)
    assert (found.pictures.count, found.remote_tokens) == (3, 2 * REMOTE_TOKENS)
    assert (found.needs, found.features) == ({Need.VISION}, {URLS, FILES})


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("base64", {Need.DOCUMENTS}),
        ("url", {Need.DOCUMENTS}),
        ("file", {Need.DOCUMENTS}),
        ("text", set()),
        ("content", set()),
    ],
)
def test_a_document_of_words_needs_no_reader_of_documents(source: str, needs: set[Need]) -> None:
    assert said(a_document(type=source)).needs == needs


@pytest.mark.parametrize(
    ("tool", "features"),
    [
        ({"name": "f", "input_schema": {}}, set()),
        ({"type": "bash_20250124", "name": "bash"}, set()),
        ({"type": "tool_search_tool_regex_20251119"}, set()),
        ({"type": "web_search_20250305"}, {SEARCH}),
        ({"type": "web_fetch_20260318"}, {SEARCH, URLS}),
        ({"type": "mcp_toolset"}, {URLS}),
        ({"type": "code_execution_20260521"}, {FILES}),
    ],
)
def test_a_tool_is_judged_by_who_runs_it(tool: Any, features: set[Feature]) -> None:
    found = said(tools=[tool])
    assert (found.features, found.needs, found.kinds) == (features, {Need.TOOLS}, {kind_of(tool)})
    changed = said({"type": "tool_addition", "tool": {"type": "tool_definition", "definition": tool}})
    assert changed.features == features


@pytest.mark.parametrize(
    ("block", "names"),
    [
        ({"type": "hologram"}, ["block:hologram"]),
        ({"type": "MARKER x"}, ["(a block whose type is not a plain word)"]),
        (image(type="crystal", data="x"), ["source:crystal"]),
        (image(type="base64", data="AA==", file_id="f"), ["source.file_id"]),
        ({"type": "image", "source": "file-1"}, ["source"]),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}, "container": "c"}, ["content.container"]),
        ({"type": "text", "text": {"file_id": "f"}}, ["content.text"]),
    ],
)
def test_what_no_table_lists_is_named_at_every_depth(block: dict[str, Any], names: list[str]) -> None:
    assert list(said(block).unlisted) == names


@pytest.mark.parametrize(
    "block",
    [
        {"type": "container_upload", "file_id": "f"},
        {
            "type": "bash_code_execution_tool_result",
            "tool_use_id": "t",
            "content": {"type": "bash_code_execution_result", "content": [{"type": "output", "file_id": "f"}]},
        },
        {"type": "text", "text": "x", "citations": [{"type": "char_location", "file_id": "f"}]},
    ],
)
def test_a_file_that_the_provider_keeps_is_noticed_wherever_it_is_named(block: dict[str, Any]) -> None:
    assert said(block).features == {FILES}


def test_a_fetched_page_is_a_document() -> None:
    page = {"type": "web_fetch_result", "url": "https://x.test/", "content": a_document(type="text", data="x")}
    found = said({"type": "web_fetch_tool_result", "tool_use_id": "t", "content": page})
    assert not found.features


def test_an_address_in_the_place_of_data_is_fetched() -> None:
    assert said(image(type="base64", media_type="image/png", data="https://x.test/")).features == {URLS}


AN_HOUR = {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize(
    ("found", "long"),
    [
        (said({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}), False),
        (said({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "5m"}}), False),
        (said({"type": "text", "text": "x", "cache_control": AN_HOUR}), True),
        (said(system=[{"type": "text", "text": "x", "cache_control": AN_HOUR}]), True),
        (said(tools=[{"name": "f", "cache_control": AN_HOUR}]), True),
        (said(cache_control=AN_HOUR), True),
    ],
)
def test_an_hour_in_a_cache_is_noticed_wherever_it_is_asked_for(found: Findings, long: bool) -> None:
    assert (Feature.EXPLICIT_CACHE in found.features) is long


def test_every_block_is_known_by_its_type_alone() -> None:
    for kind in BLOCKS:
        assert not said({"type": kind}).unlisted


def test_a_kind_is_a_type_without_its_date() -> None:
    assert [kind_of(t) for t in ({}, {"type": None}, {"type": "text_editor_20250728"})] == [
        "custom",
        "custom",
        "text_editor",
    ]
