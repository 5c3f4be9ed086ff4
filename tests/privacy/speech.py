"""Requests of every dialect with a marker in every place that a client may fill, sent as its SDK sends them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.privacy import client
from tests.privacy.hunt import marker

IDENTIFIERS: Final = ("user", "safety identifier", "cache key", "metadata user", "machine", "billing")
"""Places of words with which a client says who and where it is. No provider may read them."""

_OF_AGENTS: Final = (
    "x-stainless-os x-stainless-runtime x-app x-claude-code-session-id x-codex-turn-metadata x-codex-window-id "
    "session-id thread-id originator x-session-affinity x-client-request-id x-goog-user-project x-goog-api-client "
    "chatgpt-account-id openai-organization openai-project x-real-ip forwarded via"
).split()


def headers(scene: str) -> tuple[tuple[str, str], ...]:
    """What agents and proxies say of the client, its session and its machine."""
    return tuple((name, marker(scene, f"header {name}")) for name in _OF_AGENTS)


def picture(scene: str, place: str = "picture") -> str:
    """Base64 of bytes with a marker in them."""
    return base64.b64encode(b"\x89PNG\r\n" + marker(scene, place).encode()).decode()


def chat(scene: str, model: str) -> dict[str, Any]:
    m = _placed(scene)
    said = client.body(scene, model=model, seed=7, max_tokens=50, client_metadata={"x-installation": m("machine")})
    _, named, parts, calling, _ = said["messages"]
    named["content"] = m("question")
    parts["content"] += [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture(scene)}"}},
        {
            "type": "file",
            "file": {"filename": f"{m('file name')}.pdf", "file_data": _pdf(scene)},
        },
    ]
    thought = {"type": "reasoning.text", "text": m("thought"), "signature": m("signature")}
    calling |= {"content": m("answer"), "reasoning_content": m("thought"), "reasoning_details": [thought]}
    return said


def responses(scene: str, model: str) -> dict[str, Any]:
    m = _placed(scene)
    user = [
        {"type": "input_text", "text": m("question"), m("part key"): 1},
        {"type": "input_image", "image_url": f"data:image/png;base64,{picture(scene)}"},
        {"type": "input_file", "filename": f"{m('file name')}.pdf", "file_data": _pdf(scene)},
    ]
    thought = {"type": "summary_text", "text": m("thought")}
    return {
        "model": model,
        "instructions": m("system"),
        "input": [
            {"role": "developer", "content": m("developer")},
            {"role": "user", "content": user},
            {
                "type": "reasoning",
                "id": f"rs_{m('thought id')}",
                "summary": [thought],
                "encrypted_content": m("signature"),
            },
            {
                "type": "function_call",
                "call_id": m("call id"),
                "name": m("tool name"),
                "arguments": json.dumps({m("argument name"): m("argument")}),
            },
            {"type": "function_call_output", "call_id": m("call id"), "output": m("result")},
        ],
        "tools": [{"type": "function", "name": m("tool name"), **_described(m, "parameters")}],
        "max_output_tokens": 50,
        "user": m("user"),
        "safety_identifier": m("safety identifier"),
        "prompt_cache_key": m("cache key"),
        "metadata": {m("metadata name"): m("metadata")},
        "client_metadata": {"x-installation": m("machine")},
        m("member"): m("member value"),
    }


def messages(scene: str, model: str) -> dict[str, Any]:
    m = _placed(scene)
    shown = {"type": "base64", "media_type": "image/png", "data": picture(scene)}
    paper = {"type": "base64", "media_type": "application/pdf", "data": picture(scene, "paper")}
    return {
        "model": model,
        "max_tokens": 50,
        "system": [
            {"type": "text", "text": f"x-anthropic-billing-header: {m('billing')}"},
            {"type": "text", "text": m("system"), "cache_control": {"type": "ephemeral"}},
        ],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": m("question"), m("part key"): 1},
                    {"type": "image", "source": shown},
                    {"type": "document", "source": paper, "title": m("file name"), "context": m("context")},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": m("thought"), "signature": m("signature")},
                    {"type": "redacted_thinking", "data": m("sealed thought")},
                    {"type": "text", "text": m("answer")},
                    {
                        "type": "tool_use",
                        "id": m("call id"),
                        "name": m("tool name"),
                        "input": {m("argument name"): m("argument")},
                    },
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": m("call id"), "content": m("result")}],
            },
        ],
        "tools": [{"name": m("tool name"), **_described(m, "input_schema")}],
        "stop_sequences": [m("stop")],
        "metadata": {"user_id": m("metadata user")},
        m("member"): m("member value"),
    }


def generate(scene: str, _: str) -> dict[str, Any]:
    m = _placed(scene)
    thinking = base64.b64encode(m("signature").encode()).decode()
    return {
        "systemInstruction": {"parts": [{"text": m("system")}]},
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": m("question")},
                    {"inlineData": {"mimeType": "image/png", "data": picture(scene)}},
                    {"inlineData": {"mimeType": "application/pdf", "data": picture(scene), "displayName": m("file")}},
                ],
            },
            {
                "role": "model",
                "parts": [
                    {"text": m("thought"), "thought": True},
                    {"text": m("answer"), "thoughtSignature": thinking},
                    {
                        "functionCall": {"name": m("tool name"), "args": {m("argument name"): m("argument")}},
                        "thoughtSignature": thinking,
                    },
                ],
            },
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": m("tool name"), "response": {m("key"): m("result")}}}],
            },
        ],
        "tools": [{"functionDeclarations": [{"name": m("tool name"), **_described(m, "parametersJsonSchema")}]}],
        "generationConfig": {"stopSequences": [m("stop")], "maxOutputTokens": 50, m("setting"): m("setting value")},
        "labels": {m("metadata name"): m("metadata")},
        m("member"): m("member value"),
    }


def embeddings(scene: str, model: str) -> dict[str, Any]:
    m = _placed(scene)
    texts = [m("question"), m("second question")]
    return {"model": model, "input": texts, "encoding_format": "float", "user": m("user"), m("member"): m("value")}


def embed_contents(scene: str, model: str) -> dict[str, Any]:
    m = _placed(scene)
    texts = (m("question"), m("second question"))
    asked = {"model": f"models/{model}", "taskType": "RETRIEVAL_DOCUMENT", "title": m("title"), m("member"): m("value")}
    return {"requests": [{**asked, "content": {"parts": [{"text": text}]}} for text in texts]}


def _placed(scene: str) -> Callable[[str], str]:
    return lambda place: marker(scene, place)


def _described(m: Callable[[str], str], schema: str) -> dict[str, Any]:
    properties = {m("property"): {"type": "string", "enum": [m("enum")], "description": m("description")}}
    return {"description": m("description"), schema: {"type": "object", "properties": properties}}


def _pdf(scene: str) -> str:
    return f"data:application/pdf;base64,{picture(scene, 'paper')}"


@dataclass(frozen=True, slots=True)
class Speech:
    """How a client of one dialect speaks. `key`: the header that its SDK puts the key in; empty where it is `?key=`.

    `path`, `streams` and `counts`: addresses, with the model's name where the dialect has it there; `counts` is empty
    where nothing is counted. `told`: headers of its own.
    """

    body: Callable[[str, str], dict[str, Any]]
    key: str
    path: str
    streams: str = ""
    counts: str = ""
    told: Callable[[str], tuple[tuple[str, str], ...]] = lambda _: ()

    def target(self, path: str, model: str, secret: str, scene: str) -> str:
        """The address with its query."""
        query = f"q={marker(scene, 'query')}" + ("" if self.key else f"&key={secret}")
        return path.format(model) + ("&" if "?" in path else "?") + query

    def headers(self, secret: str, scene: str) -> tuple[tuple[str, str], ...]:
        key = (("authorization", f"Bearer {secret}"),) if self.key == "authorization" else ((self.key, secret),)
        return (*client.JSON, *(key if self.key else ()), *self.told(scene), *headers(scene))


def _betas(scene: str) -> tuple[tuple[str, str], ...]:
    return (("anthropic-version", "2023-06-01"), ("anthropic-beta", beta(scene)))


def beta(scene: str) -> str:
    """One that is known, one that has the form of one, and one that has not."""
    return f"pdfs-2024-09-25,{marker(scene, 'beta').lower()}-2026-01-01,{marker(scene, 'word')}"


_GOOGLE: Final = "/v1beta/models/{}:"
SPEECH: Final[Mapping[str, Speech]] = {
    "openai_chat": Speech(chat, "authorization", "/v1/chat/completions"),
    "openai_responses": Speech(responses, "api-key", "/v1/responses", counts="/v1/responses/input_tokens"),
    "anthropic_messages": Speech(
        messages, "x-api-key", "/v1/messages?beta=true", counts="/v1/messages/count_tokens?beta=true", told=_betas
    ),
    "google_generate": Speech(
        generate,
        "",
        f"{_GOOGLE}generateContent",
        streams=f"{_GOOGLE}streamGenerateContent?alt=sse",
        counts=f"{_GOOGLE}countTokens",
    ),
    "openai_embeddings": Speech(embeddings, "authorization", "/v1/embeddings"),
    "google_embeddings": Speech(embed_contents, "x-goog-api-key", f"{_GOOGLE}batchEmbedContents"),
}
