"""The neutral form, written as a Converse request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gateway.dialects.bedrock_converse.encode import MARKS_MOST, path, written
from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.neutral import (
    Call,
    Conversation,
    Embedding,
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
from tests.builders import a_demand, some_abilities
from tests.dialects.bedrock_converse.requests import CLAUDE, NOVA, a_converse_route, sent, user

HELLO = (user(),)
TOOL = Tool("look", "Looks.", {"properties": {"at": {"type": "string"}}})
CALLED = (user(), Turn(Role.ASSISTANT, (Call("c1", "look", '{"at":"x"}'),)), user(Result("c1", (Text("seen"),))))


@pytest.mark.parametrize(
    ("model", "segment"),
    [
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "eu.anthropic.claude-haiku-4-5-20251001-v1%3A0"),
        (
            "arn:aws:bedrock:eu-central-1:1:inference-profile/x",
            "arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fx",
        ),
    ],
)
def test_the_id_is_one_segment_of_the_path(model: str, segment: str) -> None:
    assert path(model, streaming=False) == f"/model/{segment}/converse"
    assert path(model, streaming=True) == f"/model/{segment}/converse-stream"


def test_a_plain_request() -> None:
    rendered, body = sent(Conversation(HELLO, output_limit=100, streaming=True))
    assert rendered.path.endswith("/converse-stream")
    assert body == {
        "messages": [{"role": "user", "content": [{"text": "hello"}]}],
        "inferenceConfig": {"maxTokens": 100},
    }
    assert rendered.dropped == ()


def test_an_ordered_limit_stands_in_the_place_of_the_clients() -> None:
    _, body = sent(Conversation(HELLO, output_limit=100), orders=RequestOverrides(output_limit=7))
    assert body["inferenceConfig"] == {"maxTokens": 7}


@pytest.mark.parametrize(
    ("sampling", "model", "config", "further", "dropped"),
    [
        (Sampling(0.5, 0.9), NOVA, {"temperature": 0.5, "topP": 0.9}, None, ()),
        (Sampling(0.5, 0.9), CLAUDE, {"temperature": 0.5}, None, ("top_p",)),
        (Sampling(1.0, 1.0), CLAUDE, None, None, ()),
        (Sampling(1.5), CLAUDE, None, None, ("temperature",)),
        (Sampling(top_k=4), CLAUDE, None, {"top_k": 4}, ()),
        (Sampling(top_k=4), NOVA, None, {"inferenceConfig": {"topK": 4}}, ()),
        (Sampling(top_k=4), "meta.llama3", None, None, ("top_k",)),
        (Sampling(stop=("a", " ")), NOVA, {"stopSequences": ["a"]}, None, ("stop",)),
        (Sampling(seed=1, logprobs=2), NOVA, None, None, ("seed", "logprobs")),
    ],
)
def test_sampling(sampling: Sampling, model: str, config: Any, further: Any, dropped: tuple[str, ...]) -> None:
    rendered, body = sent(Conversation(HELLO, sampling=sampling), a_converse_route(model))
    assert (body.get("inferenceConfig"), body.get("additionalModelRequestFields")) == (config, further)
    assert rendered.dropped == dropped


def test_a_model_that_refuses_sampling_gets_none() -> None:
    rendered, body = sent(Conversation(HELLO, sampling=Sampling(0.5, top_k=4)), a_converse_route(sampling="none"))
    assert body.keys() == {"messages"}
    assert rendered.dropped == ("temperature", "top_k")


def test_claude_tells_which_sequence_stopped_it() -> None:
    _, body = sent(Conversation(HELLO, sampling=Sampling(stop=("a",))))
    assert body["additionalModelResponseFieldPaths"] == ["/stop_sequence"]


@pytest.mark.parametrize(
    ("reasoning", "model", "thinking", "further", "effort", "dropped"),
    [
        (Reasoning("high"), CLAUDE, "adaptive", {"thinking": {"type": "adaptive"}}, "high", ()),
        (
            Reasoning(budget=2000),
            CLAUDE,
            "adaptive",
            {"thinking": {"type": "adaptive"}},
            "medium",
            ("reasoning_budget",),
        ),
        (Reasoning("low"), CLAUDE, "enabled", {"thinking": {"type": "enabled", "budget_tokens": 1024}}, None, ()),
        (
            Reasoning(budget=9000),
            CLAUDE,
            "enabled",
            {"thinking": {"type": "enabled", "budget_tokens": 2048}},
            None,
            ("reasoning_budget",),
        ),
        (Reasoning("max"), NOVA, "", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}, None, ()),
        (Reasoning("low"), "openai.gpt-oss-120b-1:0", "", {"reasoning_effort": "low"}, None, ()),
        (Reasoning("low"), "meta.llama3", "", None, None, ("reasoning_effort",)),
        (Reasoning("none"), CLAUDE, "adaptive", None, None, ()),
    ],
)
def test_reasoning_is_told_to_each_family_in_its_own_form(
    reasoning: Reasoning, model: str, thinking: str, further: Any, effort: str | None, dropped: tuple[str, ...]
) -> None:
    route = a_converse_route(model, **({"thinking": thinking} if thinking else {}))
    rendered, body = sent(Conversation(HELLO, reasoning=reasoning, output_limit=4096), route)
    assert body.get("additionalModelRequestFields") == further
    assert body.get("outputConfig", {}).get("effort") == effort
    assert rendered.dropped == dropped


def test_no_room_for_thoughts_is_no_thoughts() -> None:
    route = a_converse_route(thinking="enabled")
    rendered, body = sent(Conversation(HELLO, reasoning=Reasoning("low"), output_limit=100), route)
    assert "additionalModelRequestFields" not in body
    assert rendered.dropped == ("reasoning",)


def test_a_model_that_cannot_reason_is_not_asked_to() -> None:
    route = replace(a_converse_route(), abilities=some_abilities(reasoning=False))
    rendered, body = sent(Conversation(HELLO, reasoning=Reasoning("low")), route)
    assert "additionalModelRequestFields" not in body
    assert rendered.dropped == ("reasoning_effort",)


SPEC = {
    "name": "look",
    "inputSchema": {"json": {"type": "object", "properties": {"at": {"type": "string"}}}},
    "description": "Looks.",
}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (None, None),
        (ToolChoice("auto"), None),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("named", ("look",)), {"tool": {"name": "look"}}),
    ],
)
def test_tools_and_the_choice_among_them(choice: ToolChoice | None, said: Any) -> None:
    _, body = sent(Conversation(HELLO, (TOOL,), choice))
    assert body["toolConfig"]["tools"] == [{"toolSpec": SPEC}]
    assert body["toolConfig"].get("toolChoice") == said


def test_several_names_are_fewer_tools() -> None:
    tools = (TOOL, replace(TOOL, name="b"), replace(TOOL, name="c", strict=True, description=" "))
    _, body = sent(Conversation(HELLO, tools, ToolChoice("required", ("look", "c"), parallel=False)))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["look", "c"]
    assert body["toolConfig"]["toolChoice"] == {"any": {}}
    assert body["toolConfig"]["tools"][1]["toolSpec"]["strict"] is True
    assert "description" not in body["toolConfig"]["tools"][1]["toolSpec"]


def test_no_call_is_made_where_no_tool_is_told_and_a_history_of_calls_needs_them() -> None:
    rendered, body = sent(Conversation(HELLO, (TOOL,), ToolChoice("none")))
    assert ("toolConfig" in body, rendered.dropped) == (False, ())
    rendered, body = sent(Conversation(CALLED, (TOOL,), ToolChoice("none")))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["look"]
    assert rendered.dropped == ("tool_choice",)
    _, body = sent(Conversation(CALLED))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["look"]


def test_a_shape_is_a_schema_as_text() -> None:
    shape = Shape({"type": "object"}, "form", "A form.")
    _, body = sent(Conversation(HELLO, shape=shape))
    [said] = body["outputConfig"]["textFormat"]["structure"].values()
    assert json.loads(said.pop("schema")) == {"type": "object"}
    assert said == {"name": "form", "description": "A form."}
    rendered, body = sent(Conversation(HELLO, shape=Shape()))
    assert ("outputConfig" in body, rendered.dropped) == (False, ("response_format",))


@pytest.mark.parametrize(
    ("tier", "said", "dropped"),
    [
        ("priority", {"type": "priority"}, ()),
        ("default", None, ()),
        ("auto", None, ()),
        ("scale", None, ("service_tier",)),
    ],
)
def test_tiers(tier: str, said: Any, dropped: tuple[str, ...]) -> None:
    rendered, body = sent(Conversation(HELLO, tier=tier))
    assert (body.get("serviceTier"), rendered.dropped) == (said, dropped)


def test_the_clients_own_identifiers_stay_here() -> None:
    rendered, _ = sent(
        Conversation(HELLO, user="someone", cache_key="k", lost=("store",)), orders=RequestOverrides(pseudonym=str)
    )
    assert rendered.dropped == ("store", "user", "cache_key")
    assert b"someone" not in rendered.body


def marked(*lives: str) -> Conversation:
    return Conversation((user(*(Text(f"t{n}", life) for n, life in enumerate(lives))),))


def test_marks_stand_behind_what_they_mark_and_never_grow_along_the_request() -> None:
    rendered, body = sent(marked("5m", "1h", "5m"))
    points = [block["cachePoint"] for block in body["messages"][0]["content"] if "cachePoint" in block]
    assert points == [{"type": "default", "ttl": "1h"}, {"type": "default", "ttl": "1h"}, {"type": "default"}]
    assert [*map(list, body["messages"][0]["content"])] == [["text"], ["cachePoint"]] * 3
    assert rendered.dropped == ("cache_control",)


def test_the_last_marks_stay_where_there_are_too_many() -> None:
    asked = replace(marked(*["5m"] * MARKS_MOST), tools=(replace(TOOL, cached="5m"),))
    rendered, body = sent(asked)
    assert body["toolConfig"]["tools"] == [{"toolSpec": SPEC}]
    assert rendered.dropped == ("cache_control",)
    rendered, body = sent(replace(marked("5m"), tools=(replace(TOOL, cached="5m"),)))
    assert body["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default"}}
    assert rendered.dropped == ()


def test_a_family_without_a_cache_gets_no_marks() -> None:
    rendered, _ = sent(replace(marked("5m"), tools=(replace(TOOL, cached="5m"),)), a_converse_route("meta.llama3"))
    assert b"cachePoint" not in rendered.body
    assert rendered.dropped == ("cache_control",)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (Embedding(("x",)), "input"),
        (Conversation(HELLO, choices=2), "n"),
        (Conversation(HELLO, (replace(TOOL, name="a.b"),)), "tools"),
    ],
)
def test_what_converse_cannot_carry_is_named(asked: Conversation | Embedding, name: str) -> None:
    with pytest.raises(Unportable) as caught:
        written(asked, a_demand(), a_converse_route(), RequestOverrides())
    assert caught.value.names == (name,)
