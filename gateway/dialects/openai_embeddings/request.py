"""Embeddings requests: bytes to a Demand and a sealed Prompt, the neutral form, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.core.operation import EMBEDDINGS
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.openai_embeddings.content import fault, inputs_of
from gateway.dialects.openai_embeddings.survey import MEMBERS, REQUEST
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.shapes import surveyed

NAME: Final = "openai_embeddings"
PATH: Final = "/embeddings"
DIMENSIONS_MOST: Final = 65_536

_FOLDED: Final = {name.casefold(): name for name in MEMBERS}
_FORMATS: Final = ("float", "base64")


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    inputs_of(values.get("input"))
    _format(values)
    members.count(values, "dimensions", most=DIMENSIONS_MOST)
    findings = surveyed(REQUEST, values, snapshot.organisation.harmless)
    demand = Demand(
        dialect=NAME,
        operation=EMBEDDINGS,
        model=named.model,
        pinned=named.pinned,
        streaming=False,
        input_tokens=len(body),
        output_tokens=0,
        features=frozenset(findings.features),
        unlisted=tuple(findings.unlisted),
        alias=named.alias,
        narrowing=members.narrowed(values, head.policy, snapshot),
    )
    return demand, Prompt(document, head)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # nothing in it depends on the demand
    """The body for `route`: the client's bytes but for the model's name and what policy orders."""
    document = prompt.unseal()
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.wire_model), "provider": None}
    hidden, dropped = identifiers.hidden(document.values, orders.pseudonym)
    return Rendered(PATH, strict_json.spliced(document, changes | hidden, {}), dropped=dropped)


def wants_base64(prompt: Prompt) -> bool:
    """Whether the client asked for vectors in base64."""
    return prompt.unseal().values.get("encoding_format") == "base64"


def _format(values: Mapping[str, Any]) -> None:
    if values.get("encoding_format", "float") not in (*_FORMATS, None):
        raise fault("encoding_format", f"must be one of {', '.join(_FORMATS)}")
