"""Requests for vectors: bytes to a Demand and a sealed Prompt, the neutral form, and the bytes that travel upstream."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.operation import EMBEDDINGS
from gateway.core.snapshot import Snapshot
from gateway.dialects import members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.google.fields import GoogleObject, snake
from gateway.dialects.google_embeddings.content import is_batch, requests_of
from gateway.dialects.google_embeddings.survey import MEMBERS, REQUEST
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.shapes import surveyed
from gateway.dialects.strict_json import Document

NAME: Final = "google_embeddings"
"""As the catalogue calls this dialect."""


_FOLDED: Final = {name.casefold(): name for listed in MEMBERS for name in (listed, snake(listed))}


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    members.no_lookalikes(document.values, _FOLDED)
    named = members.model(head.model.removeprefix("models/"), snapshot)
    request = GoogleObject(document.values)
    requests_of(request, head)
    findings = surveyed(REQUEST, document.values, snapshot.organisation.harmless)
    demand = Demand(
        dialect=NAME,
        operation=EMBEDDINGS,
        model=named.model,
        pinned=named.pinned,
        streaming=False,
        input_tokens=len(body) + findings.remote_tokens,
        output_tokens=0,
        needs=frozenset(findings.needs),
        features=frozenset(findings.features),
        unlisted=tuple(findings.unlisted),
        alias=named.alias,
        narrowing=members.narrowed(document.values, head.policy, snapshot),
    )
    return demand, Prompt(document, head)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # nothing in it depends on demand and orders
    """The body for `route`: the client's bytes but for the model's name."""
    document, head = prompt.unseal(), prompt.head
    changes: dict[str, bytes | None] = {"provider": None}
    if "model" in document.values:
        changes["model"] = orjson.dumps(model_name(route))
    if is_batch(head):
        changes["requests"] = orjson.dumps(_named(document, route))
    return Rendered(path(route, head.verb or "embedContent"), strict_json.spliced(document, changes, {}))


def _named(document: Document, route: Route) -> list[Any]:
    """The requests of a batch, each of which names the model again."""
    requests = document.values["requests"]
    return [
        {**request, "model": model_name(route)} for request in (requests if isinstance(requests, list) else [requests])
    ]


def model_name(route: Route) -> str:
    return f"models/{route.wire_model}"


def path(route: Route, verb: str) -> str:
    return f"/models/{quote(route.wire_model, safe='')}:{verb}"
