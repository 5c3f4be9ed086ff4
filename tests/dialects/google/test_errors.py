"""Refusals in Google's shape."""

from __future__ import annotations

import json

import pytest
from google.genai.errors import APIError

from gateway.core.errors import (
    BudgetExceeded,
    ClientLeft,
    Ended,
    IdempotencyConflict,
    InternalError,
    InvalidRequest,
    ModelNotFound,
    NoEligibleRoute,
    RateLimited,
    Unauthenticated,
    UpstreamFailed,
    UpstreamRefused,
    UpstreamTimeout,
)
from gateway.dialects.google.errors import body, error


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (InvalidRequest("No."), "INVALID_ARGUMENT"),
        (Unauthenticated(), "UNAUTHENTICATED"),
        (BudgetExceeded("No."), "RESOURCE_EXHAUSTED"),
        (NoEligibleRoute("No."), "PERMISSION_DENIED"),
        (ModelNotFound([]), "NOT_FOUND"),
        (InvalidRequest("No.", code="request_timeout"), "DEADLINE_EXCEEDED"),
        (IdempotencyConflict("No."), "ABORTED"),
        (InvalidRequest("No.", code="too_large"), "INVALID_ARGUMENT"),
        (InvalidRequest("No.", code="upgrade_refused"), "FAILED_PRECONDITION"),
        (RateLimited("No."), "RESOURCE_EXHAUSTED"),
        (ClientLeft(), "CANCELLED"),
        (InternalError("01J"), "INTERNAL"),
        (UpstreamFailed("No."), "UNAVAILABLE"),
        (UpstreamTimeout("No."), "DEADLINE_EXCEEDED"),
        (UpstreamRefused(422, "No."), "INVALID_ARGUMENT"),
    ],
)
def test_each_status_has_googles_name_and_our_code_is_the_reason(ended: Ended, status: str) -> None:
    said = json.loads(error(ended, "r1"))["error"]
    assert (said["code"], said["status"], said["message"]) == (ended.status, status, ended.message)
    assert said["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": ended.code,
        "domain": "safeconduct",
    }


def test_everything_else_stands_in_the_details() -> None:
    ended = InvalidRequest("`contents` must be a list.", field="contents", limit=7)
    ended.retry_after_s = 2.5
    details = {d["@type"].rpartition(".")[2]: d for d in json.loads(error(ended, "r1"))["error"]["details"]}
    assert details["BadRequest"]["fieldViolations"] == [{"field": "contents", "description": ended.message}]
    assert details["RetryInfo"]["retryDelay"] == "2.5s"
    assert details["RequestInfo"]["requestId"] == "r1"
    assert details["Struct"]["value"] == {"field": "contents", "limit": 7}


def test_a_bare_error_has_its_reason_alone() -> None:
    assert len(json.loads(body(UpstreamFailed("No.")))["error"]["details"]) == 1


def test_the_sdk_reads_it() -> None:
    fault = APIError(403, json.loads(error(NoEligibleRoute("No.", closest=[]), "")))
    assert (fault.code, fault.status, fault.message) == (403, "PERMISSION_DENIED", "No.")
