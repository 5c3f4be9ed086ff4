"""Replies with vectors."""

from __future__ import annotations

from gateway.core.usage import Usage, UsageSource
from gateway.dialects.google_embeddings.events import events
from gateway.dialects.google_embeddings.stream import observe

BATCH = b'{"embeddings":[{"values":[0.5,-1]},{"values":[1e-3,2]}]}'
COUNTED = b'{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"truncated":false}'


def test_usage_is_taken_where_there_is_any() -> None:
    assert observe(BATCH) == (None, 0)
    reported, generated = observe(COUNTED)
    assert reported is not None
    assert (reported.usage, reported.source, generated) == (Usage(input=7), UsageSource.PROVIDER, 0)
    assert events(COUNTED).metered == reported
