"""One request's headers, by name."""

from __future__ import annotations

import pytest

from gateway.asgi.headers import Fields
from gateway.core.errors import InvalidRequest

A_B_C_C = [(b"x-a", b"1"), (b"x-b", b""), (b"x-c", b"1"), (b"x-c", b"2")]


@pytest.mark.parametrize("headers", [A_B_C_C, A_B_C_C[:2]])
def test_one_header_is_its_value_and_none_is_none(headers: list[tuple[bytes, bytes]]) -> None:
    fields = Fields(headers)
    assert (fields.one(b"x-a"), fields.one(b"x-b"), fields.one(b"x-d")) == ("1", "", None)
    assert (list(fields.every(b"x-a")), list(fields.every(b"x-b")), list(fields.every(b"x-d"))) == ([b"1"], [b""], [])


def test_two_of_one_name_are_refused_where_one_is_wanted() -> None:
    with pytest.raises(InvalidRequest) as refused:
        Fields(A_B_C_C).one(b"x-c")
    assert refused.value.details == {"header": "x-c"}


def test_two_of_one_name_are_both_there_in_their_order() -> None:
    assert Fields(A_B_C_C).every(b"x-c") == [b"1", b"2"]


def test_what_a_server_appends_later_is_no_header() -> None:
    headers = A_B_C_C[:2]
    fields = Fields(headers)
    headers += [(b"x-a", b"2"), (b"x-d", b"1")]
    assert (fields.one(b"x-a"), fields.one(b"x-d"), fields.every(b"x-d")) == ("1", None, ())
