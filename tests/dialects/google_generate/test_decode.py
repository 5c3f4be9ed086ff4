"""Requests read into the neutral form: configuration, and what of it has no place there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.core.operation import COUNT_TOKENS
from gateway.dialects.google_generate.decode import conversation
from gateway.dialects.google_generate.request import accept
from gateway.dialects.google_generate.survey import COUNTED
from gateway.dialects.neutral import Conversation, Reasoning, Role, Sampling, Shape, Text, Tool, ToolChoice, Turn
from gateway.dialects.prompt import PromptHead
from tests.builders import a_snapshot

HELLO = [{"role": "user", "parts": [{"text": "hello"}]}]
ASKED = PromptHead(model="small")


def read(asked: PromptHead = ASKED, **members: Any) -> Conversation:
    body = json.dumps({"contents": HELLO, **members}).encode()
    return conversation(accept(body, asked, a_snapshot())[1])


def configured(**config: Any) -> Conversation:
    return read(generationConfig=config)


def test_a_plain_request_says_nothing_else() -> None:
    assert read() == Conversation((Turn(Role.USER, (Text("hello"),)),))
    assert read(PromptHead(model="small", streaming=True)).streaming


def test_a_request_is_read_in_both_spellings() -> None:
    camel = {"maxOutputTokens": 7, "topP": 0.5, "stopSequences": ["x"], "candidateCount": 2}
    snake = {"max_output_tokens": 7, "top_p": 0.5, "stop_sequences": "x", "candidate_count": 2}
    found = read(generation_config=snake)
    assert found == read(generationConfig=camel)
    assert (found.output_limit, found.choices) == (7, 2)


def test_sampling_is_taken_as_it_was_written() -> None:
    found = configured(
        temperature=0.5,
        topP=1,
        topK=40.0,
        seed=-3,
        presencePenalty=0.25,
        frequencyPenalty=-1,
        responseLogprobs=True,
        logprobs=3,
        stopSequences=["a", "b"],
    )
    assert found.sampling == Sampling(0.5, 1, 40, -3, 0.25, -1, 3, ("a", "b"))
    assert found.lost == ()
    assert configured(responseLogprobs=True).sampling.logprobs == 0


@pytest.mark.parametrize(
    ("thinking", "reasoning"),
    [
        ({}, None),
        ({"thinkingBudget": -1}, None),
        ({"thinkingBudget": 0}, Reasoning("none")),
        ({"thinkingBudget": 2048}, Reasoning(None, 2048)),
        ({"thinkingLevel": "HIGH", "includeThoughts": True}, Reasoning("high", visible=True)),
        ({"thinking_level": "minimal", "include_thoughts": False}, Reasoning("minimal", visible=False)),
        ({"thinkingLevel": "XHIGH"}, Reasoning("xhigh")),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
    ],
)
def test_thinking_is_asked_for_in_words_or_tokens(thinking: dict[str, Any], reasoning: Reasoning | None) -> None:
    assert configured(thinkingConfig=thinking).reasoning == reasoning


@pytest.mark.parametrize(
    ("config", "shape", "lost"),
    [
        ({"responseMimeType": "text/plain"}, None, ()),
        ({"responseMimeType": "application/json"}, Shape(), ()),
        (
            {"responseMimeType": "application/json", "responseSchema": {"type": "ARRAY", "nullable": True}},
            Shape({"type": ["array", "null"]}, binding=True),
            (),
        ),
        (
            {"response_mime_type": "application/json", "response_json_schema": {"type": "ARRAY"}},
            Shape({"type": "ARRAY"}, binding=True),
            (),
        ),
        (
            {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}},
            None,
            ("responseMimeType",),
        ),
    ],
)
def test_the_answers_form_is_json_schema(config: dict[str, Any], shape: Shape | None, lost: tuple[str, ...]) -> None:
    found = configured(**config)
    assert (found.shape, found.lost) == (shape, lost)


@pytest.mark.parametrize(
    ("stated", "tier"),
    [("standard", "default"), ("FLEX", "flex"), ("priority", "priority"), ("unspecified", ""), (None, "")],
)
def test_tiers_are_told_in_openais_words(stated: str | None, tier: str) -> None:
    assert read(serviceTier=stated).tier == tier


def test_tools_come_with_their_choice() -> None:
    found = read(
        tools=[{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}],
        toolConfig={"functionCallingConfig": {"mode": "ANY"}},
    )
    assert (found.tools, found.tool_choice) == ((Tool("f"),), ToolChoice("required"))
    assert found.lost == ("tools.googleSearch",)


@pytest.mark.parametrize(
    ("members", "lost"),
    [
        ({"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]}, ("safetySettings",)),
        ({"labels": {"a": "b"}, "store": True}, ("labels", "store")),
        ({"safetySettings": [], "labels": {}, "store": False, "provider": {}, "model": "models/small"}, ()),
        ({"generationConfig": {"responseModalities": ["TEXT"]}}, ()),
        ({"generationConfig": {"response_modalities": ["TEXT", 2]}}, ("responseModalities",)),
        ({"generationConfig": {"speechConfig": {"a": 1}, "mediaResolution": "X"}}, ("speechConfig", "mediaResolution")),
        ({"generationConfig": {"logprobs": 3, "audioTimestamp": False}}, ("logprobs",)),
        ({"generationConfig": {"routingConfig": {"a": 1}}}, ("generationConfig.routingConfig",)),
        ({"generationConfig": {"MARKER said": 1}}, ("(a member whose name is not a plain word)",)),
        ({"generationConfig": {"thinkingConfig": {"summary": "x"}}}, ("thinkingConfig.summary",)),
        ({"MARKER said": 1}, ("(a member whose name is not a plain word)",)),
    ],
)
def test_what_has_no_place_is_lost_by_name(members: dict[str, Any], lost: tuple[str, ...]) -> None:
    assert read(**members).lost == lost


def test_a_count_is_read_from_either_form() -> None:
    asked = PromptHead(operation=COUNT_TOKENS, model="small")
    body = json.dumps({COUNTED: {"contents": HELLO, "systemInstruction": {"parts": {"text": "be"}}}}).encode()
    assert len(conversation(accept(body, asked, a_snapshot())[1]).turns) == 2
    assert read(asked) == read()


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"cachedContent": "cachedContents/MARKER"}, "cachedContent"),
        ({"generationConfig": {"responseModalities": ["AUDIO"]}}, "generationConfig.responseModalities"),
        ({"generationConfig": {"thinkingConfig": {"thinkingLevel": "MARKER"}}}, None),
        ({"generationConfig": {"seed": 2**31}}, "generationConfig.seed"),
        ({"generationConfig": {"stopSequences": [7]}}, "generationConfig.stopSequences"),
        ({"generationConfig": {"temperature": "MARKER"}}, "generationConfig.temperature"),
        ({"generationConfig": {"responseSchema": "MARKER"}}, "generationConfig.responseSchema"),
        ({"serviceTier": []}, "serviceTier"),
    ],
)
def test_what_no_other_dialect_could_be_told_is_refused_by_its_field(members: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**members)
    assert refused.value.details["field"] == (field or "generationConfig.thinkingConfig.thinkingLevel")
    assert "MARKER" not in refused.value.message
