from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gateway.asgi.admin_fields import answer, day_of, moment_of, object_of, text_of
from gateway.core.errors import InvalidRequest

KNOWN = frozenset({"team", "label"})


def test_what_is_stated_is_read() -> None:
    assert object_of(b'{"team": "a"}', KNOWN) == {"team": "a"}
    assert object_of(b"", KNOWN) == {}
    assert (text_of({"team": "a"}, "team"), text_of({}, "team"), text_of({"team": None}, "team")) == ("a", "", "")
    assert day_of({"since": "2026-11-24"}, "since") == date(2026, 11, 24)
    assert moment_of({"at": "2026-11-24T12:00:00Z"}, "at") == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert moment_of({}, "at") is None


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"MARKER": 1}', b'{"team":"a","team":"b"}', b'{"team":"a","\\u0074eam":"b"}']
)
def test_a_body_that_is_not_understood_is_refused_without_being_repeated(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        object_of(body, KNOWN)
    assert "MARKER" not in f"{refused.value.message}{refused.value.details}"


@pytest.mark.parametrize("value", [7, "x" * 257, ["a"]])
def test_what_is_no_text_of_some_length_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest):
        text_of({"team": value}, "team")


def test_what_is_no_day_or_moment_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        day_of({"since": "MARKER"}, "since")
    for wrong in ("tomorrow", "2026-11-24T12:00:00"):
        with pytest.raises(InvalidRequest):
            moment_of({"at": wrong}, "at")


def test_an_answer_is_json() -> None:
    assert (answer({"a": 1}, 409).body, answer({}).media_type) == (b'{"a":1}', "application/json")
