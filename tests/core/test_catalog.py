"""What is declared, as values: models, routes, connections, and how a snapshot finds them."""

from __future__ import annotations

import pytest

from gateway.core.catalog import Abilities
from gateway.core.operation import CHAT, COUNT_TOKENS
from tests.builders import (
    a_connection,
    a_provider,
    a_route,
    some_abilities,
)


def test_a_routes_abilities_lie_over_the_models() -> None:
    own = Abilities(tools=False, inputs=frozenset({"text"}), max_output=0)
    over = own.over(some_abilities(context=None))
    assert over == some_abilities(tools=False, inputs=frozenset({"text"}), max_output=0, context=None)
    assert Abilities().over(Abilities()) == Abilities()


def test_a_connection_speaks_its_dialect_and_those_beside_it() -> None:
    connection = a_connection(also=("openai_responses",))
    assert connection.speaks("openai_chat")
    assert connection.speaks("openai_responses")
    assert not connection.speaks("anthropic_messages")
    assert not a_connection().speaks("openai_responses")


@pytest.mark.parametrize(
    ("also", "speaks"),
    [
        (None, {"openai_chat", "openai_responses"}),
        ((), {"openai_chat"}),
        (("anthropic_messages",), {"openai_chat", "anthropic_messages"}),
    ],
)
def test_a_route_speaks_as_its_connection_unless_it_says_otherwise(
    also: tuple[str, ...] | None, speaks: set[str]
) -> None:
    provider = a_provider(connection=a_connection(also=("openai_responses",)))
    route = a_route(provider, also=also)
    assert {d for d in ("openai_chat", "openai_responses", "anthropic_messages") if route.speaks(d)} == speaks


def test_routes_are_hashed_by_id() -> None:
    assert len({a_route(), a_route(), a_route("beta")}) == 2
    assert a_route(variant="turbo").id == "alpha/small@turbo"


def test_a_record_that_sends_its_place_is_never_asked_to_count() -> None:
    provider = a_provider(connection=a_connection(sends={"inference_geo": "us"}))
    assert a_route(provider).wire("openai_chat", CHAT) == "openai_chat"
    assert a_route(provider).wire("openai_chat", COUNT_TOKENS) == ""
    assert a_route().wire("openai_chat", COUNT_TOKENS) == "openai_chat"
