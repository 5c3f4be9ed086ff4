"""The neutral form, written as a request for vectors of Cohere's v2 API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding

NAME: Final = "cohere_embeddings"
PATH: Final = "/embed"
TEXTS_MOST: Final = 96
"""Texts of one request that Cohere takes."""

_DOCUMENT: Final = "search_document"
_PURPOSES: Final[Mapping[str, str]] = {
    "RETRIEVAL_DOCUMENT": _DOCUMENT,
    "RETRIEVAL_QUERY": "search_query",
    "QUESTION_ANSWERING": "search_query",
    "FACT_VERIFICATION": "search_query",
    "CODE_RETRIEVAL_QUERY": "search_query",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
}
"""Google's task types -> `input_type`, which Cohere demands. A request without a task type is for documents."""


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # it is all in `asked`
    """The request for `route`, with the names of the members that have no place in it. Unportable for token ids and for
    more texts than one request takes."""
    if isinstance(neutral, Conversation):
        raise Unportable("messages")
    texts = [text for text in neutral.inputs if isinstance(text, str)]
    if len(texts) < len(neutral.inputs) or len(texts) > TEXTS_MOST:
        raise Unportable("input")
    body: dict[str, Any] = {
        "model": route.wire_model,
        "texts": texts,
        "input_type": _PURPOSES.get(neutral.purpose, _DOCUMENT),
        "embedding_types": ["float"],
        "truncate": "NONE",  # Cohere cuts a long text in silence unless told otherwise
    }
    if neutral.dimensions is not None:
        body["output_dimension"] = neutral.dimensions
    return Rendered(PATH, orjson.dumps(body), dropped=tuple(dict.fromkeys(_dropped(neutral))))


def _dropped(embedding: Embedding) -> Iterator[str]:
    yield from embedding.lost
    if embedding.purpose and embedding.purpose not in _PURPOSES:
        yield "purpose"
    if embedding.title:
        yield "title"
    if embedding.user:
        yield "user"
