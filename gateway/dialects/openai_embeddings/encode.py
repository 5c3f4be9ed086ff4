"""The neutral form, written as an Embeddings request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.openai_embeddings.request import PATH


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # it is all in `asked`
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Conversation):
        raise Unportable("messages")
    body: dict[str, Any] = {
        "model": route.wire_model,
        "input": list(neutral.inputs),
        "encoding_format": "float",
    }
    if neutral.dimensions is not None:
        body["dimensions"] = neutral.dimensions
    if neutral.user and orders.pseudonym is not None:
        body["user"] = orders.pseudonym(neutral.user)
    return Rendered(PATH, orjson.dumps(body), dropped=tuple(dict.fromkeys(_dropped(neutral, orders))))


def _dropped(embedding: Embedding, orders: RequestOverrides) -> Iterator[str]:
    yield from embedding.lost
    if embedding.purpose:
        yield "purpose"
    if embedding.title:
        yield "title"
    if embedding.user and orders.pseudonym is None:
        yield "user"
