"""The neutral form, written as a Messages request."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from hypothesis import given
from pydantic import TypeAdapter

from gateway.core.catalog import Model, Route
from gateway.dialects.anthropic_messages.decode import conversation
from gateway.dialects.anthropic_messages.encode import BUDGETS, ThinkingPlan, plan_thinking, written
from gateway.dialects.anthropic_messages.request import accept
from gateway.dialects.anthropic_messages.schema import with_obeyed
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import (
    Call,
    Conversation,
    Embedding,
    Media,
    Reasoning,
    Result,
    Role,
    Sampling,
    Shape,
    Text,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.prompt import PLAIN
from tests.builders import a_connection, a_demand, a_model, a_provider, a_route, a_snapshot, some_abilities
from tests.dialects.anthropic_messages.strategies import ANY_INPUT, conversations

HELLO = Turn(Role.USER, (Text("hello"),))
ROUTE = a_route()
OLD = a_route(model=a_model(facts={"thinking": "enabled disabled"}))
STRICTEST = a_route(model=a_model(facts={"sampling": "none"}))
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = (Tool("weather", "Of a city.", SCHEMA), Tool("now"))
NAMED = RequestOverrides(pseudonym=lambda said: "p" + said)
SDK: dict[bool, TypeAdapter[Any]] = {
    False: TypeAdapter(MessageCreateParamsNonStreaming),
    True: TypeAdapter(MessageCreateParamsStreaming),
}


def rendered(route: Route = ROUTE, orders: RequestOverrides = NAMED, **members: Any) -> Rendered:
    asked = Conversation(**{"turns": (HELLO,), "output_limit": 9_000, **members})
    return written(asked, a_demand(output_tokens=asked.output_limit), route, orders)


def body(route: Route = ROUTE, orders: RequestOverrides = NAMED, **members: Any) -> Any:
    return json.loads(rendered(route, orders, **members).body)


def dropped(route: Route = ROUTE, orders: RequestOverrides = NAMED, **members: Any) -> tuple[str, ...]:
    return rendered(route, orders, **members).dropped


def test_a_plain_request() -> None:
    found = rendered()
    assert (found.path, found.headers, found.dropped) == ("/messages", (("anthropic-version", "2023-06-01"),), ())
    assert json.loads(found.body) == {
        "model": "lab/small",
        "max_tokens": 9_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
        "stream": False,  # some servers stream by default
    }


def test_everything_finds_its_place() -> None:
    found = body(
        turns=(Turn(Role.SYSTEM, (Text("be kind"),)), HELLO),
        tools=TOOLS,
        tool_choice=ToolChoice("auto", parallel=False),
        shape=Shape(SCHEMA),
        reasoning=Reasoning("low", visible=True),
        sampling=Sampling(stop=("END",)),
        streaming=True,
        tier="default",
        user="device-1",
    )
    del found["messages"]
    assert found == {
        "model": "lab/small",
        "max_tokens": 9_000,
        "system": [{"type": "text", "text": "be kind"}],
        "tools": [
            {"name": "weather", "input_schema": SCHEMA, "description": "Of a city."},
            {"name": "now", "input_schema": {"type": "object", "properties": {}}},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {
            "effort": "low",
            "format": {"type": "json_schema", "schema": {**SCHEMA, "additionalProperties": False}},
        },
        "stop_sequences": ["END"],
        "stream": True,
        "service_tier": "standard_only",
        "metadata": {"user_id": "pdevice-1"},
    }


@pytest.mark.parametrize(
    ("stated", "ordered", "route", "limit"),
    [
        (500, None, ROUTE, 500),
        (500, 77, ROUTE, 77),
        (99_999, None, ROUTE, 16_384),
        (None, 77, ROUTE, 77),
        (None, None, ROUTE, 8_192),
        (None, None, a_route(model=a_model(default_max_output=3_000)), 3_000),
        (99_999, None, a_route(model=a_model(abilities=some_abilities(max_output=None))), 99_999),
    ],
)
def test_the_limit_that_the_api_demands(stated: int | None, ordered: int | None, route: Route, limit: int) -> None:
    assert body(route, RequestOverrides(output_limit=ordered), output_limit=stated)["max_tokens"] == limit


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (ToolChoice("auto"), {"type": "auto"}),
        (ToolChoice("none"), {"type": "none"}),
        (ToolChoice("none", parallel=False), {"type": "none"}),
        (ToolChoice("required"), {"type": "any"}),
        (ToolChoice("required", parallel=True), {"type": "any", "disable_parallel_tool_use": False}),
        (ToolChoice("named", ("now",)), {"type": "tool", "name": "now"}),
    ],
)
def test_a_choice_of_tools(choice: ToolChoice, chosen: dict[str, Any]) -> None:
    assert body(tools=TOOLS, tool_choice=choice)["tool_choice"] == chosen


def test_a_choice_among_some_tools_offers_only_these() -> None:
    found = body(tools=(*TOOLS, Tool("more")), tool_choice=ToolChoice("named", ("weather", "now")))
    assert ([tool["name"] for tool in found["tools"]], found["tool_choice"]) == (["weather", "now"], {"type": "any"})


def test_without_tools_nothing_is_chosen() -> None:
    assert "tool_choice" not in body(tool_choice=ToolChoice("auto"))


def test_a_tool_says_whether_it_is_strict_and_cached() -> None:
    (tool,) = body(tools=(Tool("f", schema={"properties": {}}, strict=True, cached="1h"),))["tools"]
    assert tool == {
        "name": "f",
        "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
        "strict": True,
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }


def test_tools_of_the_past_are_offered_and_may_not_be_called() -> None:
    past = (HELLO, Turn(Role.ASSISTANT, (Call("t", "f"),)), Turn(Role.USER, (Result("t", ()),)))
    found = body(turns=past)
    assert [tool["name"] for tool in found["tools"]] == ["f"]
    assert found["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    ("route", "sampling", "members", "lost"),
    [
        (ROUTE, Sampling(0.5, None, 40), {"temperature": 0.5, "top_k": 40}, ()),
        (ROUTE, Sampling(0, None), {"temperature": 0}, ()),
        (ROUTE, Sampling(None, 0.9), {"top_p": 0.9}, ()),
        (ROUTE, Sampling(1, 1.0), {}, ()),
        (ROUTE, Sampling(1.5, 0.9), {"top_p": 0.9}, ("temperature",)),
        (ROUTE, Sampling(0.5, 0.9), {"temperature": 0.5}, ("top_p",)),
        (ROUTE, Sampling(stop=("END", "\n")), {"stop_sequences": ["END"]}, ("stop",)),
        (
            STRICTEST,
            Sampling(0.5, 0.9, 40, stop=("END",)),
            {"stop_sequences": ["END"]},
            ("temperature", "top_p", "top_k"),
        ),
        (STRICTEST, Sampling(1, 1), {}, ()),
        (
            ROUTE,
            Sampling(seed=1, presence_penalty=0.0, frequency_penalty=1, logprobs=0),
            {},
            ("seed", "presence_penalty", "frequency_penalty", "logprobs"),
        ),
    ],
)
def test_sampling_is_carried_or_named_and_never_changed(
    route: Route, sampling: Sampling, members: dict[str, Any], lost: tuple[str, ...]
) -> None:
    found = body(route, sampling=sampling)
    assert {n: v for n, v in found.items() if n not in ("model", "max_tokens", "messages", "stream")} == members
    assert dropped(route, sampling=sampling) == lost


@pytest.mark.parametrize("route", [ROUTE, OLD])
def test_thoughts_leave_little_to_be_sampled(route: Route) -> None:
    found = rendered(route, reasoning=Reasoning("low"), sampling=Sampling(0.5, 0.97, 40))
    assert json.loads(found.body)["top_p"] == 0.97
    assert found.dropped == ("temperature", "top_k")
    assert dropped(route, reasoning=Reasoning("low"), sampling=Sampling(1, 0.5)) == ("top_p",)


@pytest.mark.parametrize("choice", [ToolChoice("required"), ToolChoice("named", ("now",))])
def test_a_call_that_is_demanded_leaves_no_time_to_think(choice: ToolChoice) -> None:
    found = rendered(tools=TOOLS, tool_choice=choice, reasoning=Reasoning("low"))
    assert "thinking" not in json.loads(found.body)
    assert found.dropped == ("reasoning",)


def test_a_model_with_budgets_goes_on_without_thinking_where_a_proof_is_missing() -> None:
    past = (HELLO, Turn(Role.ASSISTANT, (Call("t", "now"),)), Turn(Role.USER, (Result("t", ()),)))
    asked: dict[str, Any] = {"turns": past, "tools": TOOLS, "reasoning": Reasoning("low")}
    assert "thinking" not in body(OLD, **asked)
    assert dropped(OLD, **asked) == ("reasoning",)
    assert body(ROUTE, **asked)["thinking"] == {"type": "adaptive"}


def test_thinking_counts_towards_the_limit() -> None:
    assert body(OLD, reasoning=Reasoning("high"), output_limit=4_000)["thinking"]["budget_tokens"] == 2_000


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"lost": ("logit_bias",)}, ("logit_bias",)),
        ({"shape": Shape()}, ("response_format",)),
        ({"tier": "flex"}, ("service_tier",)),
        ({"cache_key": "k"}, ("cache_key",)),
        ({"reasoning": Reasoning(budget=9_000)}, ("reasoning_budget",)),
        ({"turns": (HELLO, Turn(Role.USER, (Media("image", url="https://x/", detail="high"),)))}, ("detail",)),
    ],
)
def test_what_finds_no_place_is_named(members: dict[str, Any], lost: tuple[str, ...]) -> None:
    assert dropped(**members) == lost


def test_identifiers_without_pseudonym_are_left_out_and_named() -> None:
    found = rendered(orders=RequestOverrides(), user="device-1")
    assert b"device-1" not in found.body
    assert found.dropped == ("user",)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (Embedding(("x",)), ("input",)),
        (Conversation((HELLO,), choices=2), ("n",)),
        (Conversation((HELLO,), tools=(Tool("a.b"),)), ("tools",)),
        (Conversation((Turn(Role.USER, (Media("audio", "audio/wav", "AAAA"),)),)), ("audio",)),
    ],
)
def test_what_cannot_be_asked_here(asked: Any, names: tuple[str, ...]) -> None:
    with pytest.raises(Unportable) as unportable:
        written(asked, a_demand(), ROUTE, NAMED)
    assert unportable.value.names == names


def test_of_too_many_marks_the_last_ones_stay() -> None:
    marked = tuple(Text(str(n), "5m") for n in range(3))
    past = (
        Turn(Role.SYSTEM, (Text("be kind", "5m"),)),
        Turn(Role.USER, marked),
        Turn(Role.ASSISTANT, (Call("t", "f"),)),
        Turn(Role.USER, (Result("t", (Text("4", "5m"),), cached="5m"),)),
    )
    found = rendered(turns=past, tools=(Tool("f", cached="5m"),))
    read = json.loads(found.body)
    assert "cache_control" not in str([read["tools"], read["system"], read["messages"][0]["content"][0]])
    assert str(read["messages"]).count("cache_control") == 4
    assert found.dropped == ("cache_control",)
    assert dropped(turns=past[:1] + past[2:], tools=(Tool("f", cached="5m"),)) == ()


def exhaust(validated: Any) -> None:
    """Lists are validated as they are walked through."""
    inner = validated.values() if isinstance(validated, dict) else validated
    for one in inner if isinstance(inner, Iterable) and not isinstance(inner, str) else ():
        exhaust(one)


SNAPSHOT = a_snapshot(a_route(model=a_model(facts={"thinking": "adaptive disabled"}), upstream_model="small"))
(OWN_NAME,) = SNAPSHOT.routes.values()


@ANY_INPUT
@given(conversations())
def test_what_is_written_is_read_as_it_was(asked: Conversation) -> None:
    found = written(asked, a_demand(), OWN_NAME, RequestOverrides(pseudonym=lambda said: said))
    exhaust(SDK[asked.streaming].validate_json(found.body))
    read = conversation(accept(found.body, PLAIN, SNAPSHOT)[1])
    lost = {"cache_control"} & set(found.dropped)
    assert set(found.dropped) == lost | ({"strict"} & set(found.dropped))
    obeyed, _ = with_obeyed(asked)
    assert read == (obeyed if not lost else replace(obeyed, turns=read.turns))


NEWEST = a_model()
OFFABLE = a_model(facts={"thinking": "adaptive disabled"})
BUDGETED = a_model(facts={"thinking": "enabled disabled"})
LIMIT = 50_000


def planned(reasoning: Reasoning | None, model: Model = NEWEST, limit: int = LIMIT, **states: bool) -> ThinkingPlan:
    return plan_thinking(reasoning, model, limit, **{"barred": False, "unproved": False, **states})


def adaptive(effort: str = "", *dropped: str, **members: Any) -> ThinkingPlan:
    return ThinkingPlan({"type": "adaptive", **members}, effort, dropped, thinks=True)


def budget(tokens: int, *dropped: str, **members: Any) -> ThinkingPlan:
    return ThinkingPlan({"type": "enabled", "budget_tokens": tokens, **members}, "", dropped, thinks=True)


@pytest.mark.parametrize("model", [NEWEST, BUDGETED])
@pytest.mark.parametrize("nothing", [None, Reasoning()])
def test_who_says_nothing_gets_what_the_model_does_by_itself(nothing: Reasoning | None, model: Model) -> None:
    assert planned(nothing, model, barred=True, unproved=True) == ThinkingPlan()


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (Reasoning("minimal"), adaptive("low")),
        (Reasoning("low"), adaptive("low")),
        (Reasoning("medium"), adaptive("medium")),
        (Reasoning("xhigh"), adaptive("xhigh")),
        (Reasoning("max", visible=True), adaptive("max", display="summarized")),
        (Reasoning("high", visible=False), adaptive("high", display="omitted")),
        (Reasoning(visible=True), adaptive(display="summarized")),
        (Reasoning(budget=-1), adaptive()),
        (Reasoning(budget=500), adaptive("low", "reasoning_budget")),
        (Reasoning(budget=8_192), adaptive("medium", "reasoning_budget")),
        (Reasoning(budget=30_000), adaptive("xhigh", "reasoning_budget")),
        (Reasoning(budget=90_000), adaptive("max", "reasoning_budget")),
        (Reasoning("low", budget=30_000), adaptive("low", "reasoning_budget")),
    ],
)
def test_a_model_that_decides_itself_is_told_an_effort(reasoning: Reasoning, expected: ThinkingPlan) -> None:
    assert planned(reasoning) == expected


@pytest.mark.parametrize(
    ("known", "wanted", "told"),
    [
        ("low medium high max", "xhigh", "high"),
        ("low medium high", "max", "high"),
        ("medium high", "low", "medium"),
        ("", "high", ""),
    ],
)
def test_an_effort_that_a_model_does_not_know_is_told_as_the_nearest(known: str, wanted: Any, told: str) -> None:
    assert planned(Reasoning(wanted), a_model(facts={"efforts": known})).effort == told


@pytest.mark.parametrize(
    ("reasoning", "limit", "expected"),
    [
        (Reasoning("minimal"), LIMIT, budget(1_024)),
        (Reasoning("low"), LIMIT, budget(1_024)),
        (Reasoning("medium"), LIMIT, budget(8_192)),
        (Reasoning("high"), LIMIT, budget(24_576)),
        (Reasoning("max", visible=False), LIMIT, budget(32_768, display="omitted")),
        (Reasoning(visible=True), LIMIT, budget(8_192)),
        (Reasoning(budget=-1), LIMIT, budget(8_192)),
        (Reasoning(budget=5_000), LIMIT, budget(5_000)),
        (Reasoning("low", budget=5_000), LIMIT, budget(5_000)),
        (Reasoning(budget=500), LIMIT, budget(1_024, "reasoning_budget")),
        (Reasoning("high"), 4_000, budget(2_000)),
        (Reasoning("medium"), 1_500, budget(1_024)),
        (Reasoning(budget=9_000), 9_000, budget(4_500, "reasoning_budget")),
        (Reasoning("low"), 1_025, budget(1_024)),
        (Reasoning("low"), 1_024, ThinkingPlan(dropped=("reasoning",))),
    ],
)
def test_a_model_with_budgets_gets_one_that_leaves_room_for_the_answer(
    reasoning: Reasoning, limit: int, expected: ThinkingPlan
) -> None:
    assert planned(reasoning, BUDGETED, limit) == expected


def test_more_effort_is_never_a_smaller_budget() -> None:
    assert list(BUDGETS.values()) == sorted(BUDGETS.values())


@pytest.mark.parametrize("off", [Reasoning("none"), Reasoning(budget=0)])
def test_thinking_is_switched_off_where_it_can_be(off: Reasoning) -> None:
    assert planned(off, OFFABLE, barred=True) == ThinkingPlan({"type": "disabled"})
    assert planned(off, BUDGETED) == ThinkingPlan()
    assert planned(off, NEWEST) == ThinkingPlan(effort="low", dropped=("reasoning",))


@pytest.mark.parametrize(
    ("model", "states", "thinks"),
    [
        (NEWEST, {"barred": True}, False),
        (BUDGETED, {"barred": True}, False),
        (NEWEST, {"unproved": True}, True),
        (BUDGETED, {"unproved": True}, False),
    ],
)
def test_thinking_is_left_out_and_named_where_it_would_be_refused(
    model: Model, states: dict[str, bool], thinks: bool
) -> None:
    found = planned(Reasoning("low"), model, **states)
    assert found.thinks is thinks
    assert found.dropped == (() if thinks else ("reasoning",))


SHIPPED = tomllib.loads((Path(__file__).parents[3] / "config/models/anthropic.toml").read_text())["models"]


@pytest.mark.parametrize("facts", [model["facts"] for model in SHIPPED], ids=[model["id"] for model in SHIPPED])
def test_every_shipped_model_says_what_it_accepts(facts: dict[str, str]) -> None:
    types = set(facts["thinking"].split())
    assert types & {"adaptive", "enabled"}
    assert types <= {"adaptive", "enabled", "disabled"}
    assert set(facts.get("efforts", "").split()) <= {"low", "medium", "high", "xhigh", "max"}
    assert facts.get("sampling", "none") == "none"


def test_the_records_place_is_sent_with_a_translated_request() -> None:
    american = a_route(a_provider(connection=a_connection(sends={"inference_geo": "us"})))
    asked = Conversation(turns=(Turn(Role.USER, (Text("hello"),)),))
    body = json.loads(written(asked, a_demand(), american, RequestOverrides()).body)
    assert body["inference_geo"] == "us"
    assert "inference_geo" not in json.loads(written(asked, a_demand(), a_route(), RequestOverrides()).body)
