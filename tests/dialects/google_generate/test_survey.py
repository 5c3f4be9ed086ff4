"""Top-level members of a request of Gemini's, compared with their shapes."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.dialects.google_generate.survey import COUNT_REQUEST, COUNTED, REQUEST
from gateway.dialects.shapes import Findings, surveyed

HELLO = [{"role": "user", "parts": [{"text": "x"}]}]


def said(**members: Any) -> Findings:
    return surveyed(REQUEST, {"contents": HELLO, **members}, frozenset())


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"generationConfig": {"speechConfig": {"voiceConfig": {"customVoice": "v"}}}}, ["voiceConfig.customVoice"]),
        ({"generation_config": {"thinking_config": {"session_id": "s"}}}, ["thinkingConfig.sessionId"]),
        ({"toolConfig": {"functionCallingConfig": {"mode": {"x": 1}}}}, ["functionCallingConfig.mode"]),
        ({"continuationToken": "t"}, ["continuationToken"]),
        ({"labels": {"a": {"b": "c"}}}, ["labels"]),
    ],
)
def test_what_no_table_lists_is_named_at_every_depth(members: dict[str, Any], names: list[str]) -> None:
    assert list(said(**members).unlisted) == names


@pytest.mark.parametrize("value", ["", False, "cachedContents/1", {}])
def test_a_cached_prefix_is_a_feature_whatever_stands_there(value: object) -> None:
    assert said(cachedContent=value).features == {Feature.EXPLICIT_CACHE}


def test_nothing_stands_beside_a_request_that_is_counted() -> None:
    given = {COUNTED: {"contents": HELLO, "cachedContent": "c"}, "store": True}
    found = surveyed(COUNT_REQUEST, given, frozenset())
    assert found.features == {Feature.EXPLICIT_CACHE, Feature.UNLISTED}
    assert list(found.unlisted) == ["store"]
