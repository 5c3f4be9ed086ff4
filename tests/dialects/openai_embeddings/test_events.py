"""Embeddings replies, read into vectors."""

from __future__ import annotations

import json

import pytest

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects import openai_embeddings
from gateway.dialects.dialect import Broken, Fitting, ReplyIdentity
from gateway.dialects.openai_embeddings.events import events
from gateway.dialects.openai_embeddings.reply import writer
from gateway.dialects.relay import translated_whole
from tests.dialects.openai_embeddings.replies import BASE64, NUMBERS, USAGE, a_prompt, a_reply

DIALECT: Fitting = openai_embeddings


@pytest.mark.parametrize(
    "body",
    [
        a_reply(7),
        a_reply(["x"]),
        a_reply([]),
        a_reply("AAA="),
        a_reply([[1.0]]),
        a_reply(None),
        b'{"data":[{"embedding":[1],"index":1}]}',
        b'{"data":[{"embedding":[1],"index":0},{"embedding":[2],"index":0}]}',
    ],
)
def test_what_is_no_vector_is_broken(body: bytes) -> None:
    with pytest.raises(Broken):
        events(body)


def test_vectors_stand_in_the_order_of_their_inputs() -> None:
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    assert events(json.dumps({"data": rows}).encode()).vectors == ((1.0,), (2.0,))
    bare = [{"embedding": [1.0]}, {"embedding": BASE64}]
    assert events(json.dumps({"data": bare}).encode()).vectors == ((1.0,), (1.0, -0.5))


def test_what_nobody_counted_is_estimated_from_what_was_sent() -> None:
    writing = writer(a_prompt(), ReplyIdentity("01J", "small", 0, lambda: 0))
    found = translated_whole(DIALECT.events(a_reply(NUMBERS, usage=None)), writing, input_bytes=30)
    assert found.metered == Metered(Usage(input=10), UsageSource.ESTIMATED, {})
    assert json.loads(found.body)["usage"] == {"prompt_tokens": 10, "total_tokens": 10}
    counted = translated_whole(DIALECT.events(a_reply(NUMBERS)), writing, input_bytes=30)
    assert counted.metered == Metered(Usage(input=8), UsageSource.PROVIDER, USAGE)
