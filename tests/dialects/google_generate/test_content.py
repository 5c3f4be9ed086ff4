"""Media of a request, and what tools answer with."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.google.fields import GoogleObject
from gateway.dialects.google_generate.content import answered, detail_of, inline, linked
from gateway.dialects.neutral import Media, Text

RAW = b"\xfb\xff\xfe?"
STANDARD, URLS = base64.b64encode(RAW).decode(), base64.urlsafe_b64encode(RAW).decode()


@pytest.mark.parametrize(
    ("mime", "kind"),
    [("image/png", "image"), ("AUDIO/WAV", "audio"), ("video/mp4", "video"), ("text/plain; charset=utf-8", "document")],
)
def test_data_is_read_in_either_alphabet(mime: str, kind: Any) -> None:
    for data in (STANDARD, URLS, URLS.rstrip("=")):
        found = inline(GoogleObject({"mimeType": mime, "data": data, "displayName": "a"}), "low")
        assert found == Media(kind, mime.partition(";")[0].lower(), STANDARD, name="a", detail="low")


@pytest.mark.parametrize(
    ("held", "media"),
    [
        (
            {"mime_type": "image/PNG", "file_uri": "https://x.test/a.png"},
            Media("image", "image/png", url="https://x.test/a.png"),
        ),
        ({"fileUri": "https://youtu.be/1"}, Media("video", url="https://youtu.be/1")),
    ],
)
def test_addresses_are_read(held: dict[str, Any], media: Media) -> None:
    assert linked(GoogleObject(held)) == media


@pytest.mark.parametrize(
    ("read", "held"),
    [
        (inline, {"data": STANDARD}),
        (inline, {"mimeType": "font/MARKER", "data": STANDARD}),
        (inline, {"mimeType": "image/png", "data": "MARKER!"}),
        (inline, {"mimeType": "image/png"}),
        (linked, {"mimeType": "image/png", "fileUri": "gs://MARKER"}),
        (linked, {"mimeType": "image/png", "fileUri": "https://generativelanguage.googleapis.com/v1/files/MARKER"}),
        (linked, {"fileUri": "https://MARKER.test/a"}),
        (linked, {}),
    ],
)
def test_faults_name_the_member_and_never_its_value(read: Any, held: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(GoogleObject(held, "inlineData"))
    assert str(refused.value.details["field"]).startswith("inlineData.")
    assert "MARKER" not in refused.value.message


@pytest.mark.parametrize(
    ("part", "detail"),
    [
        ({}, ("", False)),
        ({"mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}, ("low", False)),
        ({"media_resolution": {"level": "MEDIA_RESOLUTION_HIGH"}}, ("high", False)),
        ({"mediaResolution": {"level": "MEDIA_RESOLUTION_ULTRA_HIGH"}}, ("", True)),
        ({"mediaResolution": {"numTokens": 70}}, ("", True)),
        ({"mediaResolution": 7}, ("", True)),
    ],
)
def test_resolutions_are_details_where_there_is_a_word(part: dict[str, Any], detail: tuple[str, bool]) -> None:
    assert detail_of(GoogleObject(part)) == detail


@pytest.mark.parametrize(
    ("response", "said", "failed"),
    [
        ({"output": "4 °C"}, "4 °C", False),
        ({"result": "4 °C"}, "4 °C", False),
        ({"content": [1]}, "[1]", False),
        ({"output": {"a": 1}}, '{"a":1}', False),
        ({"error": "no such city"}, "no such city", True),
        ({"error": "x", "output": "y"}, '{"error":"x","output":"y"}', False),
        ({"name": "f", "content": "4 °C"}, "4 °C", False),
        ({"name": "Malmö", "content": "4 °C"}, '{"name":"Malmö","content":"4 °C"}', False),
        ({"a": 1}, '{"a":1}', False),
        ({}, "{}", False),
    ],
)
def test_an_answer_is_its_output_its_error_or_the_whole(response: dict[str, Any], said: str, failed: bool) -> None:
    assert answered(GoogleObject({"name": "f", "response": response})) == ((Text(said),), failed)


def test_an_answer_may_show_something() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": STANDARD}}
    page = {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x.test/a.pdf"}}
    shown = (Media("image", "image/png", STANDARD), Media("document", "application/pdf", url="https://x.test/a.pdf"))
    assert answered(GoogleObject({"parts": [picture, page]})) == (shown, False)
    assert answered(GoogleObject({"response": {"output": "a"}, "parts": [picture]})) == ((Text("a"), shown[0]), False)
