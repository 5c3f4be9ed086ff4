"""What contents and tools hold: needs, features, and bounds for what is not in the body."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.catalog import Feature
from gateway.core.demand import Need
from gateway.core.errors import InvalidRequest
from gateway.dialects.google.content import CONTEXT_TOKENS, is_kept
from gateway.dialects.google_generate.survey import REQUEST
from gateway.dialects.shapes import Findings, surveyed
from gateway.dialects.token_bound import PICTURE_TOKENS


def survey(*parts: dict[str, Any], **members: Any) -> Findings:
    given = {"contents": [{"role": "user", "parts": list(parts)}], **members}
    return surveyed(REQUEST, given, frozenset())


def inline(mime: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime, "data": "AA=="}}


def remote(uri: str, mime: str = "image/png") -> dict[str, Any]:
    return {"file_data": {"mime_type": mime, "file_uri": uri}}


@pytest.mark.parametrize(
    ("part", "needs"),
    [
        ({"text": "a"}, set()),
        (inline("image/png"), {Need.VISION}),
        (inline("video/mp4"), {Need.VISION}),
        (inline("AUDIO/wav"), {Need.AUDIO}),
        (inline("application/pdf"), {Need.DOCUMENTS}),
        (inline(""), {Need.DOCUMENTS}),
        (remote("https://x.test/a.png"), {Need.VISION}),
        ({"functionResponse": {"name": "f", "response": {}, "parts": [inline("image/png")]}}, {Need.VISION}),
    ],
)
def test_media_are_needs(part: dict[str, Any], needs: set[Need]) -> None:
    assert survey(part).needs == needs


@pytest.mark.parametrize(
    ("tools", "features", "needs"),
    [
        ({"functionDeclarations": []}, set(), {Need.TOOLS}),
        ({"function_declarations": []}, set(), {Need.TOOLS}),
        ({"computerUse": {}}, set(), {Need.TOOLS}),
        ({"googleSearch": {}}, {Feature.WEB_SEARCH}, set()),
        ({"google_search_retrieval": {}}, {Feature.WEB_SEARCH}, set()),
        ({"urlContext": {}}, {Feature.WEB_SEARCH, Feature.REMOTE_URLS}, set()),
        ({"fileSearch": {}}, {Feature.FILES}, set()),
    ],
)
def test_tools_are_features(tools: dict[str, Any], features: set[Feature], needs: set[Need]) -> None:
    found = survey({"text": "a"}, tools=[tools])
    assert (found.features, found.needs, found.unlisted) == (features, needs, {})


@pytest.mark.parametrize(
    ("uri", "mime", "feature", "tokens"),
    [
        ("https://x.test/a.png", "image/png", Feature.REMOTE_URLS, PICTURE_TOKENS),
        ("https://x.test/a.pdf", "application/pdf", Feature.REMOTE_URLS, CONTEXT_TOKENS),
        ("https://www.youtube.com/watch?v=1", "", Feature.REMOTE_URLS, CONTEXT_TOKENS),
        ("gs://bucket/a.png", "image/png", Feature.FILES, PICTURE_TOKENS),
        ("https://generativelanguage.googleapis.com/v1beta/files/a", "image/png", Feature.FILES, PICTURE_TOKENS),
        ("files/a", "image/png", Feature.FILES, PICTURE_TOKENS),
        ("a-thing", "image/png", Feature.FILES, PICTURE_TOKENS),
    ],
)
def test_files_are_fetched_or_kept(uri: str, mime: str, feature: Feature, tokens: int) -> None:
    found = survey(remote(uri, mime))
    assert (found.features, found.remote_tokens) == ({feature}, tokens)
    assert is_kept(uri) is (feature is Feature.FILES)


def test_a_cached_prefix_is_bounded_by_the_context() -> None:
    assert survey({"text": "a"}, cachedContent="cachedContents/1").remote_tokens == CONTEXT_TOKENS


def test_unlisted_parts_and_tools_are_named_only_if_their_names_are_words() -> None:
    found = survey({"text": "a", "hologram": {}}, {"MARKER said": 1}, tools=[{"codeExecution": {}, "MARKER x": {}}])
    assert set(found.unlisted) >= {"part:hologram", "tool:codeExecution"}
    assert len(found.unlisted) == 3
    assert "MARKER" not in str(found.unlisted)


def test_system_text_is_surveyed_too() -> None:
    assert survey({"text": "a"}, systemInstruction={"parts": [{"hologram": 1}]}).unlisted == {"part:hologram": None}


@pytest.mark.parametrize(
    "contents", ["MARKER", [{"role": "MARKER"}], [{"parts": "MARKER"}], [{"parts": [{"inlineData": "MARKER"}]}]]
)
def test_what_is_no_content_is_refused_by_its_place(contents: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        surveyed(REQUEST, {"contents": contents}, frozenset())
    assert str(refused.value.details["field"]).startswith("contents[0]")
    assert "MARKER" not in refused.value.message


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ({"inlineData": {"mimeType": "image/png", "data": "AA==", "fileUri": "gs://x"}}, "inlineData.fileUri"),
        ({"functionResponse": {"name": "f", "response": {}, "parts": [{"cachedContent": "x"}]}}, "part:cachedContent"),
        ({"text": {"fileUri": "gs://x"}}, "part:text"),
        ({"video_metadata": {"source": "x"}}, "videoMetadata.source"),
    ],
)
def test_what_no_table_lists_is_named_at_every_depth(part: dict[str, Any], name: str) -> None:
    assert list(survey(part).unlisted) == [name]


def test_an_address_in_the_place_of_data_is_fetched() -> None:
    found = survey({"inlineData": {"mimeType": "image/png", "data": "https://x.test/a.png"}})
    assert found.features == {Feature.REMOTE_URLS}


def test_one_member_in_two_spellings_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        survey({"inlineData": {"mimeType": "image/png", "mime_type": "image/png", "data": ""}})
    assert refused.value.details["field"] == "contents[0].parts[0].inlineData"
