"""Google's embeddings (wire contract §1, November 2026): one text, or a batch; neither reports usage."""

from __future__ import annotations

import orjson

from gateway.sandbox.fields import RequestObject, invalid
from gateway.sandbox.tally import PromptCount
from gateway.sandbox.vectors import DIMENSIONS, DIMENSIONS_MOST, vector
from gateway.sandbox.wires.language import SandboxCall, WireJson


def embed(call: SandboxCall) -> bytes:
    """The vector of one text. Raises Wrong."""
    return orjson.dumps({"embedding": _embedding(RequestObject.of(call.body))})


def embed_batch(call: SandboxCall) -> bytes:
    """A vector for each request of a batch, all of the model in the address. Raises Wrong."""
    requests = list(RequestObject.of(call.body).each("requests"))
    if not requests:
        raise invalid("requests is not specified", "requests")
    for request in requests:
        if request.text("model").removeprefix("models/") != call.path["model"]:
            raise invalid("The model of each request must be that of the batch.", request.name("model"))
    return orjson.dumps({"embeddings": [_embedding(request) for request in requests]})


def _embedding(request: RequestObject) -> WireJson:
    tally = PromptCount()
    for part in request.inner("content").each("parts"):
        tally.text(part.text("text"))
    if not tally.tokens:
        raise invalid("content is empty", request.name("content"))
    settings = (request, request.inner("embedContentConfig"))
    dimensions = (s.number("outputDimensionality", most=DIMENSIONS_MOST) for s in settings)
    return {"values": vector(tally.tokens, next((n for n in dimensions if n), DIMENSIONS))}
