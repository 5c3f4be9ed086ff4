"""The texts of a request: everything that somebody wrote, and no word of the protocol."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings

from gateway.dialects import strict_json
from gateway.dialects.neutral import Conversation
from gateway.dialects.openai_chat.decode import conversation
from gateway.dialects.openai_chat.request import accept
from gateway.dialects.openai_chat.texts import texts
from gateway.dialects.prompt import PromptHead
from tests.builders import a_snapshot
from tests.dialects.masking import check_every_marker_is_a_text, masked_body, masked_conversation
from tests.dialects.openai_chat.strategies import conversations
from tests.dialects.openai_chat.test_encode import rendered
from tests.strategies import examples

SCHEMA = {
    "type": "object",
    "description": "MARKER",
    "properties": {"type": {"type": "string", "enum": ["MARKER"], "default": "MARKER", "format": "uri"}},
    "required": ["type"],
}
REQUEST: dict[str, Any] = {
    "model": "small",
    "provider": {"only": ["alpha"]},
    "messages": [
        {"role": "developer", "content": "MARKER", "name": "MARKER Ada"},
        {
            "role": "user",
            "name": "MARKER Bob",
            "content": [
                {"type": "text", "text": 'a "MARKER" \\ {} [\u20ac'},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "MARKER.pdf"}},
                {"type": "hologram", "brand_new": "MARKER"},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "refusal", "refusal": "MARKER"}],
            "reasoning_content": "MARKER",
            "reasoning_details": [
                {"type": "reasoning.text", "text": "MARKER", "signature": "sig"},
                {"type": "reasoning.encrypted", "data": "AAAA"},
            ],
            "tool_calls": [
                {"type": "function", "id": "c1", "function": {"name": "f", "arguments": '{"type":"MARKER","n":1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "MARKER"},
    ],
    "prediction": {"type": "content", "content": "MARKER"},
    "tools": [{"type": "function", "function": {"name": "f", "description": "MARKER", "parameters": SCHEMA}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "description": "MARKER", "schema": SCHEMA},
    },
    "stop": ["MARKER"],
    "metadata": {"type": "MARKER"},
    "web_search_options": {
        "user_location": {"type": "approximate", "approximate": {"city": "MARKER", "country": "DE"}}
    },
    "reasoning_effort": "low",
    "service_tier": "auto",
    "user": "u",
    "brand_new": ["MARKER", {"deep": "MARKER"}],
}


def test_every_word_that_somebody_wrote_is_a_text_and_the_request_stays_valid() -> None:
    accept(check_every_marker_is_a_text(texts, REQUEST), PromptHead(), a_snapshot())


def test_words_that_a_signature_covers_and_arguments_say_so() -> None:
    found = {form.value for _, _, form in texts(strict_json.read(json.dumps(REQUEST).encode()))}
    assert found == {"text", "json", "signed"}


def test_arguments_that_were_cut_off_are_masked_as_a_whole() -> None:
    calls = [{"type": "function", "id": "c", "function": {"name": "f", "arguments": '{"a": "MARK'}}]
    body = masked_body(texts, json.dumps({"messages": [{"role": "assistant", "tool_calls": calls}]}).encode())
    assert b'"{\\"x\\": \\"xxxx"' in body


@given(asked=conversations())
@settings(database=None, max_examples=examples(100))
def test_masking_the_texts_masks_the_conversation_and_nothing_else(asked: Conversation) -> None:
    body = rendered(asked, accepts_store=True).body.replace(b'"lab/small"', b'"small"', 1)
    assert _read(masked_body(texts, body)) == masked_conversation(_read(body))


def _read(body: bytes) -> Conversation:
    return conversation(accept(body, PromptHead(), a_snapshot())[1])
