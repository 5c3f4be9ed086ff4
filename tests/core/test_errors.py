from __future__ import annotations

import pytest

from gateway.core import errors
from gateway.core.errors import (
    BudgetExceeded,
    ClientLeft,
    Ended,
    IdempotencyConflict,
    InternalError,
    InvalidRequest,
    KeptStateRefused,
    ModelNotFound,
    NoEligibleRoute,
    NotAllowed,
    NotFound,
    PromptTooLong,
    RateLimited,
    Refused,
    RoutesUnavailable,
    Unauthenticated,
    Unavailable,
    Unsupported,
    UpstreamEnded,
    UpstreamFailed,
    UpstreamLimited,
    UpstreamRefused,
    UpstreamTimeout,
)

ENDS: list[tuple[Ended, int, str, bool, type[Ended]]] = [
    (Unauthenticated(), 401, "unknown_key", False, Refused),
    (InvalidRequest("m"), 400, "invalid_request", False, Refused),
    (InvalidRequest("m", code="method_not_allowed"), 405, "method_not_allowed", False, Refused),
    (InvalidRequest("m", code="request_timeout"), 408, "request_timeout", False, Refused),
    (InvalidRequest("m", code="too_large"), 413, "too_large", False, Refused),
    (InvalidRequest("m", code="unsupported_media"), 415, "unsupported_media", False, Refused),
    (InvalidRequest("m", code="upgrade_refused"), 426, "upgrade_refused", False, Refused),
    (KeptStateRefused("thread_unsupported_request", ["thread"]), 400, "thread_unsupported_request", False, Refused),
    (Unsupported("m"), 400, "unsupported", False, Refused),
    (ModelNotFound([]), 404, "model_not_found", False, Refused),
    (NotFound(), 404, "not_found", False, Refused),
    (NoEligibleRoute("m"), 403, "no_eligible_route", False, Refused),
    (NotAllowed("m"), 403, "not_allowed", False, Refused),
    (BudgetExceeded("m"), 402, "budget_exceeded", False, Refused),
    (IdempotencyConflict("m"), 409, "idempotency_conflict", False, Refused),
    (RateLimited("m"), 429, "rate_limited", True, Refused),
    (Unavailable("books_unavailable", "m"), 503, "books_unavailable", True, Refused),
    (Unavailable("keys_unavailable", "m"), 503, "keys_unavailable", True, Refused),
    (Unavailable("draining", "m"), 503, "draining", True, Refused),
    (Unavailable("overloaded", "m"), 503, "overloaded", True, Refused),
    (UpstreamFailed("m"), 502, "upstream_failed", True, UpstreamEnded),
    (UpstreamTimeout("m"), 504, "upstream_timeout", True, UpstreamEnded),
    (UpstreamLimited(None), 429, "rate_limited", True, UpstreamEnded),
    (RoutesUnavailable("m"), 503, "routes_unavailable", True, UpstreamEnded),
    (UpstreamRefused(422, "m"), 422, "upstream_refused", False, UpstreamEnded),
    (PromptTooLong(413), 413, "context_length_exceeded", False, UpstreamEnded),
    (ClientLeft(), 499, "client_left", False, Ended),
    (InternalError("01J"), 500, "internal_error", False, Ended),
]


@pytest.mark.parametrize(("end", "status", "code", "may_retry", "whose"), ENDS)
def test_every_end_has_its_status_its_code_and_whose_fault_it_is(
    end: Ended, status: int, code: str, may_retry: bool, whose: type[Ended]
) -> None:
    assert (end.status, end.code, end.may_retry) == (status, code, may_retry)
    assert isinstance(end, whose)
    assert end.retry_after_s is None
    assert str(end) == code


def test_the_table_above_and_the_printed_tree_have_every_end() -> None:
    kinds = {k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Ended)}
    leaves = {k for k in kinds if not k.__subclasses__()}
    assert {type(end) for end, *_ in ENDS} == leaves
    for kind in kinds:
        assert f" {kind.__name__} " in (errors.__doc__ or "").replace("\n", " ")


def test_details_are_carried_as_they_are() -> None:
    assert NotAllowed("m", feature="files", may_state=["a"]).details == {"feature": "files", "may_state": ["a"]}
    assert InvalidRequest("m", code="too_large", limit=9).details == {"limit": 9}
    assert UpstreamRefused(404, "m", route="alpha/small").details == {"route": "alpha/small"}
    assert InternalError("01J").details == {"receipt": "01J"}


def test_a_class_of_ends_is_not_changed_by_one_of_them() -> None:
    InvalidRequest("m", code="too_large")
    assert (InvalidRequest("m").status, InvalidRequest("m").code) == (400, "invalid_request")


def test_near_names_are_offered() -> None:
    assert "Did you mean small, smaller?" in ModelNotFound(["small", "smaller"]).message
    assert ModelNotFound(["small"]).details == {"near": ["small"]}
    assert "list of models" in ModelNotFound([]).message
    assert NotFound("no receipt").message == "no receipt"
