"""The registry: every table of dialects follows from what each dialect states."""

from __future__ import annotations

from typing import Any, Final

import pytest

from gateway.core.operation import CHAT, COMPLETIONS, COUNT_TOKENS, EMBEDDINGS, OPERATIONS
from gateway.dialects import (
    anthropic_messages,
    google_embeddings,
    google_generate,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_responses,
)
from gateway.dialects.dialect import Counting, Fitting, Streaming
from gateway.dialects.registry import REGISTRY, Registry

STREAMING: Final[tuple[Streaming, ...]] = (
    openai_chat,
    openai_responses,
    anthropic_messages,
    google_generate,
    openai_completions,
)
COUNTING: Final[tuple[Counting, ...]] = (openai_responses, anthropic_messages, google_generate)
FITTING: Final[tuple[Fitting, ...]] = (openai_embeddings, google_embeddings)
"""The type checker compares the signatures, which the registry cannot."""


@pytest.mark.parametrize("table", [REGISTRY.by_name, REGISTRY.streaming, REGISTRY.fitting, REGISTRY.counting])
def test_each_dialect_stands_under_its_own_name(table: dict[str, Any]) -> None:
    assert table
    assert {name: dialect.NAME for name, dialect in table.items()} == {name: name for name in table}


def test_a_dialect_stands_in_the_tables_of_what_it_can_do() -> None:
    assert tuple(REGISTRY.streaming.values()) == STREAMING
    assert tuple(REGISTRY.counting.values()) == COUNTING
    assert tuple(REGISTRY.fitting.values()) == FITTING
    assert set(REGISTRY) == set(REGISTRY.by_name) <= REGISTRY.names == set(REGISTRY.wires)


def test_embeddings_are_asked_for_in_a_registered_dialect() -> None:
    kinds = {name: dict(REGISTRY.other_kinds(name)) for name in REGISTRY if REGISTRY.other_kinds(name)}
    assert kinds == {
        "openai_chat": {"embedding": "openai_embeddings"},
        "openai_responses": {"embedding": "openai_embeddings"},
        "google_generate": {"embedding": "google_embeddings"},
    }
    assert {kind for each in kinds.values() for kind in each.values()} <= REGISTRY.names
    assert REGISTRY.other_kinds("none") == {}


def test_a_registry_holds_what_it_was_given() -> None:
    assert Registry((openai_chat,)).names == {"openai_chat"}
    with pytest.raises(KeyError):
        Registry(())["openai_chat"]


class _Provider:
    """A language that no client speaks."""

    NAME = "telegraph"
    EMBEDS_AS = "openai_embeddings"
    OPERATION = CHAT
    written = staticmethod(openai_chat.written)
    events = staticmethod(openai_chat.events)


def test_a_language_of_providers_alone_is_no_dialect_of_clients() -> None:
    registry = Registry((openai_chat, openai_embeddings), (_Provider(),))
    assert registry.answering(CHAT) == ("openai_chat", "telegraph")
    assert registry.answering(EMBEDDINGS) == registry.offering(EMBEDDINGS) == ("openai_embeddings",)
    assert registry.offering(CHAT) == ("openai_chat",)
    assert registry.names - set(registry) == {"telegraph"}
    assert set(registry.streamed_by_providers) == {"openai_chat"}
    assert registry.other_kinds("telegraph") == {"embedding": "openai_embeddings"}


def test_a_path_and_a_verb_mean_one_dialect_and_operation() -> None:
    paths = {path: (dialect.NAME, operation.name) for path, (dialect, operation) in REGISTRY.paths.items()}
    assert paths == {
        "/chat/completions": ("openai_chat", "chat"),
        "/completions": ("openai_completions", "completions"),
        "/responses": ("openai_responses", "chat"),
        "/responses/input_tokens": ("openai_responses", "count_tokens"),
        "/embeddings": ("openai_embeddings", "embeddings"),
        "/messages": ("anthropic_messages", "chat"),
        "/messages/count_tokens": ("anthropic_messages", "count_tokens"),
    }
    assert len(paths) == sum(len(dialect.PATHS) for dialect in REGISTRY.dialects), "no two dialects share a path"
    assert len(REGISTRY.verbs) == sum(len(dialect.VERBS) for dialect in REGISTRY.dialects)


def test_an_operation_is_offered_by_the_dialects_that_have_an_address_for_it() -> None:
    assert REGISTRY.offering(CHAT) == ("openai_chat", "openai_responses", "anthropic_messages", "google_generate")
    assert REGISTRY.offering(COMPLETIONS) == ("openai_completions",)
    assert REGISTRY.offering(EMBEDDINGS) == ("openai_embeddings", "google_embeddings")
    assert set(REGISTRY.offering(COUNT_TOKENS)) == set(REGISTRY.counting)
    assert set(REGISTRY.streaming) == {name for o in OPERATIONS if o.streams for name in REGISTRY.offering(o)}


def test_the_members_that_fix_a_place_are_those_that_a_dialect_states() -> None:
    assert REGISTRY.placing == {"anthropic_messages": ("inference_geo",)}
    assert Registry((openai_chat,)).placing == {}
