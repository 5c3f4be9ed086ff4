"""The shape of replies and events: one block or several, and nothing in their place."""

from __future__ import annotations

import pytest

from gateway.dialects.cohere_chat.payloads import (
    CohereCall,
    CohereContent,
    calls_of,
    listed,
    opened_event,
    opened_reply,
)
from gateway.dialects.dialect import Broken


@pytest.mark.parametrize("data", [b"<html>", b"[]", b'{"message":"too many tokens"}', b'{"type":1}', b"\xff"])
def test_anything_else_than_an_event_or_a_reply_is_broken(data: bytes) -> None:
    with pytest.raises(Broken):
        opened_event(data)
    with pytest.raises(Broken):
        opened_reply(data)


def test_one_block_is_a_list_of_one() -> None:
    one, call = CohereContent("text", "a"), CohereCall("c")
    assert (listed(None), listed(one), listed([one])) == ([], [one], [one])
    assert (calls_of(None), calls_of(call), calls_of([call])) == ([], [call], [call])


def test_a_usage_of_an_odd_shape_loses_no_reply() -> None:
    reply = opened_reply(
        b'{"finish_reason":"COMPLETE","message":{"content":[]},"usage":{"billed_units":{"input_tokens":"x"}}}'
    )
    assert reply.usage is not None
    assert reply.usage.billed_units is not None
