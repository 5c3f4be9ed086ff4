"""Requests for vectors: bytes to a Demand and a sealed Prompt, the neutral form, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import orjson

from gateway.core.catalog import Feature, Route
from gateway.core.demand import Demand
from gateway.core.operation import EMBEDDINGS
from gateway.core.snapshot import Snapshot
from gateway.dialects import members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.google_generate.fields import Fields, fault, snake
from gateway.dialects.google_generate.survey import Survey
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.prompt import Asked, Prompt
from gateway.dialects.strict_json import Document

NAME: Final = "google_embeddings"
"""As the catalogue calls this dialect."""

BATCH: Final = "batchEmbedContents"
BATCH_MOST: Final = 100
"""Contents that Google takes at once."""

LISTED: Final = frozenset(
    "model content taskType title outputDimensionality autoTruncate embedContentConfig requests provider".split()
)
"""Members whose effect on content is known. Any other is Feature.UNLISTED unless declared harmless."""

_CARRIED: Final = frozenset("taskType title outputDimensionality".split())
_ELSEWHERE: Final = frozenset("model content embedContentConfig provider".split())
_FOLDED: Final = {name.casefold(): name for listed in LISTED for name in (listed, snake(listed))}
_UNSPECIFIED: Final = "TASK_TYPE_UNSPECIFIED"
_TASKS: Final[Mapping[int, str]] = {
    1: "RETRIEVAL_QUERY",
    2: "RETRIEVAL_DOCUMENT",
    3: "SEMANTIC_SIMILARITY",
    4: "CLASSIFICATION",
    5: "CLUSTERING",
}
_DIMENSIONS_MOST: Final = 65_536
_Value = TypeVar("_Value")


def accept(body: bytes, asked: Asked, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    members.no_lookalikes(document.values, _FOLDED)
    named = members.model(asked.model.removeprefix("models/"), snapshot)
    given = Fields(document.values)
    survey, unlisted = Survey(), dict.fromkeys(members.unlisted(given, LISTED, snapshot.organisation.harmless))
    for request in _requests(given, asked):
        survey.content(request.inner("content"))
        unlisted |= dict.fromkeys(members.unlisted(request, LISTED, snapshot.organisation.harmless))
    unlisted |= dict.fromkeys(survey.unlisted)
    demand = Demand(
        dialect=NAME,
        operation=EMBEDDINGS,
        model=named.model,
        pinned=named.pinned,
        streaming=False,
        input_tokens=len(body) + survey.remote_tokens,
        output_tokens=0,
        needs=frozenset(survey.needs),
        features=frozenset({*survey.features, *([Feature.UNLISTED] if unlisted else [])}),
        unlisted=tuple(unlisted),
        alias=named.alias,
        narrowing=members.narrowed(document.values, asked.policy, snapshot),
    )
    return demand, Prompt(document, asked)


def is_batch(asked: Asked) -> bool:
    """Whether the client sent several requests at once, and wants as many vectors."""
    return asked.verb == BATCH


def inputs(prompt: Prompt) -> int:
    """How many vectors the client waits for."""
    return len(_requests(Fields(prompt.unseal().values), prompt.asked))


def _requests(given: Fields, asked: Asked) -> list[Fields]:
    """What is to be embedded, each with what is said of it."""
    requests = list(given.each("requests")) if is_batch(asked) else [given]
    if not requests:
        raise fault("requests", "must be a list of at least one request")
    for request in requests:
        if not request.inner("content").rows("parts"):
            raise fault(request.path("content"), "must have at least one part")
    return requests


def conversation(prompt: Prompt) -> Embedding:
    """The neutral form. InvalidRequest, with the field, for what no other dialect could be told."""
    requests = _requests(Fields(prompt.unseal().values), prompt.asked)
    settings = [_settings(request) for request in requests]
    return Embedding(
        inputs=tuple(_words(request.inner("content")) for request in requests),
        dimensions=_same("outputDimensionality", [dimensions for dimensions, _, _ in settings]),
        purpose=_same("taskType", [purpose for _, purpose, _ in settings]),
        title=_same("title", [title for _, _, title in settings]),
        lost=tuple(dict.fromkeys(name for request in requests for name in _lost(request))),
    )


def _settings(request: Fields) -> tuple[int | None, str, str]:
    """(dimensions, task type, title): beside the content, or in an object of their own."""
    inner = request.inner("embedContentConfig")
    at = {name: request if name in request else inner for name in _CARRIED}
    task = at["taskType"].word("taskType", _TASKS)
    dimensions = at["outputDimensionality"].count("outputDimensionality", most=_DIMENSIONS_MOST)
    return dimensions, "" if task == _UNSPECIFIED else task, at["title"].text("title")


def _same(name: str, stated: list[_Value]) -> _Value:
    """What all requests of a batch say: no other dialect lets them differ."""
    if any(one != stated[0] for one in stated):
        raise fault(f"requests.{name}", "must be the same in every request, for another provider to be of use")
    return stated[0]


def _words(content: Fields) -> str:
    """The content as one text."""
    for part in content.each("parts"):
        if "text" not in part:
            raise fault(part.path("text"), "must stand in every part, for another provider to be of use")
    text = "\n".join(part.text("text") for part in content.each("parts"))
    if not text:
        raise fault(content.path("parts"), "must hold words")
    return text


def _lost(request: Fields) -> Iterable[str]:
    for holder in (request, request.inner("embedContentConfig")):
        stated = [name for name in holder if holder.raw(name) is not False]
        yield from members.unlisted(stated, _CARRIED | _ELSEWHERE, frozenset())


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # nothing in it depends on demand and orders
    """The body for `route`: the client's bytes but for the model's name."""
    document, asked = prompt.unseal(), prompt.asked
    changes: dict[str, bytes | None] = {"provider": None}
    if "model" in document.values:
        changes["model"] = orjson.dumps(_model(route))
    if is_batch(asked):
        changes["requests"] = orjson.dumps(_named(document, route))
    return Rendered(_path(route, asked.verb or "embedContent"), strict_json.spliced(document, changes, {}))


def _named(document: Document, route: Route) -> list[Any]:
    """The requests of a batch, each of which names the model again."""
    given = document.values["requests"]
    return [{**request, "model": _model(route)} for request in (given if isinstance(given, list) else [given])]


def _model(route: Route) -> str:
    return f"models/{route.upstream_model}"


def _path(route: Route, verb: str) -> str:
    return f"/models/{quote(route.upstream_model, safe='')}:{verb}"


def written(asked: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # it is all in `asked`
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(asked, Conversation):
        raise Unportable("messages")
    if len(asked.inputs) > BATCH_MOST or not all(isinstance(one, str) for one in asked.inputs):
        raise Unportable("input")
    said: dict[str, Any] = {"model": _model(route)}
    settings = {"taskType": asked.purpose, "title": asked.title, "outputDimensionality": asked.dimensions}
    stated = {name: value for name, value in settings.items() if value}
    requests = [{**said, "content": {"parts": [{"text": one}]}, **stated} for one in asked.inputs]
    dropped = (*asked.lost, *(["user"] if asked.user else []))
    return Rendered(_path(route, BATCH), orjson.dumps({"requests": requests}), dropped=tuple(dict.fromkeys(dropped)))
