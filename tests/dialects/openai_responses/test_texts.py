"""The texts of a request: everything that somebody wrote, and no word of the protocol."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings

from gateway.dialects.neutral import Conversation
from gateway.dialects.openai_responses.decode import conversation
from gateway.dialects.openai_responses.request import accept
from gateway.dialects.openai_responses.texts import texts
from gateway.dialects.prompt import PLAIN
from tests.builders import a_snapshot
from tests.dialects.masking import check_every_marker_is_a_text, masked_body, masked_conversation
from tests.dialects.openai_responses.strategies import conversations
from tests.dialects.openai_responses.test_encode import rendered

REQUEST: dict[str, Any] = {
    "model": "small",
    "instructions": "MARKER",
    "provider": {"only": ["alpha"]},
    "input": [
        {"role": "user", "content": "MARKER"},
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "MARKER"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
                {"type": "input_file", "file_data": "data:application/pdf;base64,AAAA", "filename": "MARKER.pdf"},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "MARKER"}],
            "encrypted_content": "AAAA",
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "MARKER"}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"type":"MARKER"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "MARKER"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "MARKER"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "MARKER"}]},
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "AAAA"},
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "MARKER"},
        },
        {"type": "shell_call", "call_id": "c3", "action": {"commands": ["MARKER"]}, "result": "MARKER"},
    ],
    "tools": [
        {
            "type": "function",
            "name": "f",
            "description": "MARKER",
            "parameters": {"type": "object", "properties": {"type": {"type": "string", "description": "MARKER"}}},
        },
        {"type": "mcp", "server_label": "s", "server_url": "https://x.test", "server_description": "MARKER"},
    ],
    "tool_choice": "auto",
    "text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object", "title": "MARKER"}}},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["reasoning.encrypted_content"],
    "prompt": {"id": "p", "variables": {"id": "MARKER"}},
    "metadata": {"id": "MARKER"},
    "truncation": "disabled",
    "brand_new": {"deep": ["MARKER"]},
}


def test_every_word_that_somebody_wrote_is_a_text_and_the_request_stays_valid() -> None:
    accept(check_every_marker_is_a_text(texts, REQUEST), PLAIN, a_snapshot())


@settings(database=None, deadline=None)
@given(asked=conversations())
def test_masking_the_texts_masks_the_conversation_and_nothing_else(asked: Conversation) -> None:
    body = json.dumps({**json.loads(rendered(asked).body), "model": "small"}).encode()
    assert _read(masked_body(texts, body)) == masked_conversation(_read(body))


def _read(body: bytes) -> Conversation:
    return conversation(accept(body, PLAIN, a_snapshot())[1])
