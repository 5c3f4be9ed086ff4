"""Google's Gemini API: addresses, key, errors (wire contract §3, November 2026) and models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.sandbox import EMBEDDER, MODEL
from gateway.sandbox.answer import answer
from gateway.sandbox.fields import RequestObject, Wrong
from gateway.sandbox.reply_request import known
from gateway.sandbox.wires import google_generate
from gateway.sandbox.wires.google_embed import embed, embed_batch
from gateway.sandbox.wires.language import Handler, Language, PacedStream, SandboxCall, WireJson

_STATUSES: Final[Mapping[int, str]] = {
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def key(headers: Mapping[str, str]) -> str:
    return headers.get("x-goog-api-key", "")


def refusal(wrong: Wrong, call: SandboxCall) -> tuple[int, bytes]:
    """Google answers a wrong key with 400, and a stream without events is a list even then."""
    status = 400 if wrong.status == 401 else wrong.status
    error: dict[str, WireJson] = {
        "code": status,
        "message": wrong.message,
        "status": _STATUSES.get(status, "INVALID_ARGUMENT"),
    }
    if wrong.status == 401:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
    elif wrong.param:
        kind = "type.googleapis.com/google.rpc.BadRequest"
        violation = {"field": wrong.param, "description": wrong.message}
        error["details"] = [{"@type": kind, "fieldViolations": [violation]}]
    as_list = call.path.get("verb") == "streamGenerateContent" and call.query.get("alt") != "sse"
    return status, orjson.dumps([{"error": error}] if as_list else {"error": error})


def generate(call: SandboxCall) -> bytes:
    """The whole reply. Raises Wrong."""
    request = google_generate.read(call)
    return google_generate.whole(request, answer(request, call.persona), call)


def stream(call: SandboxCall) -> PacedStream:
    """The reply in chunks: events with `alt=sse`, else the elements of a list. Raises Wrong."""
    request = google_generate.read(call)
    chunks = google_generate.chunks(request, answer(request, call.persona), call)
    if call.query.get("alt") == "sse":
        return PacedStream(b"data: " + chunk + b"\r\n\r\n" for chunk in chunks)
    return PacedStream(_listed(chunks), "application/json")


def _listed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    before = b"["
    for chunk in chunks:
        yield before + chunk
        before = b",\r\n"
    yield b"]"


def count_tokens(call: SandboxCall) -> bytes:
    """The tokens of a request that is not made. Raises Wrong."""
    body = RequestObject.of(call.body)
    if body.raw("generateContentRequest"):
        body = body.inner("generateContentRequest")
    request = google_generate.prompt(body, call.persona)
    return orjson.dumps(
        {"totalTokens": request.prompt_tokens, "promptTokensDetails": google_generate.modalities(request)}
    )


@dataclass(frozen=True, slots=True)
class _Verb:
    """The verb behind the colon of an address, and the model that it is offered for."""

    model: str
    handler: Handler


_VERBS: Final[Mapping[str, _Verb]] = {
    "generateContent": _Verb(MODEL, generate),
    "streamGenerateContent": _Verb(MODEL, stream),
    "countTokens": _Verb(MODEL, count_tokens),
    "embedContent": _Verb(EMBEDDER, embed),
    "batchEmbedContents": _Verb(EMBEDDER, embed_batch),
}


def dispatch(call: SandboxCall) -> bytes | PacedStream:
    """Raises Wrong."""
    verb = _VERBS.get(call.path["verb"])
    if verb is None:
        raise Wrong(404, "There is nothing at this address.")
    known(call.path["model"], verb.model)
    return verb.handler(call)


def models(_: SandboxCall) -> bytes:
    return orjson.dumps({"models": [_entry(name) for name in (MODEL, EMBEDDER)]})


def _entry(name: str) -> WireJson:
    return {
        "name": f"models/{name}",
        "version": "1",
        "displayName": name,
        "inputTokenLimit": 1_000_000,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": [verb for verb, offered in _VERBS.items() if offered.model == name],
    }


GOOGLE: Final = Language(
    name="google",
    request_id="x-request-id",
    key=key,
    refusal=refusal,
    endpoints=dict.fromkeys(("v1beta/models/{model}:{verb}", "v1/models/{model}:{verb}"), dispatch),
    models=models,
)
