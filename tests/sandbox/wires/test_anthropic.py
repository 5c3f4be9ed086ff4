"""Anthropic's API as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic.types import ErrorResponse, ModelInfo

from gateway.sandbox.fields import Wrong
from gateway.sandbox.wires.anthropic import ANTHROPIC
from gateway.sandbox.wires.language import SandboxCall
from tests.sandbox.wires.calls import a_call, whole, wrong

HELLO = {"model": "sandbox-small", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}


def call(given: dict[str, Any], version: str | None = "2023-06-01") -> SandboxCall:
    return a_call(given, headers={} if version is None else {"anthropic-version": version})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (500, "api_error"),
    ],
)
def test_an_error_has_anthropics_shape(status: int, kind: str) -> None:
    given, body = ANTHROPIC.refusal(Wrong(status, "No.", "n", "c"), a_call({}))
    assert given == status
    assert json.loads(body) == {
        "type": "error",
        "error": {"type": kind, "message": "n: No."},
        "request_id": "req_sandbox_7",
    }


def test_an_error_is_one_that_the_sdk_knows() -> None:
    _, body = ANTHROPIC.refusal(Wrong(401, "No."), a_call({}))
    assert ErrorResponse.model_validate_json(body, strict=True).error.message == "No."


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"x-api-key": "k"}, "k"),
        ({"x-api-key": "k", "authorization": "Bearer other"}, "k"),
        ({"authorization": "Bearer k"}, ""),
        ({"authorization": "Bearer k", "anthropic-version": "2023-06-01"}, ""),
        ({"authorization": "Bearer k", "anthropic-version": "2026-10-21"}, "k"),
        ({}, ""),
    ],
)
def test_the_key_has_a_header_of_its_own(headers: dict[str, str], key: str) -> None:
    assert ANTHROPIC.key(headers) == key


@pytest.mark.parametrize("path", ANTHROPIC.endpoints)
def test_a_call_states_its_version(path: str) -> None:
    handler = ANTHROPIC.endpoints[path]
    assert wrong(lambda: handler(call(HELLO, version=None))).param == "anthropic-version"
    assert {"usage", "input_tokens"} & whole(handler, call(HELLO)).keys()


def test_the_model_that_talks_is_listed() -> None:
    found = whole(ANTHROPIC.models, a_call({}))
    (model,) = [ModelInfo.model_validate_json(json.dumps(each), strict=True) for each in found["data"]]
    assert model.id == found["first_id"] == found["last_id"] == "sandbox-small"
