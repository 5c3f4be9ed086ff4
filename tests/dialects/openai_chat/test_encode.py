"""The neutral form written as a request: members, limits, identifiers, and names of what has no place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from gateway.core.catalog import Route
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import (
    Conversation,
    Embedding,
    Media,
    Reasoning,
    Role,
    Sampling,
    Shape,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.openai_chat.decode import conversation
from gateway.dialects.openai_chat.encode import written
from gateway.dialects.openai_chat.request import accept
from gateway.dialects.prompt import PromptHead
from tests.builders import a_connection, a_demand, a_provider, a_route, a_snapshot
from tests.dialects.openai_chat.strategies import conversations
from tests.strategies import examples

HELLO = Conversation((Turn(Role.USER, (Text("hello"),)),))
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
KNOWING = RequestOverrides(pseudonym=str)
STRICT = {"lenient": False}
OPENAI: dict[str, Any] = {
    "lenient": False,
    "accepts_store": True,
    "system_role": "developer",
    "output_limit": "max_completion_tokens",
}


def a_way(**connection: Any) -> Route:
    return a_route(a_provider(connection=a_connection(**connection)))


def rendered(asked: Conversation, orders: RequestOverrides = KNOWING, **connection: Any) -> Rendered:
    return written(asked, a_demand(), a_way(**connection), orders)


def body(
    orders: RequestOverrides = KNOWING, connection: dict[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    """What stands in the body beside the model, the messages and that nothing is to be streamed."""
    found: dict[str, Any] = json.loads(rendered(replace(HELLO, **members), orders, **connection or {}).body)
    return {n: v for n, v in found.items() if n not in ("model", "messages") and (n, v) != ("stream", False)}


def dropped(
    orders: RequestOverrides = KNOWING, connection: dict[str, Any] | None = None, **members: Any
) -> tuple[str, ...]:
    return rendered(replace(HELLO, **members), orders, **connection or {}).dropped


def test_a_plain_request() -> None:
    found = rendered(HELLO)
    assert (found.path, found.headers, found.dropped) == ("/chat/completions", (), ())
    assert json.loads(found.body) == {
        "model": "lab/small",
        "messages": [{"role": "user", "content": "hello"}],
        "stream": False,  # some servers stream by default
    }


@given(asked=conversations())
@settings(database=None, max_examples=examples(150))
def test_what_the_dialect_can_carry_comes_back_as_it_was(asked: Conversation) -> None:
    sent = rendered(asked, accepts_store=True)
    assert sent.dropped == ()
    named = sent.body.replace(b'"lab/small"', b'"small"', 1)
    _, prompt = accept(named, PromptHead(), a_snapshot())
    assert conversation(prompt) == asked


@given(asked=conversations())
@settings(database=None, max_examples=examples(50))
def test_openai_would_take_it(asked: Conversation) -> None:
    found = json.loads(rendered(replace(asked, streaming=False), **OPENAI).body)
    found["messages"] = [{**message} for message in found["messages"]]
    TypeAdapter(CompletionCreateParamsNonStreaming).validate_python(found)
    assert len(found.get("stop", ())) <= 4
    assert "top_k" not in found


def test_usage_is_asked_for_where_it_must_be() -> None:
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    assert body(streaming=True) == asked
    assert body(streaming=True, connection={"stream_usage": "always"}) == {"stream": True}


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_output_limit_has_the_providers_name(name: str) -> None:
    connection = {"output_limit": name}
    assert body(output_limit=7, connection=connection) == {name: 7}
    assert body(RequestOverrides(output_limit=9), connection) == {name: 9}
    assert body(RequestOverrides(output_limit=9), connection, output_limit=70) == {name: 9}


def test_tools_and_the_choice_among_them() -> None:
    tools = (Tool("look", "sees", SCHEMA, strict=True), Tool("hear"))
    look = {"name": "look", "description": "sees", "parameters": SCHEMA, "strict": True}
    hear = {"name": "hear", "parameters": {"type": "object", "properties": {}}}
    both = [{"type": "function", "function": look}, {"type": "function", "function": hear}]
    assert body(tools=tools) == {"tools": both}
    assert body(tools=tools, tool_choice=ToolChoice("required", parallel=False)) == {
        "tools": both,
        "tool_choice": "required",
        "parallel_tool_calls": False,
    }
    one = {"type": "function", "function": {"name": "hear"}}
    assert body(tools=tools, tool_choice=ToolChoice("named", ("hear",)))["tool_choice"] == one


def test_one_of_several_is_required_by_offering_no_others() -> None:
    tools = (Tool("look"), Tool("hear"), Tool("feel"))
    found = body(tools=tools, tool_choice=ToolChoice("named", ("look", "feel")))
    assert [tool["function"]["name"] for tool in found["tools"]] == ["look", "feel"]
    assert found["tool_choice"] == "required"


def test_a_choice_among_no_tools_is_not_written() -> None:
    assert body(tool_choice=ToolChoice("auto")) == {}


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (Shape(), {"type": "json_object"}),
        (Shape(SCHEMA), {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}),
        (Shape(SCHEMA, "no name!"), {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}),
        (
            Shape(SCHEMA, "s", "d", strict=False),
            {
                "type": "json_schema",
                "json_schema": {"name": "s", "description": "d", "schema": SCHEMA, "strict": False},
            },
        ),
    ],
)
def test_the_form_of_the_answer(shape: Shape, found: dict[str, Any]) -> None:
    assert body(shape=shape) == {"response_format": found}


@pytest.mark.parametrize(
    ("reasoning", "members", "names"),
    [
        (Reasoning("high"), {"reasoning_effort": "high"}, ()),
        (Reasoning("low", budget=9_000), {"reasoning_effort": "low"}, ("reasoning_budget",)),
        (Reasoning(budget=-1), {}, ("reasoning_budget",)),
        (Reasoning(visible=True), {}, ()),
        (Reasoning(visible=False), {}, ("reasoning_visible",)),
    ],
)
def test_how_much_to_think(reasoning: Reasoning, members: dict[str, Any], names: tuple[str, ...]) -> None:
    assert body(reasoning=reasoning) == members
    assert dropped(reasoning=reasoning) == names


@pytest.mark.parametrize("effort", ["xhigh", "max"])
def test_efforts_that_openai_alone_knows_are_high_elsewhere(effort: Any) -> None:
    reasoning = Reasoning(effort)
    assert body(reasoning=reasoning) == {"reasoning_effort": "high"}
    assert dropped(reasoning=reasoning) == ("reasoning_effort",)
    assert body(reasoning=reasoning, connection=OPENAI) == {"reasoning_effort": effort, "store": False}
    assert dropped(reasoning=reasoning, connection=OPENAI) == ()


def test_what_only_lenient_servers_take_goes_to_them_alone() -> None:
    sampling = Sampling(top_k=5, stop=("a", "b", "c", "d", "e"))
    assert body(sampling=sampling) == {"top_k": 5, "stop": ["a", "b", "c", "d", "e"]}
    assert dropped(sampling=sampling) == ()
    assert body(sampling=sampling, connection=STRICT) == {"stop": ["a", "b", "c", "d"]}
    assert dropped(sampling=sampling, connection=STRICT) == ("top_k", "stop")


def test_probabilities() -> None:
    assert body(sampling=Sampling(logprobs=0)) == {"logprobs": True}
    assert body(sampling=Sampling(logprobs=3)) == {"logprobs": True, "top_logprobs": 3}


def test_what_openai_alone_has_goes_to_no_strict_server_of_others() -> None:
    asked: dict[str, Any] = {"tier": "flex", "cache_key": "thread"}
    members = {"service_tier": "flex", "prompt_cache_key": "thread"}
    assert body(**asked) == members
    assert body(connection=OPENAI, **asked) == {**members, "store": False}
    assert body(connection=STRICT, **asked) == {}
    assert dropped(connection=STRICT, **asked) == ("service_tier", "cache_key")


def test_identifiers_travel_under_their_pseudonyms_or_not_at_all() -> None:
    orders = RequestOverrides(pseudonym=lambda name: f"p-{name}")
    assert body(orders, user="ada", cache_key="thread") == {"user": "p-ada", "prompt_cache_key": "p-thread"}
    assert body(RequestOverrides(), user="ada", cache_key="thread") == {}
    assert dropped(RequestOverrides(), user="ada", cache_key="thread") == ("user", "cache_key")


def test_nothing_is_to_be_stored_at_a_provider_that_knows_the_member() -> None:
    assert body(RequestOverrides(), {"accepts_store": True}) == {"store": False}
    assert body(RequestOverrides()) == {}, "who does not know the member keeps nothing for it"


def test_everything_that_was_lost_is_named_once() -> None:
    marked = (Turn(Role.USER, (Text("a", "5m"),)),)
    found = dropped(turns=marked, tools=(Tool("f", cached="5m"),), lost=("logit_bias", "cache_control"))
    assert found == ("logit_bias", "cache_control")
    assert dropped(tools=(Tool("f", cached="5m"),)) == ("cache_control",)


@pytest.mark.parametrize(
    "asked", [Embedding(("a",)), Conversation((Turn(Role.USER, (Media("video", "video/mp4", "AAAA"),)),))]
)
def test_what_it_cannot_carry_is_unportable(asked: Conversation | Embedding) -> None:
    with pytest.raises(Unportable):
        written(asked, a_demand(), a_route(), KNOWING)


def test_a_budget_is_told_as_an_effort() -> None:
    assert body(reasoning=Reasoning(budget=1_025)) == {"reasoning_effort": "medium"}
