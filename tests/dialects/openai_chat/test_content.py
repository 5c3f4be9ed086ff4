"""Content parts of Chat Completions, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Media, Text
from gateway.dialects.openai_chat import content

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ({"type": "text", "text": "hi"}, Text("hi")),
        ({"type": "text", "text": ""}, Text("")),
        ({"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}, Text("hi", "5m")),
        ({"type": "text", "text": "hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}, Text("hi", "1h")),
        ({"type": "text", "text": "hi", "cache_control": None}, Text("hi")),
        ({"type": "image_url", "image_url": {"url": PNG}}, Media("image", "image/png", "iVBORw0KGgo=")),
        (
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
            Media("image", url="https://x.test/a.png", detail="low"),
        ),
        ({"type": "image_url", "image_url": "http://x.test/a"}, Media("image", url="http://x.test/a")),
        ({"type": "video_url", "video_url": {"url": "https://x.test/a"}}, Media("video", url="https://x.test/a")),
        ({"type": "audio_url", "audio_url": {"url": "https://x.test/a"}}, Media("audio", url="https://x.test/a")),
        (
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            Media("audio", "audio/wav", "UklGRg=="),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "mp3"}},
            Media("audio", "audio/mp3", "UklGRg=="),
        ),
        (
            {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
            Media("document", "application/pdf", "JVBERi0=", name="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "JVBERi0="}}, Media("document", "application/pdf", "JVBERi0=")),
    ],
)
def test_a_part_becomes_what_it_holds(part: dict[str, Any], found: Text | Media) -> None:
    assert content.read([part], "c", content.ANYTHING) == (found,)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("hi", "c[0]"),
        ({"text": "hi"}, "c[0]"),
        ({"type": ["text"], "text": "hi"}, "c[0]"),
        ({"type": "input_text", "text": "hi"}, "c[0]"),
        ({"type": "refusal", "refusal": "no"}, "c[0]"),
        ({"type": "text", "text": 7}, "c[0].text"),
        ({"type": "image_url"}, "c[0].image_url"),
        ({"type": "image_url", "image_url": {"url": "ftp://x.test/a"}}, "c[0].image_url"),
        ({"type": "image_url", "image_url": {"url": "secret.png"}}, "c[0].image_url"),
        ({"type": "image_url", "image_url": {"url": "data:text/plain;base64,aGk="}}, "c[0].image_url"),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": "secret"}}, "c[0].image_url.detail"),
        ({"type": "image_url", "image_url": {"url": PNG, "detail": ["low"]}}, "c[0].image_url.detail"),
        ({"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "secret"}}, "c[0].input_audio"),
        ({"type": "input_audio", "input_audio": {"data": 7, "format": "wav"}}, "c[0].input_audio"),
        ({"type": "input_audio", "input_audio": {"data": "secret!", "format": "wav"}}, "c[0].input_audio.data"),
        ({"type": "input_audio", "input_audio": "UklGRg=="}, "c[0].input_audio"),
        ({"type": "file", "file": {"file_id": "file-secret"}}, "c[0].file"),
        ({"type": "file", "file": {"file_data": PDF, "filename": 7}}, "c[0].file"),
        ({"type": "file", "file": None}, "c[0].file"),
        ({"type": "file", "file": {"file_data": "secret!"}}, "c[0].file.file_data"),
    ],
)
def test_a_part_that_cannot_be_told_is_refused_by_its_place(part: object, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        content.read([part], "c", content.ANYTHING)
    assert refused.value.details["field"] == field
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("said", [None, [], 7, {"type": "text"}])
def test_content_is_a_string_or_parts(said: object) -> None:
    with pytest.raises(InvalidRequest, match="invalid_request"):
        content.read(said, "c", content.WORDS)


def test_a_string_is_one_text_and_an_empty_one_none() -> None:
    assert content.read("hi", "c", content.WORDS) == (Text("hi"),)
    assert content.read("", "c", content.WORDS) == ()


def test_an_assistant_may_have_refused() -> None:
    assert content.read([{"type": "refusal", "refusal": "no"}], "c", content.SPOKEN) == (Text("no"),)


def test_openais_own_mark_for_caches_is_seen() -> None:
    marked: list[dict[str, Any]] = [{"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}]
    assert content.marked(marked)
    assert not content.marked([{"type": "text", "text": "a"}])
    assert not content.marked("a")
