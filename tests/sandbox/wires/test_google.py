"""Google's API as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox.fields import Wrong
from gateway.sandbox.tokens import MESSAGE
from gateway.sandbox.wires.google import GOOGLE
from gateway.sandbox.wires.language import PacedStream, SandboxCall
from tests.sandbox.wires.calls import a_call, whole, wrong

HELLO: dict[str, Any] = {"contents": [{"parts": [{"text": "Hello, world!"}]}]}
SSE = {"alt": "sse"}
DISPATCH = GOOGLE.endpoints["v1beta/models/{model}:{verb}"]


def call(verb: str, given: dict[str, Any] = HELLO, *, model: str = "sandbox-small", **query: str) -> SandboxCall:
    return a_call(given, path={"model": model, "verb": verb}, query=query)


def pieces(made: SandboxCall) -> list[bytes]:
    said = DISPATCH(made)
    assert isinstance(said, PacedStream)
    return list(said.pieces)


def test_with_alt_sse_every_chunk_is_an_event() -> None:
    said = DISPATCH(call("streamGenerateContent", alt="sse"))
    assert isinstance(said, PacedStream)
    assert said.media_type == "text/event-stream"
    found = pieces(call("streamGenerateContent", alt="sse"))
    assert all(piece.startswith(b"data: {") and piece.endswith(b"}\r\n\r\n") for piece in found)
    assert json.loads(found[-1].removeprefix(b"data: "))["candidates"][0]["finishReason"] == "STOP"


def test_without_it_the_chunks_are_a_list() -> None:
    said = DISPATCH(call("streamGenerateContent"))
    assert isinstance(said, PacedStream)
    assert said.media_type == "application/json"
    listed = json.loads(b"".join(pieces(call("streamGenerateContent"))))
    events = [json.loads(e.removeprefix(b"data: ")) for e in pieces(call("streamGenerateContent", alt="sse"))]
    assert listed == events


def test_a_whole_reply_says_the_same() -> None:
    (candidate,) = whole(DISPATCH, call("generateContent"))["candidates"]
    chunks = json.loads(b"".join(pieces(call("streamGenerateContent"))))
    said = "".join(chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in chunks)
    assert candidate["content"]["parts"] == [{"text": said}]


@pytest.mark.parametrize("given", [HELLO, {"generateContentRequest": {"model": "models/sandbox-small", **HELLO}}])
def test_tokens_are_counted_without_a_reply(given: dict[str, Any]) -> None:
    assert whole(DISPATCH, call("countTokens", given)) == {
        "totalTokens": MESSAGE + 4,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": MESSAGE + 4}],
    }


@pytest.mark.parametrize(
    ("verb", "given", "kind"),
    [
        ("embedContent", {"content": {"parts": [{"text": "a"}]}}, "embedding"),
        (
            "batchEmbedContents",
            {"requests": [{"model": "models/sandbox-embed", "content": {"parts": [{"text": "a"}]}}]},
            "embeddings",
        ),
    ],
)
def test_the_other_model_embeds(verb: str, given: dict[str, Any], kind: str) -> None:
    assert whole(DISPATCH, call(verb, given, model="sandbox-embed")).keys() == {kind}
    assert wrong(lambda: DISPATCH(call(verb, given, model="sandbox-small"))).status == 404


@pytest.mark.parametrize(("verb", "model"), [("predict", "sandbox-small"), ("generateContent", "sandbox-embed")])
def test_another_verb_or_model_is_not_found(verb: str, model: str) -> None:
    assert wrong(lambda: DISPATCH(call(verb, model=model))).status == 404


@pytest.mark.parametrize(
    ("wrong", "status", "name"),
    [
        (Wrong(404, "No."), 404, "NOT_FOUND"),
        (Wrong(405, "No."), 405, "INVALID_ARGUMENT"),
        (Wrong(413, "No."), 413, "INVALID_ARGUMENT"),
        (Wrong(500, "No."), 500, "INTERNAL"),
    ],
)
def test_an_error_has_googles_shape(wrong: Wrong, status: int, name: str) -> None:
    given, body = GOOGLE.refusal(wrong, a_call({}))
    assert given == status
    assert json.loads(body) == {"error": {"code": status, "message": "No.", "status": name}}


def test_a_wrong_key_is_a_bad_request_with_a_reason() -> None:
    status, body = GOOGLE.refusal(Wrong(401, "No."), a_call({}))
    error = json.loads(body)["error"]
    assert (status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert [detail["reason"] for detail in error["details"]] == ["API_KEY_INVALID"]


def test_a_wrong_member_is_a_field_violation() -> None:
    _, body = GOOGLE.refusal(Wrong(400, "No.", "contents"), a_call({}))
    (detail,) = json.loads(body)["error"]["details"]
    assert detail["fieldViolations"] == [{"field": "contents", "description": "No."}]


@pytest.mark.parametrize(("query", "kind"), [(SSE, dict), ({}, list)])
def test_an_error_of_a_listed_stream_is_listed(query: dict[str, str], kind: type) -> None:
    _, body = GOOGLE.refusal(Wrong(500, "No."), call("streamGenerateContent", HELLO, **query))
    assert isinstance(json.loads(body), kind)


@pytest.mark.parametrize(
    ("headers", "key"), [({"x-goog-api-key": "k"}, "k"), ({"authorization": "Bearer k"}, ""), ({}, "")]
)
def test_the_key_has_a_header_of_its_own(headers: dict[str, str], key: str) -> None:
    assert GOOGLE.key(headers) == key


def test_both_models_are_listed_with_what_they_do() -> None:
    found = {m["name"]: m["supportedGenerationMethods"] for m in whole(GOOGLE.models, a_call({}))["models"]}
    assert found == {
        "models/sandbox-small": ["generateContent", "streamGenerateContent", "countTokens"],
        "models/sandbox-embed": ["embedContent", "batchEmbedContents"],
    }
