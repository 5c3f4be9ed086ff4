"""Requests for vectors, read into the neutral form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from gateway.dialects import members
from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.google_embeddings.content import requests_of
from gateway.dialects.neutral import Embedding
from gateway.dialects.prompt import Prompt

_CARRIED: Final = frozenset("taskType title outputDimensionality".split())


_ELSEWHERE: Final = frozenset("model content embedContentConfig provider".split())


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


def conversation(prompt: Prompt) -> Embedding:
    """The neutral form. InvalidRequest, with the field, for what no other dialect could be told."""
    requests = requests_of(GoogleObject(prompt.unseal().values), prompt.head)
    settings = [_settings(request) for request in requests]
    return Embedding(
        inputs=tuple(_words(request.inner("content")) for request in requests),
        dimensions=_same("outputDimensionality", [dimensions for dimensions, _, _ in settings]),
        purpose=_same("taskType", [purpose for _, purpose, _ in settings]),
        title=_same("title", [title for _, _, title in settings]),
        lost=tuple(dict.fromkeys(name for request in requests for name in _lost(request))),
    )


def _settings(request: GoogleObject) -> tuple[int | None, str, str]:
    """(dimensions, task type, title): beside the content, or in an object of their own."""
    inner = request.inner("embedContentConfig")
    at = {name: request if name in request else inner for name in _CARRIED}
    task = at["taskType"].word("taskType", _TASKS)
    dimensions = at["outputDimensionality"].count("outputDimensionality", most=_DIMENSIONS_MOST)
    return dimensions, "" if task == _UNSPECIFIED else task, at["title"].text("title")


def _same(name: str, values: list[_Value]) -> _Value:
    """The value that all requests of a batch share: no other dialect lets them differ."""
    if any(one != values[0] for one in values):
        raise fault(f"requests.{name}", "must be the same in every request, for another provider to be of use")
    return values[0]


def _words(content: GoogleObject) -> str:
    """The content as one text."""
    for part in content.each("parts"):
        if "text" not in part:
            raise fault(part.path("text"), "must stand in every part, for another provider to be of use")
    text = "\n".join(part.text("text") for part in content.each("parts"))
    if not text:
        raise fault(content.path("parts"), "must hold words")
    return text


def _lost(request: GoogleObject) -> Iterable[str]:
    for holder in (request, request.inner("embedContentConfig")):
        names = [name for name in holder if holder.raw(name) is not False]
        yield from members.unlisted(names, _CARRIED | _ELSEWHERE, frozenset())
