"""generateContent as Google publishes it: whole parts in chunks, usage beside them, CRLF between events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.sdk.scenarios import Answer
from tests.sdk.shapes.seen import Seen, spoken

PATH: Final = "enerateContent"
REFUSED: Final = {
    "error": {
        "code": 400,
        "message": "The input token count exceeds the maximum number of tokens allowed 8192.",
        "status": "INVALID_ARGUMENT",
    }
}


def usage(answer: Answer) -> dict[str, Any]:
    """Thoughts are not counted among the candidates' tokens."""
    tokens = answer.tokens
    counted: dict[str, Any] = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.input}],
    }
    if tokens.cached:
        counted["cachedContentTokenCount"] = tokens.cached
        counted["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": tokens.cached}]
    return {**counted, "thoughtsTokenCount": tokens.reasoning} if tokens.reasoning else counted


def whole(answer: Answer, model: str) -> dict[str, Any]:
    thoughts, texts, calls = _parts(answer)
    joined = [{**same[0], "text": "".join(p["text"] for p in same)} for same in (thoughts, texts) if same]
    if answer.signature and not calls:
        joined[-1]["thoughtSignature"] = answer.signature
    return _reply(answer, model, [*joined, *calls], last=True)


def stream(answer: Answer, model: str) -> Iterator[bytes]:
    thoughts, texts, calls = _parts(answer)
    signed = [{"text": "", "thoughtSignature": answer.signature}] if answer.signature and not calls else []
    for part in [*thoughts, *texts]:
        yield _event(_reply(answer, model, [part], last=False))
    if answer.ends == "failed":
        yield _event({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}})
    if answer.ends == "whole":
        yield _event(_reply(answer, model, calls or signed or [{"text": ""}], last=True))


def _parts(answer: Answer) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Thoughts, words and calls. A call is one part; the signature stands on the first of them."""
    calls: list[dict[str, Any]] = [
        {"functionCall": {"id": call.id, "name": call.name, "args": dict(call.arguments)}} for call in answer.calls
    ]
    if calls and answer.signature:
        calls[0]["thoughtSignature"] = answer.signature
    return [{"text": piece, "thought": True} for piece in answer.reasoning], [{"text": p} for p in answer.text], calls


def _reply(answer: Answer, model: str, parts: list[dict[str, Any]], *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if last:
        candidate["finishReason"] = "MAX_TOKENS" if answer.finish == "length" else "STOP"
    return {
        "candidates": [candidate],
        "usageMetadata": usage(answer),
        "modelVersion": model,
        "responseId": "Scripted1",
    }


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\r\n\r\n"


def seen(body: Mapping[str, Any], path: str) -> Seen:
    """What reached the provider."""
    turns: list[dict[str, Any]] = body["contents"]
    parts = [part for turn in turns for part in turn["parts"]]
    config = _either(body, "generationConfig", {})
    declared = [f for tool in body.get("tools", ()) for f in _either(tool, "functionDeclarations")]
    results = [found for part in parts if (found := _either(part, "functionResponse"))]
    calls = [found for part in parts if (found := _either(part, "functionCall"))]
    thinking = _either(config, "thinkingConfig", {})
    return Seen(
        model=path.partition("/models/")[2].rpartition(":")[0],
        system=spoken([_either(body, "systemInstruction", {}).get("parts")]),
        said=spoken(turn["parts"] for turn in turns if turn["role"] == "user"),
        images=tuple(_plain(found["data"]) for part in parts if (found := _either(part, "inlineData"))),
        tools={f["name"]: _either(f, "parametersJsonSchema") or f["parameters"] for f in declared},
        calls=tuple((call["name"], call["args"]) for call in calls),
        results=tuple((r["name"], _result(r["response"])) for r in results),
        shape=_either(config, "responseJsonSchema") or _either(config, "responseSchema"),
        streaming=":streamGenerateContent" in path,
        output_limit=_either(config, "maxOutputTokens"),
        reasons=bool(_either(thinking, "thinkingLevel") or _either(thinking, "thinkingBudget")),
        shows=bool(_either(thinking, "includeThoughts")),
        thoughts=tuple(part["text"] for part in parts if part.get("thought")),
        signatures=tuple(found for part in parts if (found := _either(part, "thoughtSignature"))),
    )


def _either(of: Mapping[str, Any], name: str, otherwise: Any = None) -> Any:
    """A member under its name or under its name in snake case: Google takes both, and its SDK sends both."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return of.get(name, of.get(snake, otherwise))


def _result(response: Mapping[str, Any]) -> str:
    """A result is an object here: what the tool said stands in it under a name that everybody chooses."""
    said = next((value for name, value in response.items() if name != "name"), None)
    return said if isinstance(said, str) else json.dumps(response)


def _plain(data: str) -> str:
    """Base64 in one alphabet: Google takes both, and its Python SDK sends the one for addresses."""
    return data.translate(str.maketrans("-_", "+/"))
