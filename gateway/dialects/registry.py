"""The dialects of this program, one line each, and everything that follows from their statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gateway.core.operation import EMBEDDINGS, Operation
from gateway.dialects import (
    anthropic_messages,
    bedrock_converse,
    cohere_chat,
    cohere_embeddings,
    google_embeddings,
    google_generate,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_responses,
)
from gateway.dialects.dialect import (
    CarriedDialect,
    Counting,
    Dialect,
    Fitting,
    Framed,
    PlacingDialect,
    ProviderOnly,
    ProviderSide,
    ProviderStreaming,
    Streaming,
    Verb,
)


@dataclass(frozen=True)
class Registry:
    """A set of dialects by name. Every table that a dialect stands in is derived from its own statements.

    `dialects` are spoken by clients and by providers, `provider_dialects` by providers alone.
    """

    dialects: tuple[Dialect, ...]
    provider_dialects: tuple[ProviderOnly, ...] = ()

    def __getitem__(self, name: str) -> Dialect:
        """The dialect of that name that clients speak; KeyError for none."""
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    @cached_property
    def by_name(self) -> Mapping[str, Dialect]:
        """Every dialect that clients speak, in the order of registration."""
        return {dialect.NAME: dialect for dialect in self.dialects}

    @cached_property
    def wires(self) -> Mapping[str, ProviderSide]:
        """Every language in which a provider can be asked."""
        return {wire.NAME: wire for wire in (*self.dialects, *self.provider_dialects)}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of `wires`."""
        return frozenset(self.wires)

    @cached_property
    def streaming(self) -> Mapping[str, Streaming]:
        """The dialects of clients whose replies can be streamed."""
        return {dialect.NAME: dialect for dialect in self.dialects if isinstance(dialect, Streaming)}

    @cached_property
    def streamed_by_providers(self) -> Mapping[str, ProviderStreaming]:
        """The languages in which providers stream."""
        return {name: wire for name, wire in self.wires.items() if isinstance(wire, ProviderStreaming)}

    @cached_property
    def counting(self) -> Mapping[str, Counting]:
        """The dialects with an operation that counts the tokens of a request."""
        return {dialect.NAME: dialect for dialect in self.dialects if isinstance(dialect, Counting)}

    @cached_property
    def framed(self) -> Mapping[str, Framed]:
        """The languages with a framing of their own, by name."""
        return {name: wire for name, wire in self.wires.items() if isinstance(wire, Framed)}

    @cached_property
    def carriers(self) -> Mapping[str, tuple[str, ...]]:
        """Dialect -> the forms of request in which clouds carry it."""
        return {
            dialect.NAME: tuple(dialect.CARRIERS) for dialect in self.dialects if isinstance(dialect, CarriedDialect)
        }

    @cached_property
    def placing(self) -> Mapping[str, tuple[str, ...]]:
        """Dialect -> its members that fix the place of processing."""
        return {dialect.NAME: dialect.PLACING for dialect in self.dialects if isinstance(dialect, PlacingDialect)}

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

    def answering(self, operation: Operation) -> tuple[str, ...]:
        """The languages in which providers can be asked for an operation."""
        return (*self.offering(operation), *(d.NAME for d in self.provider_dialects if d.OPERATION is operation))

    def other_kinds(self, name: str) -> Mapping[str, str]:
        """Kind of model -> the dialect in which a provider that speaks `name` is asked for models of that kind. Chat
        models are asked in `name` itself."""
        wire = self.wires.get(name)
        return {EMBEDDINGS.model_kind: wire.EMBEDS_AS} if wire is not None and wire.EMBEDS_AS else {}


def _operations(verbs: Mapping[str, Verb]) -> Iterator[Operation]:
    return (verb.operation for verb in verbs.values())


REGISTRY: Final = Registry(
    (
        openai_chat,
        openai_responses,
        anthropic_messages,
        google_generate,
        openai_completions,
        openai_embeddings,
        google_embeddings,
    ),
    (bedrock_converse, cohere_chat, cohere_embeddings),
)
"""A new dialect is one package and one line here."""
