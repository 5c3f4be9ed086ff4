"""Refusals, and streams that break off."""

from __future__ import annotations

import json

import pytest

from gateway.core.errors import Ended, InvalidRequest, ModelNotFound, RateLimited, UpstreamFailed, UpstreamTimeout
from gateway.dialects.openai.errors import error
from gateway.dialects.openai_responses.errors import failed
from gateway.dialects.openai_responses.reply import begun
from tests.dialects.openai_responses.goldens import checked


@pytest.mark.parametrize(
    ("ended", "kind", "code"),
    [
        (InvalidRequest("x", field="n"), "invalid_request_error", "invalid_request"),
        (ModelNotFound([]), "invalid_request_error", "model_not_found"),
        (RateLimited("x"), "rate_limit_exceeded", "rate_limited"),
        (UpstreamTimeout("x"), "timeout", "upstream_timeout"),
    ],
)
def test_a_refusal_has_the_shape_of_openai(ended: Ended, kind: str, code: str) -> None:
    found = json.loads(error(ended, "req_1"))["error"]
    assert (found["type"], found["code"], found["message"]) == (kind, code, ended.message)


def test_a_broken_stream_ends_with_the_error_nested_and_flat_and_a_failed_response() -> None:
    error_event, failed_event = checked(failed(UpstreamFailed("It broke."), begun({}, "resp_1", "small", 7), 5))
    assert (error_event["type"], error_event["sequence_number"]) == ("error", 5)
    assert error_event["error"]["code"] == error_event["code"] == "upstream_failed"
    assert error_event["error"]["message"] == error_event["message"] == "It broke."
    assert failed_event["response"]["status"] == "failed"
    assert failed_event["response"]["error"] == {"code": "server_error", "message": "It broke."}
    assert failed_event["response"]["id"] == "resp_1"


def test_too_many_requests_are_told_from_other_failures() -> None:
    _, event = checked(failed(RateLimited("x"), begun({}, "resp_1", "small", 7), 0))
    assert event["response"]["error"]["code"] == "rate_limit_exceeded"
