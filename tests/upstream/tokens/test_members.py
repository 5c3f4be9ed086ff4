"""Members of a token endpoint's answer, and what is no answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.upstream.tokens.endpoint import TokenAnswer, TokenFault
from gateway.upstream.tokens.members import members_of, seconds_of, text_of, until


def fault_of(call: Callable[[], object]) -> TokenFault:
    with pytest.raises(TokenFault) as caught:
        call()
    assert "hush" not in f"{caught.value!r}{caught.value.__context__!r}"
    return caught.value


@pytest.mark.parametrize("body", [b"", b"hush", b'["hush"]', b'"hush"', b"\xffhush", b"[" * 50_000, b"<html>hush"])
def test_an_answer_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(TokenFault) as caught:
        members_of(TokenAnswer({}, body, 0.0))
    assert caught.value.kind == "malformed"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_an_answer_is_hidden() -> None:
    answer = TokenAnswer({}, b'{"access_token":"hush"}', 0.0)
    assert members_of(answer) == {"access_token": "hush"}
    assert "hush" not in repr(answer)


@pytest.mark.parametrize("value", [None, 1, "", "hu sh", "hush\r\nx: y", "hüsh"])
def test_a_secret_that_no_header_can_carry_is_malformed(value: object) -> None:
    assert fault_of(lambda: text_of({"t": value}, "t")).kind == "malformed"


@pytest.mark.parametrize(("value", "seconds"), [(3599, 3599.0), ("3599", 3599.0), (12.5, 12.5)])
def test_seconds_are_a_number_or_a_string(value: object, seconds: float) -> None:
    assert seconds_of({"expires_in": value}, "expires_in") == seconds


@pytest.mark.parametrize("value", [None, True, 0, -1, "soon", "", "nan", 1e12, float("inf")])
def test_other_seconds_are_malformed(value: object) -> None:
    assert fault_of(lambda: seconds_of({"expires_in": value}, "expires_in")).kind == "malformed"


def test_a_moment_is_a_time_from_now() -> None:
    assert until("1970-01-01T01:00:00Z", 600.0) == 3000.0
    assert until("1970-01-01T01:00:00+01:00", -60.0) == 60.0
    assert until("1970-01-01T00:01:00", 0.0) == 60.0


@pytest.mark.parametrize(
    ("moment", "kind"), [("1970-01-01T00:01:00Z", "ended"), ("soon", "malformed"), (7, "malformed")]
)
def test_a_moment_that_passed_or_is_none_is_a_fault(moment: object, kind: str) -> None:
    assert fault_of(lambda: until(moment, 60.0)).kind == kind
