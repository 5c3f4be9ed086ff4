"""Replies with vectors, read."""

from __future__ import annotations

import pytest

from gateway.core.usage import UsageSource
from gateway.dialects.dialect import Broken
from gateway.dialects.google_embeddings.events import events

BATCH = b'{"embeddings":[{"values":[0.5,-1]},{"values":[1e-3,2]}]}'
COUNTED = b'{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"truncated":false}'


def test_vectors_stand_in_the_order_of_their_contents() -> None:
    found = events(BATCH)
    assert found.vectors == ((0.5, -1.0), (0.001, 2.0))
    assert found.metered.source is UsageSource.ESTIMATED, "Gemini counts nothing"
    assert events(COUNTED).vectors == ((0.5,),)


@pytest.mark.parametrize("values", [b"[]", b'["a"]', b"7"])
def test_what_is_no_vector_is_broken(values: bytes) -> None:
    with pytest.raises(Broken):
        events(b'{"embedding":{"values":' + values + b"}}")
