"""Refusals in the shape of Chat Completions."""

from __future__ import annotations

import json

import pytest

from gateway.core.errors import (
    BudgetExceeded,
    Ended,
    InvalidRequest,
    ModelNotFound,
    NoEligibleRoute,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UpstreamTimeout,
)
from gateway.dialects.openai import errors


@pytest.mark.parametrize(
    ("ended", "kind", "code"),
    [
        (Unauthenticated(), "invalid_request_error", "unknown_key"),
        (InvalidRequest("x", field="n"), "invalid_request_error", "invalid_request"),
        (BudgetExceeded("x", spent="1"), "insufficient_quota", "budget_exceeded"),
        (NoEligibleRoute("x"), "invalid_request_error", "no_eligible_route"),
        (ModelNotFound([]), "invalid_request_error", "model_not_found"),
        (RateLimited("x"), "rate_limit_exceeded", "rate_limited"),
        (Unavailable("draining", "x"), "server_error", "draining"),
        (UpstreamTimeout("x"), "timeout", "upstream_timeout"),
    ],
)
def test_each_error_has_its_type_and_code(ended: Ended, kind: str, code: str) -> None:
    error = json.loads(errors.body(ended))["error"]
    assert (error["type"], error["code"], error["message"]) == (kind, code, ended.message)


def test_everything_of_ours_stands_inside_the_error() -> None:
    body = json.loads(errors.body(InvalidRequest("x", field="n", offset=3)))
    assert body == {
        "error": {
            "message": "x",
            "type": "invalid_request_error",
            "param": "n",
            "code": "invalid_request",
            "field": "n",
            "offset": 3,
        }
    }


def test_the_id_of_a_refused_request_stands_in_its_header_alone() -> None:
    refused = NoEligibleRoute("x")
    assert errors.error(refused, "01JDRECEIPT00000000000000A") == errors.body(refused)


def test_an_error_event_ends_a_stream_without_done() -> None:
    event = errors.event(UpstreamTimeout("x"))
    assert event.startswith(b"data: {")
    assert event.endswith(b"}\n\n")
    assert b"[DONE]" not in event
