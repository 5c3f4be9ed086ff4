"""Replies with vectors."""

from __future__ import annotations

import json

import pytest

from gateway.core.operation import EMBEDDINGS
from gateway.core.usage import Usage, UsageSource
from gateway.dialects import strict_json
from gateway.dialects.dialect import Unusable
from gateway.dialects.google_embeddings.events import events
from gateway.dialects.google_embeddings.stream import fitted, observe
from gateway.dialects.prompt import Prompt, PromptHead

BATCH = b'{"embeddings":[{"values":[0.5,-1]},{"values":[1e-3,2]}]}'
COUNTED = b'{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7},"truncated":false}'


def test_usage_is_taken_where_there_is_any() -> None:
    assert observe(BATCH) == (None, 0)
    reported, generated = observe(COUNTED)
    assert reported is not None
    assert (reported.usage, reported.source, generated) == (Usage(input=7), UsageSource.PROVIDER, 0)
    assert events(COUNTED).metered == reported


@pytest.mark.parametrize(
    ("verb", "contents", "body", "fits"),
    [
        ("batchEmbedContents", 2, BATCH, True),
        ("batchEmbedContents", 3, BATCH, False),
        ("batchEmbedContents", 1, BATCH, False),
        ("batchEmbedContents", 1, COUNTED, True),
        ("embedContent", 1, COUNTED, True),
        ("embedContent", 1, BATCH, False),
    ],
)
def test_each_content_has_its_vector(verb: str, contents: int, body: bytes, fits: bool) -> None:
    content = {"content": {"parts": [{"text": "a"}]}}
    request = {"requests": [content] * contents} if verb == "batchEmbedContents" else content
    prompt = Prompt(strict_json.read(json.dumps(request).encode()), PromptHead(EMBEDDINGS, verb=verb))
    if fits:
        assert fitted(prompt, body) is body
    else:
        with pytest.raises(Unusable):
            fitted(prompt, body)
