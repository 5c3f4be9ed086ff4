"""Of a provider's error only a code is believed, in whichever shape it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.provider_errors import CREDENTIAL, PASSED_CODES, code

LONG = "context_length_exceeded"


def google(reason: str = "", message: str = "Invalid.") -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}
    details: list[Any] = [info, {"@type": "type.googleapis.com/google.rpc.Help"}, "MARKER"]
    return {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": details}}


SHAPES: dict[str, tuple[Any, str]] = {
    "OpenAI": ({"error": {"message": "MARKER", "type": "invalid_request_error", "param": "x", "code": LONG}}, LONG),
    "OpenAI, nothing of ours": ({"error": {"message": "MARKER", "type": "x", "code": "insufficient_quota"}}, ""),
    "OpenAI, our key": ({"error": {"message": "MARKER", "code": "invalid_api_key"}}, CREDENTIAL),
    "a code in the type": ({"error": {"message": "MARKER", "type": "content_filter", "code": None}}, "content_filter"),
    "Anthropic": (
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "prompt is too long: 213 > 200 maximum"},
        },
        LONG,
    ),
    "Anthropic, nothing of ours": (
        {"type": "error", "error": {"type": "invalid_request_error", "message": "MARKER"}},
        "",
    ),
    "Google": (google(message="The input token count (9) exceeds the maximum number of tokens allowed (8)."), LONG),
    "Google, our key": (google("API_KEY_INVALID"), CREDENTIAL),
    "Google, our key is old": (google("API_KEY_EXPIRED"), CREDENTIAL),
    "Google, nothing of ours": (google("MARKER"), ""),
    "Google, a stream without events": ([google("API_KEY_INVALID")], CREDENTIAL),
    "Google, several": ([google("API_KEY_INVALID"), google()], ""),
    "Bedrock": ({"message": "Input is too long for requested model."}, LONG),
    "Bedrock, nothing of ours": ({"message": "MARKER"}, ""),
    "Mistral": ({"detail": "Unauthorized MARKER"}, ""),
    "Mistral, too long": ({"detail": "Prompt contains 9 tokens, which exceeds the context window of 8."}, LONG),
    "FastAPI": ({"detail": [{"loc": ["body", "x"], "msg": "MARKER", "type": "missing"}]}, ""),
    "Cohere": ({"id": "1", "message": "MARKER"}, ""),
    "Cohere, with a type": (
        {"id": "1", "message": "MARKER", "error_type": "x", "code": "invalid_value"},
        "invalid_value",
    ),
    "xAI": (
        {"code": "invalid-argument", "error": "This model's maximum prompt length is 8 but the request has 9."},
        LONG,
    ),
    "xAI, nothing of ours": ({"code": "invalid-argument", "error": "MARKER"}, ""),
    "vLLM": ({"object": "error", "message": "This model's maximum context length is 8 tokens.", "code": 400}, LONG),
    "Ollama": ({"error": "MARKER"}, ""),
    "Ollama, too long": ({"error": "the prompt exceeds the context length"}, LONG),
    "OpenRouter": ({"error": {"code": 400, "message": "MARKER", "metadata": {"raw": "MARKER"}}}, ""),
    "Azure": ({"error": {"code": "401", "message": "MARKER"}}, ""),
    "no object": ("MARKER", ""),
    "an empty list": ([], ""),
    "nothing": (None, ""),
    "an error that is a list": ({"error": ["MARKER"]}, ""),
    "details of another kind": ({"error": {"details": {"reason": "API_KEY_INVALID"}}}, ""),
    "a message of another kind": ({"message": ["prompt is too long"]}, ""),
}


@pytest.mark.parametrize(("body", "found"), SHAPES.values(), ids=SHAPES.keys())
def test_recorded_shapes(body: object, found: str) -> None:
    assert code(json.dumps(body).encode()) == found


@pytest.mark.parametrize("body", [b"", b"<html>MARKER</html>", b"\xff", b"{", b'{"error":'])
def test_what_is_no_json_says_nothing(body: bytes) -> None:
    assert code(body) == ""


@pytest.mark.parametrize("passed", sorted(PASSED_CODES))
def test_each_listed_code_is_passed_on(passed: str) -> None:
    assert code(json.dumps({"error": {"code": passed}}).encode()) == passed


def test_a_refused_key_is_ours_to_mend_whatever_else_is_said() -> None:
    assert code(b'{"error":{"code":"invalid_value","type":"invalid_api_key"}}') == CREDENTIAL


def test_a_code_counts_for_more_than_words() -> None:
    assert code(b'{"error":{"code":"invalid_value","message":"prompt is too long"}}') == "invalid_value"


NAMES = ["error", "message", "detail", "code", "type", "details", "reason", "id"]
WORDS = st.sampled_from(["MARKER", "prompt is too long", "invalid_value", "API_KEY_INVALID", ""])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 999) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_word_of_a_provider_ever_comes_through(body: object) -> None:
    assert code(json.dumps(body).encode()) in {*PASSED_CODES, CREDENTIAL, ""}
