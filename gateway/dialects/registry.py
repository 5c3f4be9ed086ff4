"""The dialects of this program, one line each, and everything that follows from their statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gateway.core.operation import EMBEDDINGS, Operation
from gateway.dialects import (
    anthropic_messages,
    google_embeddings,
    google_generate,
    openai_chat,
    openai_embeddings,
    openai_responses,
)
from gateway.dialects.dialect import Counting, Dialect, Fitting, Framed, Streaming, Verb


@dataclass(frozen=True)
class Registry:
    """A set of dialects by name. Every table that a dialect stands in is derived from its own statements."""

    dialects: tuple[Dialect, ...]

    def __getitem__(self, name: str) -> Dialect:
        """The dialect of that name; KeyError for none."""
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    @cached_property
    def by_name(self) -> Mapping[str, Dialect]:
        """Every dialect, in the order of registration."""
        return {dialect.NAME: dialect for dialect in self.dialects}

    @cached_property
    def names(self) -> frozenset[str]:
        """The languages that clients may speak, and routes."""
        return frozenset(self.by_name)

    @cached_property
    def streaming(self) -> Mapping[str, Streaming]:
        """The dialects whose replies can be streamed."""
        return {dialect.NAME: dialect for dialect in self.dialects if isinstance(dialect, Streaming)}

    @cached_property
    def counting(self) -> Mapping[str, Counting]:
        """The dialects with an operation that counts the tokens of a request."""
        return {dialect.NAME: dialect for dialect in self.dialects if isinstance(dialect, Counting)}

    @cached_property
    def framed(self) -> Mapping[str, Framed]:
        """The dialects with a framing of their own, by name."""
        return {dialect.NAME: dialect for dialect in self.dialects if isinstance(dialect, Framed)}

    @cached_property
    def fitting(self) -> Mapping[str, Fitting]:
        """The dialects that put a reply into the form that the client asked for."""
        return {dialect.NAME: dialect for dialect in self.dialects if isinstance(dialect, Fitting)}

    @cached_property
    def paths(self) -> Mapping[str, tuple[Dialect, Operation]]:
        """Path -> the dialect and the operation that a client means by it."""
        return {path: (d, operation) for d in self.dialects for path, operation in d.PATHS.items()}

    @cached_property
    def verbs(self) -> Mapping[str, tuple[Dialect, Verb]]:
        """Verb behind a model's name -> its dialect and its meaning."""
        return {name: (dialect, verb) for dialect in self.dialects for name, verb in dialect.VERBS.items()}

    @cached_property
    def families(self) -> Mapping[str, Dialect]:
        """Family -> its first dialect, whose error shape is the family's."""
        first: dict[str, Dialect] = {}
        for dialect in self.dialects:
            first.setdefault(dialect.FAMILY.name, dialect)
        return first

    def offering(self, operation: Operation) -> tuple[str, ...]:
        """The dialects in which clients can ask for an operation."""
        return tuple(d.NAME for d in self.dialects if operation in (*d.PATHS.values(), *_operations(d.VERBS)))

    def other_kinds(self, name: str) -> Mapping[str, str]:
        """Kind of model -> the dialect in which a provider that speaks `name` is asked for models of that kind. Chat
        models are asked in `name` itself."""
        dialect = self.by_name.get(name)
        return {EMBEDDINGS.model_kind: dialect.EMBEDS_AS} if dialect is not None and dialect.EMBEDS_AS else {}


def _operations(verbs: Mapping[str, Verb]) -> Iterator[Operation]:
    return (verb.operation for verb in verbs.values())


REGISTRY: Final = Registry(
    (
        openai_chat,
        openai_responses,
        anthropic_messages,
        google_generate,
        openai_embeddings,
        google_embeddings,
    )
)
"""A new dialect is one package and one line here."""
