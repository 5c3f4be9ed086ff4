"""Embeddings requests, read into the neutral form."""

from __future__ import annotations

import pytest

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Embedding
from tests.dialects.openai_embeddings.requests import read


def test_the_neutral_form() -> None:
    assert read() == Embedding(("hello",))
    assert read(
        input=["a"],
        dimensions=64,
        user="ada",
        encoding_format="base64",
        input_type="query",
        provider={"only": ["alpha"]},
    ) == Embedding(("a",), 64, "RETRIEVAL_QUERY", user="ada")
    assert read(input_type="brand_new").lost == ("input_type",)
    assert read(dimensions=None, user=None, encoding_format=None) == read()
    with pytest.raises(InvalidRequest):
        read(user=7)
