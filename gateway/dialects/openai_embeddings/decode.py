"""Embeddings requests, read into the neutral form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.dialects import members
from gateway.dialects.neutral import Embedding
from gateway.dialects.openai_embeddings.content import inputs_of
from gateway.dialects.openai_embeddings.request import DIMENSIONS_MOST
from gateway.dialects.prompt import Prompt

_PURPOSES: Final[Mapping[str, str]] = {
    "query": "RETRIEVAL_QUERY",
    "search_query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "passage": "RETRIEVAL_DOCUMENT",
    "search_document": "RETRIEVAL_DOCUMENT",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}
"""`input_type`, as Voyage, Cohere and NVIDIA have it -> Google's task types."""

_TOLD: Final = frozenset("model input dimensions encoding_format user input_type provider".split())
"""Members of which a translation knows the meaning."""


def conversation(prompt: Prompt) -> Embedding:
    """The neutral form. `encoding_format` concerns the way back alone."""
    values = {name: value for name, value in prompt.unseal().values.items() if value is not None}
    purpose = _PURPOSES.get(members.text(values, "input_type"), "")
    carried = _TOLD if purpose else _TOLD - {"input_type"}
    return Embedding(
        inputs=inputs_of(values.get("input")),
        dimensions=members.count(values, "dimensions", most=DIMENSIONS_MOST),
        purpose=purpose,
        user=members.text(values, "user"),
        lost=tuple(members.unlisted(values, carried, frozenset())),
    )
