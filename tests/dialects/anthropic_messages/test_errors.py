"""Refusals in Anthropic's shape."""

from __future__ import annotations

import json

import pytest
from anthropic.types.shared import ErrorType
from pydantic import TypeAdapter

from gateway.core.errors import (
    BudgetExceeded,
    Ended,
    IdempotencyConflict,
    InvalidRequest,
    ModelNotFound,
    NoEligibleRoute,
    RateLimited,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
)
from gateway.dialects.anthropic_messages import errors

ALL = [
    (Unauthenticated(), "authentication_error", "unknown_key"),
    (InvalidRequest("x", field="n"), "invalid_request_error", "invalid_request"),
    (InvalidRequest("x", code="request_timeout"), "timeout_error", "request_timeout"),
    (InvalidRequest("x", code="unsupported_media"), "invalid_request_error", "unsupported_media"),
    (BudgetExceeded("x", spent="1"), "billing_error", "budget_exceeded"),
    (NoEligibleRoute("x"), "permission_error", "no_eligible_route"),
    (ModelNotFound([]), "not_found_error", "model_not_found"),
    (IdempotencyConflict("x"), "conflict_error", "idempotency_conflict"),
    (RateLimited("x"), "rate_limit_error", "rate_limited"),
    (Unavailable("draining", "x"), "api_error", "draining"),
    (UpstreamFailed("x"), "api_error", "upstream_failed"),
    (UpstreamTimeout("x"), "timeout_error", "upstream_timeout"),
    (UpstreamRefused(529, "x"), "overloaded_error", "upstream_refused"),
    (UpstreamRefused(422, "x"), "invalid_request_error", "upstream_refused"),
]


@pytest.mark.parametrize(("ended", "kind", "code"), ALL)
def test_each_error_has_its_type_and_code(ended: Ended, kind: str, code: str) -> None:
    error = json.loads(errors.error(ended, "r"))["error"]
    assert (error["type"], error["details"]["error_code"], error["message"]) == (kind, code, ended.message)


@pytest.mark.parametrize("kind", {kind for _, kind, _ in ALL})
def test_the_types_are_those_of_the_official_sdk(kind: str) -> None:
    TypeAdapter(ErrorType).validate_python(kind, strict=True)


def test_a_body_that_is_too_large_has_a_type_of_its_own() -> None:
    error = json.loads(errors.error(InvalidRequest("x", code="too_large"), "r"))["error"]
    assert error["type"] == "request_too_large"


def test_everything_of_ours_stands_in_the_details() -> None:
    assert json.loads(errors.error(InvalidRequest("x", field="n", offset=3), "01JDRECEIPT")) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "x",
            "details": {"error_code": "invalid_request", "field": "n", "offset": 3},
        },
        "request_id": "01JDRECEIPT",
    }


def test_agents_recognise_a_prompt_that_is_too_long() -> None:
    refused = UpstreamRefused(400, "The provider refuses it.", upstream_code="context_length_exceeded")
    error = json.loads(errors.error(refused, "r"))["error"]
    assert error["message"] == "prompt is too long: The provider refuses it."


def test_an_error_event_ends_a_stream() -> None:
    event = errors.event(UpstreamTimeout("x"))
    assert event.startswith(b'event: error\ndata: {"type":"error","error":{"type":"timeout_error"')
    assert event.endswith(b"}\n\n")
    assert b"message_stop" not in event
