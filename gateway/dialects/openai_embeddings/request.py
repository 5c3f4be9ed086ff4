"""Embeddings requests: bytes to a Demand and a sealed Prompt, the neutral form, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Feature, Route
from gateway.core.demand import Demand
from gateway.core.errors import InvalidRequest
from gateway.core.operation import EMBEDDINGS
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.prompt import Asked, Prompt

NAME: Final = "openai_embeddings"
PATH: Final = "/embeddings"
LISTED: Final = frozenset("model input dimensions encoding_format user input_type provider".split())
"""Top-level members whose effect on content is known. Any other is Feature.UNLISTED unless declared harmless."""

INPUTS_MOST: Final = 2_048
DIMENSIONS_MOST: Final = 65_536

_FOLDED: Final = {name.casefold(): name for name in LISTED}
_FORMATS: Final = ("float", "base64")
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


def accept(body: bytes, asked: Asked, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    _inputs(values.get("input"))
    _format(values)
    members.count(values, "dimensions", most=DIMENSIONS_MOST)
    unlisted = tuple(members.unlisted(values, LISTED, snapshot.organisation.harmless))
    demand = Demand(
        dialect=NAME,
        operation=EMBEDDINGS,
        model=named.model,
        pinned=named.pinned,
        streaming=False,
        input_tokens=len(body),
        output_tokens=0,
        features=frozenset({Feature.UNLISTED} if unlisted else ()),
        unlisted=unlisted,
        alias=named.alias,
        narrowing=members.narrowed(values, asked.policy, snapshot),
    )
    return demand, Prompt(document, asked)


def conversation(prompt: Prompt) -> Embedding:
    """The neutral form. `encoding_format` concerns the way back alone."""
    values = {name: value for name, value in prompt.unseal().values.items() if value is not None}
    purpose = _PURPOSES.get(members.text(values, "input_type"), "")
    carried = LISTED if purpose else LISTED - {"input_type"}
    return Embedding(
        inputs=_inputs(values.get("input")),
        dimensions=members.count(values, "dimensions", most=DIMENSIONS_MOST),
        purpose=purpose,
        user=members.text(values, "user"),
        lost=tuple(members.unlisted(values, carried, frozenset())),
    )


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # nothing in it depends on the demand
    """The body for `route`: the client's bytes but for the model's name and what policy orders."""
    document = prompt.unseal()
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.upstream_model), "provider": None}
    hidden, dropped = identifiers.hidden(document.values, orders.pseudonym)
    return Rendered(PATH, strict_json.spliced(document, changes | hidden, {}), dropped=dropped)


def written(asked: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # it is all in `asked`
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(asked, Conversation):
        raise Unportable("messages")
    body: dict[str, Any] = {
        "model": route.upstream_model,
        "input": list(asked.inputs),
        "encoding_format": "float",
    }
    if asked.dimensions is not None:
        body["dimensions"] = asked.dimensions
    if asked.user and orders.pseudonym is not None:
        body["user"] = orders.pseudonym(asked.user)
    return Rendered(PATH, orjson.dumps(body), dropped=tuple(dict.fromkeys(_dropped(asked, orders))))


def _dropped(asked: Embedding, orders: RequestOverrides) -> Iterator[str]:
    yield from asked.lost
    if asked.purpose:
        yield "purpose"
    if asked.title:
        yield "title"
    if asked.user and orders.pseudonym is None:
        yield "user"


def wants_base64(prompt: Prompt) -> bool:
    """Whether the client asked for vectors in base64."""
    return prompt.unseal().values.get("encoding_format") == "base64"


def _format(values: Mapping[str, Any]) -> None:
    if values.get("encoding_format", "float") not in (*_FORMATS, None):
        raise _fault("encoding_format", f"must be one of {', '.join(_FORMATS)}")


def _inputs(given: object) -> tuple[str | tuple[int, ...], ...]:
    """Texts, or token ids: one of them alone, or a list."""
    many = given if isinstance(given, list) and not _is_tokens(given) else [given]
    if not 1 <= len(many) <= INPUTS_MOST:
        raise _fault("input", f"must hold from 1 to {INPUTS_MOST} inputs")
    return tuple(_input(one) for one in many)


def _input(one: object) -> str | tuple[int, ...]:
    if isinstance(one, str) and one:
        return one
    if isinstance(one, list) and _is_tokens(one):
        return tuple(one)
    raise _fault("input", "must be a string or a list of token ids, or a list of such; none of them empty")


def _is_tokens(given: list[Any]) -> bool:
    return bool(given) and all(type(token) is int and token >= 0 for token in given)


def _fault(name: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{name}` {what}.", field=name)
