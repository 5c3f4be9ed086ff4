"""Whatever is done to a request: under a zero-retention bound it is refused by name, or it leaves without any state."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.core.operation import CHAT, COMPLETIONS, EMBEDDINGS
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.prompt import PromptHead
from gateway.dialects.registry import REGISTRY
from tests.builders import a_connection, a_provider, a_route, a_snapshot
from tests.dialects import stateless
from tests.strategies import examples

ORDERS = RequestOverrides()
PNG = "data:image/png;base64,iVBORw0KGgo="

TOOL = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}
REQUESTS: dict[str, tuple[dict[str, Any], PromptHead, stateless.Check]] = {
    "openai_chat": (
        {
            "model": "small",
            "messages": [
                {"role": "system", "content": "be kind"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "hi"},
                        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                        {"type": "file", "file": {"file_data": "AAAA", "filename": "a.pdf"}},
                        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                },
                {"role": "tool", "tool_call_id": "c", "content": "7"},
            ],
            "store": False,
            "temperature": 0.5,
            "seed": 1,
            "stop": ["x"],
            "metadata": {"a": "b"},
            "tools": [{"type": "function", "function": TOOL}],
            "tool_choice": "auto",
            "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "strict": True}},
        },
        PromptHead(),
        stateless.CHAT,
    ),
    "openai_responses": (
        {
            "model": "small",
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "hi"},
                        {"type": "input_image", "image_url": PNG, "detail": "low"},
                        {"type": "input_file", "file_data": "AAAA", "filename": "a.pdf"},
                    ],
                },
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "id": "fc_1"},
                {"type": "function_call_output", "call_id": "c", "output": "7"},
            ],
            "store": False,
            "instructions": "be kind",
            "temperature": 0.5,
            "metadata": {"a": "b"},
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": "low"},
            "tools": [{"type": "function", **TOOL}],
            "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
        },
        PromptHead(),
        stateless.RESPONSES,
    ),
    "anthropic_messages": (
        {
            "model": "small",
            "max_tokens": 100,
            "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral", "ttl": "5m"}}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "hi"},
                        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                        {"type": "document", "title": "t", "source": {"type": "text", "data": "x"}},
                    ],
                },
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}]},
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "7"}]}
                    ],
                },
            ],
            "temperature": 0.5,
            "stop_sequences": ["x"],
            "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "auto"},
        },
        PromptHead(),
        stateless.MESSAGES,
    ),
    "google_generate": (
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
                },
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"b": 2}}}]},
            ],
            "systemInstruction": {"parts": [{"text": "be kind"}]},
            "store": False,
            "generationConfig": {
                "temperature": 0.5,
                "stopSequences": ["x"],
                "responseSchema": {},
                "thinkingConfig": {"thinkingLevel": "LOW"},
            },
            "tools": [{"functionDeclarations": [TOOL]}],
            "safetySettings": [{"category": "c", "threshold": "t"}],
            "labels": {"a": "b"},
        },
        PromptHead(model="small", verb="generateContent"),
        stateless.GENERATE,
    ),
    "openai_completions": (
        {
            "model": "small",
            "prompt": ["hi", "you"],
            "suffix": "there",
            "max_tokens": 5,
            "n": 2,
            "best_of": 3,
            "echo": False,
            "logprobs": 2,
            "stop": ["a"],
            "stream": False,
            "stream_options": {"include_usage": True},
            "logit_bias": {"50256": -100},
            "temperature": 0.5,
        },
        PromptHead(operation=COMPLETIONS),
        stateless.COMPLETIONS,
    ),
    "openai_embeddings": (
        {"model": "small", "input": ["hi", "you"], "dimensions": 7, "encoding_format": "float"},
        PromptHead(operation=EMBEDDINGS),
        stateless.EMBEDDINGS,
    ),
    "google_embeddings": (
        {"content": {"parts": [{"text": "hi"}]}, "taskType": "x", "title": "t", "outputDimensionality": 7},
        PromptHead(operation=EMBEDDINGS, model="small", verb="embedContent"),
        stateless.EMBED_CONTENT,
    ),
}

NAMES = st.sampled_from(
    "file_id fileId file_url file_uri fileUri url image_url store thread container conversation previous_response_id "
    "prompt cachedContent cached_content background id tools mcp_servers server_url vector_store_ids data file "
    "container_id session_id cache_control ttl continuationToken source type plugins".split()
)
VALUES = st.sampled_from(
    [
        None,
        "",
        False,
        True,
        0,
        1,
        "https://x.test/a",
        "gs://bucket/a",
        "file-1",
        [],
        {},
        {"file_id": "file-1"},
        {"type": "file", "file_id": "file-1"},
        {"type": "item_reference", "id": "x"},
        {"type": "web_search"},
        {"url": "https://x.test/"},
        ["file-1"],
        [{"type": "mcp", "server_url": "https://x.test/"}],
        "web_search",
        "1h",
    ]
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (object or list, key) of a request."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


@st.composite
def mutated(draw: st.DrawFn, request: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(request)
    for _ in range(draw(st.integers(1, 3))):
        holders = list(places(changed))
        holder, key = holders[draw(st.integers(0, len(holders) - 1))]
        match draw(st.sampled_from(["rename", "retype", "wrap", "add", "remove"])):
            case "rename" if isinstance(holder, dict):
                holder[draw(NAMES)] = holder.pop(key)
            case "wrap":
                holder[key] = draw(st.sampled_from([lambda v: [v], lambda v: {"value": v}]))(holder[key])
            case "add" if isinstance(holder, dict):
                holder[draw(NAMES)] = copy.deepcopy(draw(VALUES))
            case "remove" if isinstance(holder, dict):
                del holder[key]
            case _:
                holder[key] = copy.deepcopy(draw(VALUES))
    return changed


def leaves(name: str, request: dict[str, Any], asked: PromptHead) -> dict[str, Any] | None:
    """The request as it leaves for a provider under a zero-retention bound; None where it is refused by name."""
    dialect = REGISTRY[name]
    try:
        demand, prompt = dialect.accept(json.dumps(request).encode(), asked, a_snapshot())
    except (InvalidRequest, ModelNotFound):
        return None
    if demand.features:
        return None
    route = a_route(a_provider(connection=a_connection(dialect=name, accepts_store=True)))
    sent: dict[str, Any] = json.loads(dialect.passed(prompt, demand, route, ORDERS).body)
    return sent


@pytest.mark.parametrize("name", REQUESTS)
def test_the_plain_request_is_served_and_stateless(name: str) -> None:
    request, asked, is_stateless = REQUESTS[name]
    sent = leaves(name, request, asked)
    assert sent is not None
    assert is_stateless(sent)


def test_every_dialect_is_mutated() -> None:
    assert REQUESTS.keys() == REGISTRY.by_name.keys(), "languages of providers alone read no request"
    assert {asked.operation for _, asked, _ in REQUESTS.values()} == {CHAT, COMPLETIONS, EMBEDDINGS}


@pytest.mark.parametrize("name", REQUESTS)
@settings(database=None, deadline=None, max_examples=examples(400))
@given(data=st.data())
def test_a_mutated_request_is_refused_by_name_or_leaves_without_state(name: str, data: st.DataObject) -> None:
    request, asked, is_stateless = REQUESTS[name]
    changed = data.draw(mutated(request))
    sent = leaves(name, changed, asked)
    if sent is not None:
        assert is_stateless(sent)
