"""The typed shape of an Embeddings reply."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.openai_embeddings.events import events
from gateway.dialects.openai_embeddings.stream import fitted, observe
from tests.dialects.openai_embeddings.replies import NUMBERS, a_prompt, a_reply


@pytest.mark.parametrize(
    ("usage", "metered"),
    [
        ({"total_tokens": 9}, Metered(Usage(input=9), UsageSource.PROVIDER, {"total_tokens": 9})),
        (
            {"prompt_tokens": 7, "total_tokens": 7, "completion_tokens": 0, "prompt_tokens_details": None},
            Metered(
                Usage(input=7),
                UsageSource.PROVIDER,
                {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7},
            ),
        ),
        ({"total_tokens": -1}, Metered(Usage(), UsageSource.HELD, {"total_tokens": -1}, "out_of_range")),
        ({}, None),
        (None, None),
    ],
)
def test_every_way_of_counting(usage: Any, metered: Metered | None) -> None:
    assert observe(a_reply(NUMBERS, usage=usage))[0] == metered


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"data":[]}',
        b'{"data":[{"index":0}]}',
        b'{"data":{"embedding":[1]}}',
        b'{"error":{"message":"no"}}',
        b'{"data":[{"embedding":[1]}],"error":"no"}',
    ],
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    for read in (observe, events, lambda body: fitted(a_prompt(), body)):
        with pytest.raises(Broken):
            read(body)
