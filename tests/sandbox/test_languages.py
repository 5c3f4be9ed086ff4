"""Every language of the sandbox over a real socket, as bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.sandbox import MODEL, PERSONAS
from tests.sandbox.serving import PASSWORD, serving

MARKER = "xylophone"
"""A word of the client's."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as at:
        yield at


@dataclass(frozen=True)
class Spoken:
    """How one language asks the same: a path below the persona, headers, and a body around some words."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    streamed: dict[str, Any]
    stream_path: str = ""
    error: str = ""

    def url(self, address: str, persona: str, *, stream: bool = False) -> str:
        return f"{address}/{persona}/{(stream and self.stream_path) or self.path}"


WORDS = f"Repeat: {MARKER}"
ANTHROPIC = {"x-api-key": PASSWORD, "anthropic-version": "2023-06-01"}
BEARER = {"authorization": f"Bearer {PASSWORD}"}
SPOKEN = {
    "openai_chat": Spoken(
        path="v1/chat/completions",
        headers=BEARER,
        body={"model": MODEL, "messages": [{"role": "user", "content": WORDS}], "user": MARKER},
        streamed={"stream": True},
        error="error.type",
    ),
    "openai_responses": Spoken(
        path="v1/responses",
        headers=BEARER,
        body={"model": MODEL, "instructions": WORDS, "input": WORDS, "metadata": {MARKER: MARKER}},
        streamed={"stream": True},
        error="error.type",
    ),
    "anthropic_messages": Spoken(
        path="v1/messages",
        headers=ANTHROPIC,
        body={"model": MODEL, "max_tokens": 900, "system": WORDS, "messages": [{"role": "user", "content": WORDS}]},
        streamed={"stream": True},
        error="error.type",
    ),
    "google_generate": Spoken(
        path=f"v1beta/models/{MODEL}:generateContent",
        stream_path=f"v1beta/models/{MODEL}:streamGenerateContent?alt=sse",
        headers={"x-goog-api-key": PASSWORD},
        body={"contents": [{"role": "user", "parts": [{"text": WORDS}]}]},
        streamed={},
        error="error.status",
    ),
}


@pytest.mark.parametrize("dialect", SPOKEN)
@pytest.mark.parametrize("persona", [p for p in PERSONAS if p != "sandbox-flaky"])
def test_every_persona_answers_in_every_language_and_repeats_no_word(address: str, persona: str, dialect: str) -> None:
    spoken = SPOKEN[dialect]
    whole = httpx.post(spoken.url(address, persona), headers=spoken.headers, json=spoken.body)
    assert whole.status_code == 200
    assert f"Hello from {persona}. Your request held" in whole.text
    assert MARKER not in whole.text
    body = {**spoken.body, **spoken.streamed}
    stream = httpx.post(spoken.url(address, persona, stream=True), headers=spoken.headers, json=body)
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert MARKER not in stream.text
    assert stream.text.count("data: ") > 40  # a token each


@pytest.mark.parametrize("dialect", SPOKEN)
def test_what_is_wrong_is_refused_without_a_word_of_it(address: str, dialect: str) -> None:
    spoken = SPOKEN[dialect]
    url = spoken.url(address, "sandbox-se")
    for content in (f'{{"model": {MARKER}'.encode(), json.dumps({**spoken.body, "tools": MARKER}).encode()):
        answer = httpx.post(url, headers=spoken.headers, content=content)
        assert answer.status_code == 400
        assert MARKER not in answer.text
        assert member(answer, spoken.error) in ("invalid_request_error", "INVALID_ARGUMENT")


def member(answer: httpx.Response, path: str) -> Any:
    value = answer.json()
    for name in path.split("."):
        value = value[name]
    return value


@pytest.mark.parametrize("dialect", SPOKEN)
def test_the_flaky_provider_fails_in_the_language_it_is_asked_in(dialect: str) -> None:
    spoken = SPOKEN[dialect]
    with serving() as at:
        url = spoken.url(at, "sandbox-flaky")
        answers = [httpx.post(url, headers=spoken.headers, json=spoken.body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 200, 500, 200]
    assert member(answers[0], spoken.error) in ("server_error", "api_error", "INTERNAL")


@pytest.mark.parametrize("dialect", SPOKEN)
def test_the_password_opens_a_language_only_in_its_own_header(address: str, dialect: str) -> None:
    spoken = SPOKEN[dialect]
    keys = {"authorization": f"Bearer {PASSWORD}", "x-api-key": PASSWORD, "x-goog-api-key": PASSWORD}
    wrong = {name: value for name, value in keys.items() if name not in spoken.headers}
    others = {name: value for name, value in spoken.headers.items() if name not in keys}
    answer = httpx.post(spoken.url(address, "sandbox-se"), headers=others | wrong, json=spoken.body)
    assert answer.status_code == (400 if dialect == "google_generate" else 401)


@pytest.mark.parametrize(
    ("path", "headers", "error"),
    [
        ("/x", {}, "error.code"),
        ("/x", {"anthropic-version": "2023-06-01"}, "request_id"),
        ("/x", {"x-goog-api-key": "k"}, "error.status"),
        ("/sandbox-se/v1beta/nothing", {}, "error.status"),
    ],
)
def test_an_address_of_nothing_answers_in_the_language_of_the_call(
    address: str, path: str, headers: dict[str, str], error: str
) -> None:
    answer = httpx.post(f"{address}{path}", headers=headers)
    assert answer.status_code == 404
    assert member(answer, error) in (None, answer.headers.get("request-id"), "NOT_FOUND")


@pytest.mark.parametrize("dialect", SPOKEN)
def test_every_answer_has_an_id_where_its_sdk_looks_for_it(address: str, dialect: str) -> None:
    spoken = SPOKEN[dialect]
    name = "request-id" if dialect == "anthropic_messages" else "x-request-id"
    for headers in (spoken.headers, {}):
        answer = httpx.post(spoken.url(address, "sandbox-se"), headers=headers, json=spoken.body)
        assert answer.headers[name].startswith("req_sandbox_")
