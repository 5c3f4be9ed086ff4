"""The texts of a request: everything that somebody wrote, and no word of the protocol."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from gateway.dialects.google_generate.decode import conversation
from gateway.dialects.google_generate.request import accept
from gateway.dialects.google_generate.survey import COUNTED
from gateway.dialects.google_generate.texts import texts
from gateway.dialects.neutral import Conversation
from gateway.dialects.prompt import PromptHead
from tests.builders import a_snapshot
from tests.dialects.google_generate.strategies import UNKEPT, conversations
from tests.dialects.google_generate.test_encode import sent
from tests.dialects.masking import check_every_marker_is_a_text, masked_body, masked_conversation

ASKED = PromptHead(model="small", verb="generateContent")
SCHEMA = {"type": "OBJECT", "properties": {"name": {"type": "STRING", "description": "MARKER"}}, "required": ["name"]}
REQUEST: dict[str, Any] = {
    "provider": {"only": ["alpha"]},
    "system_instruction": {"parts": [{"text": "MARKER"}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "MARKER"},
                {"inline_data": {"mime_type": "image/png", "data": "AAAA", "display_name": "MARKER.png"}},
                {
                    "fileData": {
                        "mimeType": "application/pdf",
                        "fileUri": "https://x.test/a",
                        "displayName": "MARKER.pdf",
                    }
                },
            ],
        },
        {
            "role": "model",
            "parts": [
                {"text": "MARKER", "thought": True, "thoughtSignature": "AAAA"},
                {"functionCall": {"id": "c", "name": "f", "args": {"name": "MARKER", "deep": ["MARKER"]}}},
                {"executableCode": {"language": "PYTHON", "code": "MARKER"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "MARKER"}},
            ],
        },
        {
            "role": "user",
            "parts": [{"function_response": {"name": "f", "response": {"type": "MARKER", "id": "MARKER"}}}],
        },
    ],
    "tools": [
        {
            "functionDeclarations": [
                {"name": "f", "description": "MARKER", "parameters": SCHEMA, "response": SCHEMA},
                {"name": "g", "parametersJsonSchema": SCHEMA},
            ]
        }
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": {
        "stopSequences": ["MARKER"],
        "responseMimeType": "application/json",
        "responseSchema": SCHEMA,
        "responseModalities": ["TEXT"],
        "thinkingConfig": {"thinkingLevel": "LOW"},
    },
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "labels": {"name": "MARKER"},
    "brandNew": {"deep": "MARKER"},
}


def test_every_word_that_somebody_wrote_is_a_text_and_the_request_stays_valid() -> None:
    accept(check_every_marker_is_a_text(texts, REQUEST), ASKED, a_snapshot())


def test_a_request_inside_a_count_has_the_same_texts() -> None:
    check_every_marker_is_a_text(texts, {COUNTED: {"model": "models/small", **REQUEST}})


@UNKEPT
@given(asked=conversations())
def test_masking_the_texts_masks_the_conversation_and_nothing_else(asked: Conversation) -> None:
    body = sent(asked).body
    assert _read(masked_body(texts, body)) == masked_conversation(_read(body))


def _read(body: bytes) -> Conversation:
    return conversation(accept(body, ASKED, a_snapshot())[1])
