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


def written(asked: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # it is all in `asked`
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(asked, Conversation):
        raise Unportable("messages")
    if len(asked.inputs) > BATCH_MOST or not all(isinstance(one, str) for one in asked.inputs):
        raise Unportable("input")
    said: dict[str, Any] = {"model": model_name(route)}
    settings = {"taskType": asked.purpose, "title": asked.title, "outputDimensionality": asked.dimensions}
    stated = {name: value for name, value in settings.items() if value}
    requests = [{**said, "content": {"parts": [{"text": one}]}, **stated} for one in asked.inputs]
    dropped = (*asked.lost, *(["user"] if asked.user else []))
    return Rendered(path(route, BATCH), orjson.dumps({"requests": requests}), dropped=tuple(dict.fromkeys(dropped)))
