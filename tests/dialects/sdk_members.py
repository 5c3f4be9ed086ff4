"""Every member of the official SDKs' requests, and what becomes of it in each language of a provider.

`python -m tests.dialects.sdk_members > docs/translation-members.md`
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.core.errors import InvalidRequest
from gateway.core.operation import CHAT
from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.prompt import PromptHead
from gateway.dialects.registry import REGISTRY
from tests.builders import a_connection, a_provider, a_route, a_snapshot, some_abilities

_SCHEMA: Final = {"type": "object", "properties": {"a": {"type": "string"}}}
_FUNCTION: Final = {"name": "look", "parameters": _SCHEMA}
_HELLO: Final = [{"role": "user", "content": "hello"}]
_PARTS: Final = [{"role": "user", "parts": [{"text": "hello"}]}]

BASES: Final[Mapping[str, dict[str, Any]]] = {
    "openai_chat": {"model": "small", "messages": _HELLO},
    "openai_responses": {"model": "small", "input": "hello"},
    "anthropic_messages": {"model": "small", "messages": _HELLO, "max_tokens": 50},
    "google_generate": {"contents": _PARTS},
}
"""The least request of each dialect."""

SAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "openai_chat": {
        "audio": {"format": "wav", "voice": "alloy"},
        "frequency_penalty": 0.5,
        "function_call": {"name": "look"},
        "functions": [_FUNCTION],
        "logit_bias": {"7": 1},
        "logprobs": True,
        "max_completion_tokens": 40,
        "max_tokens": 40,
        "metadata": {"a": "b"},
        "modalities": ["text", "audio"],
        "moderation": {"model": "omni-moderation-latest"},
        "n": 2,
        "parallel_tool_calls": False,
        "prediction": {"type": "content", "content": "x"},
        "presence_penalty": 0.5,
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "implicit"},
        "prompt_cache_retention": "24h",
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": _SCHEMA}},
        "safety_identifier": "u",
        "seed": 7,
        "service_tier": "flex",
        "stop": ["x"],
        "store": True,
        "stream_options": {"include_obfuscation": True},
        "temperature": 0.5,
        "tool_choice": "required",
        "tools": [{"type": "function", "function": _FUNCTION}],
        "top_logprobs": 3,
        "top_p": 0.5,
        "user": "u",
        "verbosity": "low",
        "web_search_options": {},
    },
    "openai_responses": {
        "access_programs": ["x"],
        "background": True,
        "background_options": {"priority": "low"},
        "context_management": [{"type": "compaction", "compact_threshold": 1000}],
        "conversation": "conv_1",
        "image": {"size": "auto"},
        "include": ["reasoning.encrypted_content"],
        "instructions": "be kind",
        "max_output_tokens": 40,
        "max_tool_calls": 2,
        "metadata": {"a": "b"},
        "moderation": {"model": "omni-moderation-latest"},
        "parallel_tool_calls": False,
        "previous_response_id": "resp_1",
        "prompt": {"id": "pmpt_1"},
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "implicit"},
        "prompt_cache_retention": "24h",
        "reasoning": {"effort": "low"},
        "safety_identifier": "u",
        "service_tier": "flex",
        "store": True,
        "stream_options": {"include_obfuscation": True},
        "temperature": 0.5,
        "text": {"format": {"type": "json_schema", "name": "s", "schema": _SCHEMA}},
        "tool_choice": "required",
        "tools": [{"type": "function", **_FUNCTION}],
        "top_logprobs": 3,
        "top_p": 0.5,
        "truncation": "auto",
        "user": "u",
    },
    "anthropic_messages": {
        "billing_policy": "standard",
        "betas": ["x"],
        "cache_control": {"type": "ephemeral"},
        "compaction": {"enabled": True},
        "container": "container_1",
        "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
        "diagnostics": {"enabled": True},
        "fallback_credit_token": "x",
        "fallbacks": [{"model": "claude-haiku-5-5"}],
        "inference_geo": "us",
        "mcp_servers": [{"type": "url", "url": "https://x.test/", "name": "x"}],
        "metadata": {"user_id": "u"},
        "output_config": {"effort": "low"},
        "service_tier": "standard_only",
        "speed": "fast",
        "stop_sequences": ["x"],
        "system": "be kind",
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "thread": {"id": "thread_1"},
        "tool_choice": {"type": "any"},
        "tools": [{"name": "look", "input_schema": _SCHEMA}],
        "user_profile_id": "u",
        "workspace_id": "w",
    },
    "google_generate": {
        "cachedContent": "cachedContents/1",
        "continuationToken": "x",
        "labels": {"a": "b"},
        "modelArmorConfig": {"promptTemplateName": "x"},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "serviceTier": "flex",
        "store": True,
        "systemInstruction": {"parts": [{"text": "be kind"}]},
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "tools": [{"functionDeclarations": [_FUNCTION]}],
        **{
            f"generationConfig.{name}": value
            for name, value in {
                "audioTimestamp": True,
                "audioTranscriptionConfig": {"languageCodes": ["en"]},
                "candidateCount": 2,
                "enableAffectiveDialog": True,
                "enableEnhancedCivicAnswers": True,
                "frequencyPenalty": 0.5,
                "imageConfig": {"aspectRatio": "1:1"},
                "logprobs": 3,
                "maxOutputTokens": 40,
                "mediaResolution": "MEDIA_RESOLUTION_LOW",
                "modelSelectionConfig": {"featureSelectionPreference": "BALANCED"},
                "presencePenalty": 0.5,
                "responseFormat": {"text": {"mimeType": "application/json"}},
                "responseJsonSchema": _SCHEMA,
                "responseLogprobs": True,
                "responseMimeType": "application/json",
                "responseModalities": ["TEXT", "IMAGE"],
                "responseSchema": _SCHEMA,
                "routingConfig": {"autoMode": {"modelRoutingPreference": "BALANCED"}},
                "seed": 7,
                "speechConfig": {"languageCode": "en"},
                "stopSequences": ["x"],
                "temperature": 0.5,
                "thinkingConfig": {"thinkingBudget": 1024},
                "topK": 5,
                "topP": 0.5,
                "translationConfig": {"targetLanguageCode": "en"},
            }.items()
        },
    },
}
"""Dialect -> member of the SDK's request -> a value that says something."""

BESIDE: Final[Mapping[str, Mapping[str, Any]]] = {
    "openai_chat": {"top_logprobs": {"logprobs": True}},
    "google_generate": {
        "generationConfig.logprobs": {"responseLogprobs": True},
        "generationConfig.responseJsonSchema": {"responseMimeType": "application/json"},
        "generationConfig.responseSchema": {"responseMimeType": "application/json"},
    },
}
"""Members that mean something beside others alone."""

_NEED_TOOLS: Final = frozenset({"tool_choice", "parallel_tool_calls", "function_call", "max_tool_calls", "toolConfig"})


def _base(client: str, member: str) -> dict[str, Any]:
    base = dict(BASES[client])
    if member in _NEED_TOOLS:
        tools = "functions" if member == "function_call" else "tools"
        base[tools] = SAMPLES[client][tools]
    return base


def _with(client: str, member: str) -> dict[str, Any]:
    base, (outer, _, inner) = _base(client, member), member.partition(".")
    value, beside = SAMPLES[client][member], BESIDE.get(client, {}).get(member, {})
    return {**base, outer: {**beside, inner: value}} if inner else {**base, **beside, outer: value}


def wires(client: str) -> list[str]:
    """The other languages in which providers of chat models are asked."""
    return [name for name in REGISTRY.answering(CHAT) if name != client]


def fate(client: str, member: str, wire: str) -> str:
    """What becomes of a member of a client's request in `wire`."""
    try:
        body, names = _written(client, _with(client, member), wire)
    except (InvalidRequest, Unportable):
        return "refused"
    bare, already = _written(client, _base(client, member), wire)
    named = ", ".join(f"`{name}`" for name in names if name not in already)
    if body == bare:
        return f"dropped, named {named}" if named else "the default"
    return f"adapted, named {named}" if named else "carried"


def _written(client: str, request: dict[str, Any], wire: str) -> tuple[Any, tuple[str, ...]]:
    head = PromptHead(model="small", verb="generateContent") if client == "google_generate" else PromptHead()
    demand, prompt = REGISTRY[client].accept(json.dumps(request).encode(), head, a_snapshot())
    if demand.rests_on:
        raise Unportable(*(reliance.member for reliance in demand.rests_on))
    abilities = some_abilities(reasoning=True)
    route = a_route(a_provider(connection=a_connection(dialect=wire)), abilities=abilities)
    neutral = REGISTRY[client].conversation(prompt)
    found = REGISTRY.wires[wire].written(neutral, demand, route, RequestOverrides(pseudonym=str))
    return (json.loads(found.body), found.path), found.dropped


def page() -> str:
    """The page of the documents."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Member by member"
    yield ""
    yield "Each row is a member of a request of an official SDK, each column a language of providers; the words are"
    yield "those of [translation.md](translation.md). The table is generated from the code"
    yield "(`python -m tests.dialects.sdk_members > docs/translation-members.md`); a test keeps it current, and fails"
    yield "when an SDK gains a member that stands in no row."
    for client, samples in SAMPLES.items():
        columns = wires(client)
        yield ""
        yield f"## From `{client}`"
        yield ""
        yield f"| member | {' | '.join(f'`{name}`' for name in columns)} |"
        yield f"|---|{'---|' * len(columns)}"
        for member in samples:
            yield f"| `{member}` | {' | '.join(fate(client, member, wire) for wire in columns)} |"


if __name__ == "__main__":
    print(page(), end="")
