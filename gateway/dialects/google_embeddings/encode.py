"""The neutral form, written as a request for vectors."""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.google_embeddings.content import BATCH
from gateway.dialects.google_embeddings.request import model_name, path
from gateway.dialects.neutral import Conversation, Embedding

BATCH_MOST: Final = 100
"""Contents that Google takes at once."""


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # it is all in `asked`
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Conversation):
        raise Unportable("messages")
    if len(neutral.inputs) > BATCH_MOST or not all(isinstance(one, str) for one in neutral.inputs):
        raise Unportable("input")
    said: dict[str, Any] = {"model": model_name(route)}
    settings = {"taskType": neutral.purpose, "title": neutral.title, "outputDimensionality": neutral.dimensions}
    members = {name: value for name, value in settings.items() if value}
    requests = [{**said, "content": {"parts": [{"text": one}]}, **members} for one in neutral.inputs]
    dropped = (*neutral.lost, *(["user"] if neutral.user else []))
    return Rendered(path(route, BATCH), orjson.dumps({"requests": requests}), dropped=tuple(dict.fromkeys(dropped)))
