"""What a request holds, as far as routes are judged by it."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Media, Text
from gateway.dialects.openai_responses import content
from gateway.dialects.openai_responses.content import kind_of


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


def one(part: dict[str, Any]) -> Text | Media:
    (found,) = content.read([part], "input[0].content", content.ANYTHING)
    return found


@pytest.mark.parametrize(
    ("part", "neutral"),
    [
        ({"type": "input_text", "text": "hi"}, Text("hi")),
        ({"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}, Text("hi", "5m")),
        ({"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"ttl": "12h"}}, Text("hi", "1h")),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
            Media("image", "image/png", "AAAA"),
        ),
        (
            {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "low"},
            Media("image", url="https://x.test/a.png", detail="low"),
        ),
        (
            {"type": "input_file", "file_data": "data:text/plain;base64,AAAA", "filename": "a.txt"},
            Media("document", "text/plain", "AAAA", name="a.txt"),
        ),
        ({"type": "input_file", "file_data": "AAAA"}, Media("document", "application/pdf", "AAAA")),
        (
            {"type": "input_file", "file_url": "https://x.test/a.pdf", "detail": "high"},
            Media("document", url="https://x.test/a.pdf", detail="high"),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            Media("audio", "audio/mp3", "AAAA"),
        ),
    ],
)
def test_every_part_has_its_neutral_form(part: dict[str, Any], neutral: Text | Media) -> None:
    assert one(part) == neutral


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("MARKER", ""),
        ({"type": "hologram"}, ""),
        ({"type": 7}, ""),
        ({"type": "refusal", "refusal": "MARKER"}, ""),
        ({"type": "input_text", "text": 7}, ".text"),
        ({"type": "input_image", "file_id": "file-MARKER"}, ".file_id"),
        ({"type": "input_image", "image_url": "MARKER"}, ".image_url"),
        ({"type": "input_image", "image_url": None}, ".image_url"),
        ({"type": "input_image", "image_url": "data:image/png,MARKER"}, ".image_url"),
        ({"type": "input_image", "image_url": "data:text/html;base64,AAAA"}, ".image_url"),
        ({"type": "input_image", "image_url": "https://x.test/", "detail": "MARKER"}, ".detail"),
        ({"type": "input_image", "image_url": "https://x.test/", "detail": ["MARKER"]}, ".detail"),
        ({"type": "input_file", "file_id": "file-MARKER"}, ".file_id"),
        ({"type": "input_file"}, ".file_url"),
        ({"type": "input_file", "file_data": 7}, ".file_data"),
        ({"type": "input_file", "file_data": "MARKER!"}, ".file_data"),
        ({"type": "input_file", "file_data": "AAAA", "filename": 7}, ".filename"),
        ({"type": "input_audio", "input_audio": "MARKER"}, ".input_audio"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "MARKER"}}, ".input_audio"),
        ({"type": "input_audio", "input_audio": {"data": 7, "format": "wav"}}, ".input_audio.data"),
        ({"type": "input_audio", "input_audio": {"data": "MARKER!", "format": "wav"}}, ".input_audio.data"),
    ],
)
def test_faults_name_the_part_and_never_its_value(part: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        one(part)
    assert refused.value.details["field"] == f"input[0].content[0]{field}"
    assert "MARKER" not in refused.value.message


def test_words_may_stand_alone_and_empty_words_are_nothing() -> None:
    assert content.read("hi", "x", content.WORDS) == (Text("hi"),)
    assert content.read("", "x", content.WORDS) == ()
    assert content.read([{"type": "refusal", "refusal": "No."}], "x", content.SPOKEN) == (Text("No."),)
    with pytest.raises(InvalidRequest):
        content.read(7, "x", content.WORDS)


@pytest.mark.parametrize(
    ("data", "mime"),
    [("iVBORw0KGgo=", "image/png"), ("/9j/4AAQ", "image/jpeg"), ("UklGRg==", "image/webp"), ("AAAA", "image/png")],
)
def test_a_picture_says_itself_what_it_is(data: str, mime: str) -> None:
    assert content.picture(data) == Media("image", mime, data)
