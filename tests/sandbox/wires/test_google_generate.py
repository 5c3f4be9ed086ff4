"""Google's generateContent: what is read of a request, and the JSON of a reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai.types import GenerateContentResponse

from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.reply_request import DeclaredFunction, ReplyRequest
from gateway.sandbox.seals import seal
from gateway.sandbox.tokens import IMAGE, MESSAGE, count
from gateway.sandbox.wires import google_generate
from tests.sandbox.wires.calls import MARKER, WEATHER, a_call, compact, wrong

TOOLS = [{"functionDeclarations": [{"name": "weather", "parametersJsonSchema": WEATHER}, {"name": "time"}]}]
SEARCH: dict[str, Any] = {"googleSearch": {}}

ASKED = ReplyRequest(1, 10)
THINKS = ReplyRequest(1, 10, thought="shown")
TEXT = GeneratedChoice((GeneratedPart("text", ("Hello", " there")),), "stop")
CALL = GeneratedChoice((GeneratedPart("call", ("{", "}"), "now"),), "tool_calls")
THINKING = GeneratedChoice((GeneratedPart("thought", ("Hm", ".")), GeneratedPart("text", ("Yes",))), "stop")


def read(**changed: Any) -> ReplyRequest:
    contents = [{"role": "user", "parts": [{"text": "Hello, world!"}]}]
    return google_generate.read(a_call({"contents": contents, **changed}))


def settings(**changed: Any) -> ReplyRequest:
    return read(generationConfig=changed)


def test_the_least_request() -> None:
    assert read() == ReplyRequest(messages=1, prompt_tokens=MESSAGE + 4)


def test_every_member_that_counts() -> None:
    asked = settings(maxOutputTokens=7, candidateCount=2, stopSequences=["END"], temperature=0.5)
    assert (asked.limit, asked.choices, asked.stop) == (7, 2, ("END",))
    assert settings(max_output_tokens=7).limit == 7


def test_prompt_tokens_are_the_words_of_every_turn_and_tool() -> None:
    inline = {"inlineData": {"data": "AA", "mime_type": "image/png"}}
    linked = {"fileData": {"fileUri": "x", "mimeType": "image/jpeg"}}
    contents = [
        {"parts": [{"text": "one two"}, inline, linked]},
        {
            "role": "model",
            "parts": [{"text": "hm", "thought": True}, {"functionCall": {"name": "f", "args": {"x": 1}}}],
        },
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"y": 2}}}]},
    ]
    plain = read(systemInstruction={"parts": [{"text": "Be brief."}]}, contents=contents)
    words = 3 + 2 + 2 * IMAGE + 1 + 1 + count('{"x":1}') + 1 + count('{"y":2}')
    assert (plain.messages, plain.images, plain.prompt_tokens) == (4, 2, 4 * MESSAGE + words)
    assert read(tools=[SEARCH]).prompt_tokens == MESSAGE + 4 + count(compact([SEARCH]))


@pytest.mark.parametrize(
    ("config", "called"),
    [
        (None, None),
        ({"mode": "AUTO"}, None),
        ({"mode": "NONE"}, None),
        ({"mode": "VALIDATED"}, None),
        ({"mode": "ANY"}, "weather"),
        ({"mode": "any"}, "weather"),
        ({"mode": "ANY", "allowedFunctionNames": ["time"]}, "time"),
        ({"mode": "ANY", "allowed_function_names": ["time"]}, "time"),
    ],
)
def test_the_choice_decides_which_tool_is_called(config: object, called: str | None) -> None:
    call = read(tools=[SEARCH, *TOOLS], toolConfig={"functionCallingConfig": config}).call
    assert (call.name if call else None) == called


@pytest.mark.parametrize("place", ["parametersJsonSchema", "parameters_json_schema", "parameters"])
def test_a_call_knows_its_parameters(place: str) -> None:
    tools = [{"functionDeclarations": [{"name": "weather", place: WEATHER}]}]
    assert read(tools=tools, toolConfig={"functionCallingConfig": {"mode": "ANY"}}).call == DeclaredFunction(
        "weather", WEATHER
    )


@pytest.mark.parametrize("place", ["responseJsonSchema", "responseSchema"])
def test_a_schema_is_fitted(place: str) -> None:
    asked = settings(**{"responseMimeType": "application/json", place: WEATHER})
    assert (asked.json, asked.schema) == (True, WEATHER)
    assert settings(responseMimeType="application/json").json
    assert not settings(responseMimeType="text/plain").json


@pytest.mark.parametrize(
    ("config", "thought"),
    [
        (None, "none"),
        ({"thinkingBudget": 0}, "none"),
        ({"thinkingBudget": 0, "includeThoughts": True}, "none"),
        ({"thinkingLevel": "minimal", "includeThoughts": True}, "none"),
        ({"thinkingBudget": -1}, "hidden"),
        ({"thinkingBudget": 100}, "hidden"),
        ({"thinkingLevel": "LOW"}, "hidden"),
        ({"thinking_level": "LOW", "include_thoughts": True}, "shown"),
        ({"includeThoughts": True}, "shown"),
    ],
)
def test_thinking_is_asked_for(config: object, thought: str) -> None:
    assert settings(thinkingConfig=config).thought == thought


def test_a_signed_thought_comes_back_to_its_maker_only() -> None:
    def turns(signature: str) -> list[dict[str, Any]]:
        return [{"role": "model", "parts": [{"text": "Yes", "thoughtSignature": signature}]}]

    for accepted in (seal("sandbox-se"), "skip_thought_signature_validator"):
        assert read(contents=turns(accepted)).prompt_tokens == MESSAGE + 1
    refused = wrong(lambda: read(contents=turns(MARKER)))
    assert (refused.status, refused.param) == (400, "contents[0].parts[0].thoughtSignature")


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"contents": ...}, "contents"),
        ({"contents": []}, "contents"),
        ({"contents": [MARKER]}, "contents[0]"),
        ({"contents": [{"role": MARKER, "parts": []}]}, "contents[0].role"),
        ({"contents": [{"parts": [{MARKER: 7}]}]}, "contents[0].parts[0].data"),
        ({"contents": [{"parts": [{"text": 7}]}]}, "contents[0].parts[0].data"),
        (
            {"contents": [{"parts": [{"inlineData": {"data": "AA", "mimeType": "audio/wav"}}]}]},
            "contents[0].parts[0].inlineData.mimeType",
        ),
        ({"contents": [{"parts": [{"functionResponse": {"name": MARKER}}]}]}, "contents[0].parts[0].functionResponse"),
        ({"contents": [{"parts": [{"functionCall": {"name": MARKER}}]}]}, "contents"),
        ({"systemInstruction": MARKER}, "systemInstruction"),
        ({"generationConfig": {"maxOutputTokens": 0}}, "generationConfig.maxOutputTokens"),
        ({"generationConfig": {"candidateCount": 9}}, "generationConfig.candidateCount"),
        ({"generationConfig": {"stopSequences": ["a"] * 6}}, "generationConfig.stopSequences"),
        ({"generationConfig": {"responseSchema": WEATHER}}, "generationConfig.responseMimeType"),
        ({"generationConfig": {"thinkingConfig": MARKER}}, "generationConfig.thinkingConfig"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
        (
            {
                "tools": TOOLS,
                "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [MARKER]}},
            },
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
    ],
)
def test_a_wrong_member_is_named_and_its_value_is_not(changed: dict[str, Any], param: str) -> None:
    refused = wrong(lambda: read(**changed))
    assert (refused.status, refused.param) == (400, param)


def whole(asked: ReplyRequest, answer: GeneratedChoice) -> dict[str, Any]:
    body = google_generate.whole(asked, answer, a_call({}))
    GenerateContentResponse.model_validate_json(body, strict=True)
    found: dict[str, Any] = json.loads(body)
    return found


def chunks(asked: ReplyRequest, answer: GeneratedChoice) -> list[dict[str, Any]]:
    found = list(google_generate.chunks(asked, answer, a_call({})))
    for chunk in found:
        GenerateContentResponse.model_validate_json(chunk, strict=True)
    return [json.loads(chunk) for chunk in found]


def parts(asked: ReplyRequest, answer: GeneratedChoice) -> list[Any]:
    """Of the one candidate's chunks: the one part of each, and how it ended."""
    candidates = [candidate for chunk in chunks(asked, answer) for candidate in chunk["candidates"]]
    assert all(len(candidate["content"]["parts"]) == 1 for candidate in candidates)
    return [(candidate["content"]["parts"][0], candidate.get("finishReason")) for candidate in candidates]


def test_a_whole_text() -> None:
    content = {"parts": [{"text": "Hello there"}], "role": "model"}
    assert whole(ReplyRequest(1, 50, images=1, choices=2), TEXT) == {
        "candidates": [{"content": content, "finishReason": "STOP", "index": index} for index in (0, 1)],
        "usageMetadata": {
            "promptTokenCount": 50,
            "candidatesTokenCount": 4,
            "totalTokenCount": 54,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 50 - IMAGE},
                {"modality": "IMAGE", "tokenCount": IMAGE},
            ],
        },
        "modelVersion": "sandbox-small",
        "responseId": "sandbox-7",
    }


def test_a_text_comes_token_by_token_with_the_usage_so_far() -> None:
    assert parts(ASKED, TEXT) == [({"text": "Hello"}, None), ({"text": " there"}, None), ({"text": ""}, "STOP")]
    found = [chunk["usageMetadata"] for chunk in chunks(ASKED, TEXT)]
    assert [usage["candidatesTokenCount"] for usage in found] == [1, 2, 2]
    assert found[-1] == whole(ASKED, TEXT)["usageMetadata"]
    assert {chunk["responseId"] for chunk in chunks(ASKED, TEXT)} == {"sandbox-7"}


def test_a_call_comes_in_one_piece() -> None:
    called = {"functionCall": {"id": "call_sandbox_7", "name": "now", "args": {}}}
    assert parts(ASKED, CALL) == [(called, None), ({"text": ""}, "STOP")]
    (candidate,) = whole(ASKED, CALL)["candidates"]
    assert (candidate["content"]["parts"], candidate["finishReason"]) == ([called], "STOP")


def test_a_call_that_was_cut_does_not_show() -> None:
    cut = GeneratedChoice((GeneratedPart("call", ("{",), "now"),), "length")
    (candidate,) = whole(ASKED, cut)["candidates"]
    assert (candidate["content"]["parts"], candidate["finishReason"]) == ([], "MAX_TOKENS")
    assert whole(ASKED, cut)["usageMetadata"]["candidatesTokenCount"] == 2
    assert parts(ASKED, cut) == [({"text": ""}, "MAX_TOKENS")]


def test_a_thought_comes_first_and_what_follows_is_signed() -> None:
    signed = {"thoughtSignature": seal("sandbox-se")}
    assert parts(THINKS, THINKING) == [
        ({"text": "Hm", "thought": True}, None),
        ({"text": ".", "thought": True}, None),
        ({"text": "Yes"}, None),
        ({"text": "", **signed}, "STOP"),
    ]
    shown = [{"text": "Hm.", "thought": True}, {"text": "Yes", **signed}]
    assert whole(THINKS, THINKING)["candidates"][0]["content"]["parts"] == shown
    call = GeneratedChoice((*THINKING.parts[:1], *CALL.parts), "tool_calls")
    assert parts(THINKS, call)[-2][0]["thoughtSignature"] == seal("sandbox-se")
    assert parts(THINKS, call)[-1] == ({"text": ""}, "STOP")


def test_a_hidden_thought_shows_in_the_usage_only() -> None:
    asked = ReplyRequest(1, 10, thought="hidden")
    assert [part["text"] for part, _ in parts(asked, THINKING)] == ["Yes", ""]
    assert chunks(asked, THINKING)[0]["usageMetadata"]["thoughtsTokenCount"] == 2
    assert len(whole(asked, THINKING)["candidates"][0]["content"]["parts"]) == 1


def test_thoughts_stand_beside_the_candidates() -> None:
    usage = whole(THINKS, THINKING)["usageMetadata"]
    assert (usage["candidatesTokenCount"], usage["thoughtsTokenCount"], usage["totalTokenCount"]) == (1, 2, 13)
    assert chunks(THINKS, THINKING)[-1]["usageMetadata"] == usage
