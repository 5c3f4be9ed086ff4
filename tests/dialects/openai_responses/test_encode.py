"""The neutral form, written as a request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import (
    Conversation,
    Embedding,
    Reasoning,
    Role,
    Sampling,
    Shape,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.openai_responses.decode import conversation
from gateway.dialects.openai_responses.encode import written
from gateway.dialects.openai_responses.request import accept
from gateway.dialects.prompt import PLAIN
from tests.builders import a_connection, a_demand, a_provider, a_route, a_snapshot
from tests.dialects.openai_responses.strategies import conversations

HELLO = Conversation((Turn(Role.USER, (Text("hello"),)),))
KNOWN = RequestOverrides(pseudonym=str)


def rendered(asked: Conversation, orders: RequestOverrides = KNOWN, **connection: Any) -> Rendered:
    known = a_connection(dialect="openai_responses", **connection)
    return written(asked, a_demand(), a_route(a_provider(connection=known)), orders)


def body(asked: Conversation, orders: RequestOverrides = KNOWN, **connection: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered(asked, orders, **connection).body)
    return found


def asked(**members: Any) -> Conversation:
    return replace(HELLO, **members)


def test_a_plain_request_is_short_and_never_stored() -> None:
    message = {"type": "message", "role": "user", "content": "hello"}
    assert body(HELLO) == {"model": "lab/small", "input": [message], "store": False, "stream": False}
    found = rendered(HELLO)
    assert (found.path, found.headers, found.dropped) == ("/responses", (), ())


@settings(database=None, deadline=None)
@given(conversations())
def test_what_is_written_reads_the_same(conversation_: Conversation) -> None:
    found = rendered(conversation_)
    sent = json.dumps({**json.loads(found.body), "model": "small"}).encode()
    assert conversation(accept(sent, PLAIN, a_snapshot())[1]) == conversation_
    assert found.dropped == ()


TOOL = Tool("f", "Does f.", {"type": "object"})


def test_a_tool_is_only_strict_where_that_was_asked_for() -> None:
    parameters = {"type": "object", "properties": {}}
    expected = {"type": "function", "name": "f", "description": "Does f.", "parameters": parameters}
    assert body(asked(tools=(TOOL,)))["tools"] == [{**expected, "strict": False}]
    assert body(asked(tools=(replace(TOOL, strict=True),)))["tools"] == [{**expected, "strict": True}]


@pytest.mark.parametrize(
    ("choice", "members"),
    [
        (ToolChoice("required", parallel=False), {"tool_choice": "required", "parallel_tool_calls": False}),
        (ToolChoice("named", ("f",)), {"tool_choice": {"type": "function", "name": "f"}}),
        (
            ToolChoice("named", ("f", "g")),
            {
                "tool_choice": {
                    "type": "allowed_tools",
                    "mode": "required",
                    "tools": [{"type": "function", "name": "f"}, {"type": "function", "name": "g"}],
                }
            },
        ),
    ],
)
def test_the_choice_is_written(choice: ToolChoice, members: dict[str, Any]) -> None:
    found = body(asked(tools=(TOOL, replace(TOOL, name="g")), tool_choice=choice))
    assert {name: found.get(name) for name in ("tool_choice", "parallel_tool_calls") if name in found} == members


@pytest.mark.parametrize(
    ("reasoning", "members"),
    [
        (Reasoning("high"), {"effort": "high"}),
        (Reasoning(visible=True), {"summary": "auto"}),
        (Reasoning(visible=False), None),
        (Reasoning(budget=0), {"effort": "none"}),
        (Reasoning(budget=1_000), {"effort": "low"}),
        (Reasoning(budget=8_000), {"effort": "medium"}),
        (Reasoning(budget=30_000, visible=True), {"effort": "high", "summary": "auto"}),
        (Reasoning(budget=-1), None),
    ],
)
def test_thinking_is_written_as_an_effort(reasoning: Reasoning, members: dict[str, str] | None) -> None:
    assert body(asked(reasoning=reasoning)).get("reasoning") == members


def test_thoughts_come_back_sealed_wherever_the_model_is_to_think() -> None:
    sealed = ["reasoning.encrypted_content"]
    assert body(asked(reasoning=Reasoning("high")))["include"] == sealed
    assert "include" not in body(asked(reasoning=Reasoning("none")))
    assert "include" not in body(asked(reasoning=Reasoning(budget=0)))
    assert "include" not in body(HELLO)


def test_log_probabilities_are_included() -> None:
    found = body(asked(sampling=Sampling(logprobs=2)))
    assert (found["include"], found["top_logprobs"]) == (["message.output_text.logprobs"], 2)
    assert "top_logprobs" not in body(asked(sampling=Sampling(logprobs=0)))


def test_a_form_has_a_name_that_openai_takes() -> None:
    schema = {"type": "object"}
    wanted = body(asked(shape=Shape(schema, "not a name!")))["text"]["format"]
    assert wanted == {"type": "json_schema", "name": "answer", "schema": schema}
    assert body(asked(shape=Shape()))["text"]["format"] == {"type": "json_object"}


def test_an_output_limit_is_stated_or_ordered() -> None:
    limited = RequestOverrides(output_limit=100, pseudonym=str)
    assert body(HELLO, limited)["max_output_tokens"] == 100
    assert body(asked(output_limit=700), limited)["max_output_tokens"] == 100
    assert body(asked(output_limit=7))["max_output_tokens"] == 7


def test_identifiers_go_out_under_pseudonyms_or_not_at_all() -> None:
    known = asked(user="ada", cache_key="k", tier="flex")
    found = body(known, RequestOverrides(pseudonym=lambda name: f"p-{name}"))
    assert (found["safety_identifier"], found["prompt_cache_key"]) == ("p-ada", "p-k")
    assert rendered(known, RequestOverrides()).dropped == ("user", "cache_key")
    assert b"ada" not in rendered(known, RequestOverrides()).body


def test_a_strict_provider_is_not_told_what_openai_alone_knows() -> None:
    found = rendered(asked(user="ada", cache_key="k", tier="flex"), lenient=False)
    assert found.dropped == ("service_tier", "user", "cache_key")
    assert set(json.loads(found.body)) == {"model", "input", "store", "stream"}
    assert body(asked(tier="flex"), lenient=False, accepts_store=True)["service_tier"] == "flex"


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"lost": ("truncation",)}, ("truncation",)),
        ({"sampling": Sampling(top_k=3, seed=0, stop=("x",))}, ("top_k", "seed", "stop")),
        (
            {"sampling": Sampling(presence_penalty=0.5, frequency_penalty=0)},
            ("presence_penalty", "frequency_penalty"),
        ),
        ({"reasoning": Reasoning(budget=5_000)}, ("reasoning_budget",)),
        ({"tools": (Tool("f", cached="5m"),)}, ("cache_control",)),
        ({"turns": (Turn(Role.USER, (Text("x", cached="5m"),)),)}, ("cache_control",)),
    ],
)
def test_what_has_no_place_is_named(members: dict[str, Any], names: tuple[str, ...]) -> None:
    assert rendered(asked(**members)).dropped == names


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (Embedding(("x",)), ("input",)),
        (asked(choices=2), ("n",)),
        (asked(tools=(Tool("a.b"),)), ("tools",)),
        (asked(tools=(Tool("a" * 65),)), ("tools",)),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(request_: Conversation | Embedding, names: tuple[str, ...]) -> None:
    with pytest.raises(Unportable) as refused:
        written(request_, a_demand(), a_route(), KNOWN)
    assert refused.value.names == names
