"""Replies with vectors."""

from __future__ import annotations

import pytest

from gateway.core.usage import Usage, UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.google_embeddings.reply import events, observe

BATCH = b'{"embeddings":[{"values":[0.5,-1]},{"values":[1e-3,2]}]}'
COUNTED = b'{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"truncated":false}'


def test_vectors_stand_in_the_order_of_their_contents() -> None:
    found = events(BATCH)
    assert found.vectors == ((0.5, -1.0), (0.001, 2.0))
    assert found.metered.source is UsageSource.ESTIMATED, "Gemini counts nothing"
    assert events(COUNTED).vectors == ((0.5,),)


def test_usage_is_taken_where_there_is_any() -> None:
    assert observe(BATCH) == (None, 0)
    reported, generated = observe(COUNTED)
    assert reported is not None
    assert (reported.usage, reported.source, generated) == (Usage(input=7), UsageSource.PROVIDER, 0)
    assert events(COUNTED).metered == reported


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b"[]",
        b"\xff",
        b'{"embeddings":[]}',
        b'{"embeddings":["MARKER"]}',
        b'{"error":{"message":"MARKER"},"embeddings":[{"values":[1]}]}',
    ],
)
def test_what_is_no_reply_is_broken(body: bytes) -> None:
    for read in (observe, events):
        with pytest.raises(Broken) as broken:
            read(body)
        assert "MARKER" not in str(broken.value)


@pytest.mark.parametrize("values", [b"[]", b'["a"]', b"7"])
def test_what_is_no_vector_is_broken(values: bytes) -> None:
    with pytest.raises(Broken):
        events(b'{"embedding":{"values":' + values + b"}}")
