"""Replies of every dialect with a marker in every place that a provider may fill: known ones, and ones it made up."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from tests.privacy import stage
from tests.privacy.hunt import marker
from tests.scripted import chunk

Json: TypeAlias = dict[str, Any]

KINDS: Final = ("kind", "item kind", "block kind", "part kind", "delta kind")
"""Places of kinds that are in no table."""


def _made_up(scene: str, known: Json) -> Json:
    return {**known, marker(scene, "output member"): marker(scene, "output value")}


def _arguments(scene: str) -> str:
    return json.dumps({marker(scene, "output argument name"): marker(scene, "output argument")})


# --- whole -----------------------------------------------------------------------------------------------------------


def chat(scene: str) -> Json:
    said: Json = stage.said(scene)
    said["reasoning_details"] = [{"type": marker(scene, "kind"), "data": marker(scene, "proof")}]
    said["annotations"] = [{"type": marker(scene, "kind")}]
    choice = {"message": _made_up(scene, said), "finish_reason": marker(scene, "reason")}
    usage = _made_up(scene, stage.USAGE)
    tier = marker(scene, "tier")
    found: Json = json.loads(stage.completion(scene, choice, usage=usage, service_tier=tier, citations=[tier]))
    return found


def responses(scene: str) -> Json:
    return {
        "id": f"resp_{marker(scene, 'reply id')}",
        "object": "response",
        "created_at": 1,
        "model": marker(scene, "reply model"),
        "status": "completed",
        "service_tier": marker(scene, "tier"),
        "output": [*_items(scene), {"type": marker(scene, "item kind"), "id": marker(scene, "item id")}],
        "usage": {"input_tokens": 50, "output_tokens": 7, "total_tokens": 57, marker(scene, "usage"): 1},
    }


def _items(scene: str) -> list[Json]:
    text = {"type": "output_text", "text": marker(scene, "output"), "annotations": [{"type": marker(scene, "kind")}]}
    return [
        {
            "type": "reasoning",
            "id": f"rs_{marker(scene, 'thought')}",
            "summary": [{"type": "summary_text", "text": marker(scene, "output reasoning")}],
            "encrypted_content": marker(scene, "proof"),
        },
        {"type": "message", "id": marker(scene, "item id"), "role": "assistant", "content": [text]},
        {
            "type": "function_call",
            "id": marker(scene, "item id"),
            "call_id": marker(scene, "output call id"),
            "name": marker(scene, "output tool"),
            "arguments": _arguments(scene),
        },
    ]


def messages(scene: str) -> Json:
    return {
        "id": f"msg_{marker(scene, 'reply id')}",
        "type": "message",
        "role": "assistant",
        "model": marker(scene, "reply model"),
        "content": [*_blocks(scene), {"type": marker(scene, "block kind"), "text": marker(scene, "block")}],
        "stop_reason": marker(scene, "reason"),
        "stop_sequence": marker(scene, "sequence"),
        "usage": {"input_tokens": 50, "output_tokens": 7, "service_tier": marker(scene, "tier"), "speed": "standard"},
        "container": {"id": marker(scene, "container")},
    }


def _blocks(scene: str) -> list[Json]:
    call = {"type": "tool_use", "id": marker(scene, "output call id"), "name": marker(scene, "output tool")}
    return [
        {"type": "thinking", "thinking": marker(scene, "output reasoning"), "signature": marker(scene, "proof")},
        {"type": "redacted_thinking", "data": marker(scene, "sealed")},
        {"type": "text", "text": marker(scene, "output"), "citations": [{"type": marker(scene, "citation")}]},
        {**call, "input": json.loads(_arguments(scene))},
    ]


def generate(scene: str) -> Json:
    proof = base64.b64encode(marker(scene, "proof").encode()).decode()
    call = {"name": marker(scene, "output tool"), "args": json.loads(_arguments(scene))}
    parts: list[Json] = [
        {"text": marker(scene, "output reasoning"), "thought": True, "thoughtSignature": proof},
        {"text": marker(scene, "output")},
        {"functionCall": call, "thoughtSignature": proof},
        {marker(scene, "part kind"): {"text": marker(scene, "part")}},
        {"executableCode": {"language": marker(scene, "language"), "code": marker(scene, "code")}},
    ]
    counted = [{"modality": marker(scene, "modality"), "tokenCount": 50}]
    return {
        "candidates": [
            {
                "content": {"role": "model", "parts": parts},
                "finishReason": marker(scene, "reason"),
                "groundingMetadata": {"webSearchQueries": [marker(scene, "search")]},
                "safetyRatings": [{"category": marker(scene, "category")}],
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 50,
            "candidatesTokenCount": 7,
            "totalTokenCount": 57,
            "promptTokensDetails": counted,
            "trafficType": marker(scene, "tier"),
        },
        "responseId": marker(scene, "reply id"),
        "modelVersion": marker(scene, "reply model"),
    }


def vectors(scene: str) -> Json:
    made = [{"object": "embedding", "index": place, "embedding": [0.5, -1.0]} for place in (0, 1)]
    usage = {"prompt_tokens": 9, "total_tokens": 9, marker(scene, "usage"): 1}
    return {"object": marker(scene, "kind"), "model": marker(scene, "reply model"), "data": made, "usage": usage}


def embedded(scene: str) -> Json:
    return _made_up(scene, {"embeddings": [{"values": [0.5, -1.0]}, {"values": [0.25, 2.0]}]})


WHOLE: Final[Mapping[str, Callable[[str], Json]]] = {
    "openai_chat": chat,
    "openai_responses": responses,
    "anthropic_messages": messages,
    "google_generate": generate,
    "openai_embeddings": vectors,
    "google_embeddings": embedded,
}
COUNTED: Final[Mapping[str, Callable[[str], Json]]] = {
    "openai_responses": lambda scene: _made_up(scene, {"object": "response.input_tokens", "input_tokens": 7}),
    "anthropic_messages": lambda scene: _made_up(scene, {"input_tokens": 7}),
    "google_generate": lambda scene: _made_up(scene, {"totalTokens": 7}),
}


# --- in pieces -------------------------------------------------------------------------------------------------------


def _chat_begins(scene: str) -> Iterator[Json]:
    yield json.loads(stage.completion(scene, {"delta": chat(scene)["choices"][0]["message"]}))


def _chat_ends(scene: str) -> Iterator[Json]:
    yield json.loads(stage.completion(scene, {"delta": {}, "finish_reason": marker(scene, "reason")}))
    yield json.loads(stage.completion(scene, {"delta": {}}, usage=stage.USAGE))


def _responses_begins(scene: str) -> Iterator[Json]:
    begun = {**responses(scene), "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": begun}
    yield {"type": f"response.{marker(scene, 'event')}", "delta": marker(scene, "delta")}
    for place, item in enumerate(responses(scene)["output"]):
        yield {"type": "response.output_item.done", "output_index": place, "item": item}


def _responses_ends(scene: str) -> Iterator[Json]:
    yield {"type": "response.completed", "response": responses(scene)}


def _messages_begins(scene: str) -> Iterator[Json]:
    yield {"type": "message_start", "message": {**messages(scene), "content": []}}
    yield {"type": marker(scene, "event"), "text": marker(scene, "event text")}
    for place, block in enumerate(messages(scene)["content"]):
        yield {"type": "content_block_start", "index": place, "content_block": block}
        made_up = {"type": marker(scene, "delta kind"), "text": marker(scene, "delta")}
        yield {"type": "content_block_delta", "index": place, "delta": made_up}
        yield {"type": "content_block_stop", "index": place}


def _messages_ends(scene: str) -> Iterator[Json]:
    whole = messages(scene)
    stopped = {name: whole[name] for name in ("stop_reason", "stop_sequence")}
    yield {"type": "message_delta", "delta": stopped, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def _generate_begins(scene: str) -> Iterator[Json]:
    begun = generate(scene)
    del begun["candidates"][0]["finishReason"]
    yield begun


def _generate_ends(scene: str) -> Iterator[Json]:
    yield generate(scene)


_BEGINS: Final = {
    "openai_chat": _chat_begins,
    "openai_responses": _responses_begins,
    "anthropic_messages": _messages_begins,
    "google_generate": _generate_begins,
}
_ENDS: Final = {
    "openai_chat": _chat_ends,
    "openai_responses": _responses_ends,
    "anthropic_messages": _messages_ends,
    "google_generate": _generate_ends,
}


def begins(dialect: str, scene: str) -> bytes:
    """All that is said, and no end; a comment and an unknown field of an event among it."""
    aside = f": {marker(scene, 'comment')}\nid: {marker(scene, 'event id')}\n\n".encode()
    return chunk(aside) + b"".join(chunk(event(said)) for said in _BEGINS[dialect](scene))


def ends(dialect: str, scene: str) -> bytes:
    return b"".join(chunk(event(said)) for said in _ENDS[dialect](scene))


def event(said: Json) -> bytes:
    """One event, named as its dialect names it."""
    kind = said.get("type")
    name = f"event: {kind}\n" if isinstance(kind, str) else ""
    return f"{name}data: {json.dumps(said)}\n\n".encode()
