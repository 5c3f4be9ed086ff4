from __future__ import annotations

from collections.abc import Iterable

import pytest
from starlette.requests import Request

from gateway.console.forms import read_form
from gateway.core.errors import InvalidRequest


def request(parts: Iterable[bytes], media: str = "application/x-www-form-urlencoded; charset=utf-8") -> Request:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    given = iter(messages)

    async def receive() -> dict[str, object]:
        return next(given)

    return Request({"type": "http", "headers": [(b"content-type", media.encode())]}, receive)


async def test_a_field_may_stand_there_several_times_and_empty() -> None:
    form = await read_form(request([b"a=1&b=&a=%C3", b"%A9+x"]))
    assert form == {"a": ("1", "é x"), "b": ("",)}


async def test_a_fault_holds_no_word_of_the_form() -> None:
    for parts in ([b"key=MARKER\xff"], [b"key=MARKER%ff"], [b"MARKER=1&" * 300], [b"MARKER" * 20_000]):
        with pytest.raises(InvalidRequest) as refused:
            await read_form(request(parts))
        assert "MARKER" not in repr(refused.value) + refused.value.message
        assert refused.value.__cause__ is None


async def test_a_client_that_leaves_sends_no_form() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    gone = Request({"type": "http", "headers": [(b"content-type", b"application/x-www-form-urlencoded")]}, receive)
    with pytest.raises(InvalidRequest):
        await read_form(gone)
