"""OpenAI's API as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.sandbox.fields import Wrong
from gateway.sandbox.wires.openai import OPENAI
from tests.sandbox.wires.calls import a_call, whole


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "invalid_request_error"),
        (404, "invalid_request_error"),
        (500, "server_error"),
    ],
)
def test_an_error_has_openais_shape(status: int, kind: str) -> None:
    given, body = OPENAI.refusal(Wrong(status, "No.", "n", "c"), a_call({}))
    assert given == status
    assert json.loads(body) == {"error": {"message": "No.", "type": kind, "param": "n", "code": "c"}}


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer  k "}, "k"),
        ({"authorization": "Basic k"}, ""),
        ({"x-api-key": "k"}, ""),
        ({}, ""),
    ],
)
def test_the_key_is_a_bearer_token(headers: dict[str, str], key: str) -> None:
    assert OPENAI.key(headers) == key


def test_both_models_are_listed() -> None:
    assert [model["id"] for model in whole(OPENAI.models, a_call({}))["data"]] == ["sandbox-small", "sandbox-embed"]


@pytest.mark.parametrize(
    ("path", "given", "kind"),
    [
        ("v1/chat/completions", {"model": "sandbox-small", "messages": [{"role": "user"}]}, "chat.completion"),
        ("v1/responses", {"model": "sandbox-small", "input": "a"}, "response"),
        ("v1/responses/input_tokens", {"model": "sandbox-small", "input": "a"}, "response.input_tokens"),
        ("v1/embeddings", {"model": "sandbox-embed", "input": "a"}, "list"),
    ],
)
def test_every_address_answers_in_its_own_shape(path: str, given: dict[str, Any], kind: str) -> None:
    assert whole(OPENAI.endpoints[path], a_call(given))["object"] == kind
