"""The texts of a request: everything that somebody wrote, and no word of the protocol."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from gateway.dialects.anthropic_messages.decode import conversation
from gateway.dialects.anthropic_messages.encode import written
from gateway.dialects.anthropic_messages.request import accept
from gateway.dialects.anthropic_messages.texts import texts
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.neutral import Conversation
from gateway.dialects.prompt import PLAIN
from tests.builders import a_demand
from tests.dialects.anthropic_messages.strategies import ANY_INPUT, conversations
from tests.dialects.anthropic_messages.test_encode import OWN_NAME, SNAPSHOT
from tests.dialects.masking import check_every_marker_is_a_text, masked_body, masked_conversation

SCHEMA = {"type": "object", "properties": {"data": {"type": "string", "description": "MARKER"}}, "required": ["data"]}
REQUEST: dict[str, Any] = {
    "model": "small",
    "max_tokens": 9,
    "provider": {"only": ["alpha"]},
    "system": [{"type": "text", "text": "MARKER", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "messages": [
        {"role": "user", "content": "MARKER"},
        {
            "role": "user",
            "content": [
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {
                    "type": "document",
                    "title": "MARKER.txt",
                    "context": "MARKER",
                    "source": {"type": "text", "media_type": "text/plain", "data": "MARKER"},
                },
                {
                    "type": "search_result",
                    "source": "MARKER",
                    "title": "MARKER",
                    "content": [{"type": "text", "text": "MARKER"}],
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "MARKER", "signature": "sig"},
                {"type": "redacted_thinking", "data": "AAAA"},
                {"type": "text", "text": "MARKER", "citations": [{"type": "char_location", "cited_text": "MARKER"}]},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"id": "MARKER", "deep": ["MARKER"]}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "MARKER"}]}],
        },
    ],
    "tools": [
        {"name": "f", "description": "MARKER", "input_schema": SCHEMA, "input_examples": [{"data": "MARKER"}]},
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "allowed_domains": ["x.test"],
            "user_location": {"type": "approximate", "city": "MARKER", "country": "DE", "timezone": "Europe/Berlin"},
        },
    ],
    "mcp_servers": [{"type": "url", "name": "s", "url": "https://x.test", "authorization_token": "t"}],
    "tool_choice": {"type": "tool", "name": "f"},
    "thinking": {"type": "adaptive", "display": "summarized"},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}},
    "stop_sequences": ["MARKER"],
    "metadata": {"user_id": "u"},
    "service_tier": "auto",
    "brand_new": ["MARKER"],
}


def test_every_word_that_somebody_wrote_is_a_text_and_the_request_stays_valid() -> None:
    accept(check_every_marker_is_a_text(texts, REQUEST), PLAIN, SNAPSHOT)


@ANY_INPUT
@given(asked=conversations())
def test_masking_the_texts_masks_the_conversation_and_nothing_else(asked: Conversation) -> None:
    body = written(asked, a_demand(), OWN_NAME, RequestOverrides(pseudonym=str)).body
    assert _read(masked_body(texts, body)) == masked_conversation(_read(body))


def _read(body: bytes) -> Conversation:
    return conversation(accept(body, PLAIN, SNAPSHOT)[1])
