"""What of a request no model of a route could do, whatever its dialect."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.core.operation import CHAT
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.neutral import Conversation, Reasoning, Role, Text, Turn
from gateway.dialects.reasoning_support import drop_unsupported_reasoning
from gateway.dialects.registry import REGISTRY
from tests.builders import a_demand, a_route, some_abilities

HELLO = Conversation((Turn(Role.USER, (Text("hello"),)),))
UNTHINKING = a_route(abilities=some_abilities(reasoning=False))


@pytest.mark.parametrize("reasoning", [None, True])
def test_a_model_that_may_think_is_asked_as_the_client_asks(reasoning: bool | None) -> None:
    asked = replace(HELLO, reasoning=Reasoning("high"))
    assert drop_unsupported_reasoning(asked, a_route(abilities=some_abilities(reasoning=reasoning))) == (asked, ())
    assert drop_unsupported_reasoning(HELLO, UNTHINKING) == (HELLO, ())


@pytest.mark.parametrize(
    ("reasoning", "left_out"),
    [
        (Reasoning("high"), ("reasoning_effort",)),
        (Reasoning(budget=2_000), ("reasoning_effort",)),
        (Reasoning("low", visible=True), ("reasoning_effort",)),
        (Reasoning("minimal"), ()),
        (Reasoning("none"), ()),
        (Reasoning(budget=0), ()),
        (Reasoning(visible=True), ()),
    ],
)
@pytest.mark.parametrize("wire", REGISTRY.offering(CHAT))
def test_nothing_is_said_of_thinking_to_a_model_that_cannot(
    wire: str, reasoning: Reasoning, left_out: tuple[str, ...]
) -> None:
    sent = REGISTRY.streaming[wire].written(
        replace(HELLO, reasoning=reasoning), a_demand(), UNTHINKING, RequestOverrides()
    )
    plain = REGISTRY.streaming[wire].written(HELLO, a_demand(), UNTHINKING, RequestOverrides())
    assert json.loads(sent.body) == json.loads(plain.body)
    assert sent.dropped == left_out
