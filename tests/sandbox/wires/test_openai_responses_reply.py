"""OpenAI's Responses: the bytes of a reply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from gateway.sandbox.answer import GeneratedChoice, GeneratedPart
from gateway.sandbox.reply_request import ReplyRequest
from gateway.sandbox.seals import seal
from gateway.sandbox.wires import openai_responses
from tests.sandbox.wires.calls import AT, a_call, named_events

ASKED = ReplyRequest(1, 10)
THINKS = ReplyRequest(1, 10, thought="shown", sealed=True)
TEXT = GeneratedChoice((GeneratedPart("text", ("Hello", " there")),), "stop")
CALL = GeneratedChoice((GeneratedPart("call", ("{", "}"), "now"),), "tool_calls")
THINKING = GeneratedChoice((GeneratedPart("thought", ("Hm", ".")), GeneratedPart("text", ("Yes",))), "stop")
CUT = GeneratedChoice((GeneratedPart("text", ("Hello",)),), "length")

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

REQUIRED = (
    "id object created_at completed_at status error incomplete_details instructions model output parallel_tool_calls "
    "previous_response_id reasoning store temperature text tool_choice tools top_p truncation usage metadata "
    "presence_penalty frequency_penalty top_logprobs max_tool_calls safety_identifier prompt_cache_key service_tier "
    "background max_output_tokens"
).split()
"""What the Open Responses schema demands of every response."""


def whole(asked: ReplyRequest, answer: GeneratedChoice) -> dict[str, Any]:
    body = openai_responses.whole(asked, answer, a_call({}))
    Response.model_validate_json(body, strict=True)
    found: dict[str, Any] = json.loads(body)
    return found


def events(asked: ReplyRequest, answer: GeneratedChoice) -> list[dict[str, Any]]:
    """Without their numbers, which are checked here."""
    found = named_events(b"".join(openai_responses.events(asked, answer, a_call({}))))
    for event in found:
        EVENT.validate_python(event, strict=True)
    assert [event.pop("sequence_number") for event in found] == list(range(len(found)))
    return found


def told(asked: ReplyRequest, answer: GeneratedChoice) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events(asked, answer)]


@pytest.mark.parametrize("answer", [TEXT, CALL, THINKING, CUT])
def test_every_response_says_all_that_is_demanded(answer: GeneratedChoice) -> None:
    assert set(REQUIRED) <= set(whole(THINKS, answer))
    first, second, *_, last = events(THINKS, answer)
    assert (first["type"], second["type"]) == ("response.created", "response.in_progress")
    for event in (first, second, last):
        assert set(REQUIRED) <= set(event["response"])
    assert (first["response"]["status"], first["response"]["output"]) == ("in_progress", [])


@pytest.mark.parametrize("answer", [TEXT, CALL, THINKING, CUT])
def test_a_stream_ends_with_the_whole_reply(answer: GeneratedChoice) -> None:
    last = events(THINKS, answer)[-1]
    assert last["response"] == whole(THINKS, answer)
    assert last["type"] == f"response.{last['response']['status']}"


def test_a_whole_text() -> None:
    found = whole(ReplyRequest(1, 10, limit=9), TEXT)
    assert (found["id"], found["status"], found["created_at"]) == ("resp_sandbox_7", "completed", AT)
    assert (found["completed_at"], found["max_output_tokens"], found["incomplete_details"]) == (AT, 9, None)
    content = [{"type": "output_text", "text": "Hello there", "annotations": [], "logprobs": []}]
    item = {"id": "msg_sandbox_7_0", "type": "message", "status": "completed", "role": "assistant", "content": content}
    assert found["output"] == [item]


def test_a_text_streams_as_the_golden_sequence() -> None:
    found = events(ASKED, TEXT)
    assert told(ASKED, TEXT) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    item = {"id": "msg_sandbox_7_0", "type": "message", "role": "assistant"}
    where = {"item_id": "msg_sandbox_7_0", "output_index": 0, "content_index": 0}
    assert found[2]["item"] == {**item, "status": "in_progress", "content": []}
    assert found[3]["part"] == {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    assert found[4] == {"type": "response.output_text.delta", **where, "delta": "Hello", "logprobs": []}
    assert found[6] == {"type": "response.output_text.done", **where, "text": "Hello there", "logprobs": []}
    assert found[7]["part"]["text"] == "Hello there"
    assert found[8]["item"] == whole(ASKED, TEXT)["output"][0]


def test_a_call_streams_its_arguments() -> None:
    found = events(ASKED, CALL)
    assert told(ASKED, CALL)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    item = {"id": "fc_sandbox_7_0", "type": "function_call", "call_id": "call_sandbox_7_0", "name": "now"}
    assert found[2]["item"] == {**item, "status": "in_progress", "arguments": ""}
    assert [found[i]["delta"] for i in (3, 4)] == ["{", "}"]
    assert found[5]["arguments"] == "{}"
    assert found[6]["item"] == {**item, "status": "completed", "arguments": "{}"}
    assert whole(ASKED, CALL)["status"] == "completed"


def test_a_thought_is_an_item_of_its_own() -> None:
    assert told(THINKS, THINKING)[2:9] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    thought, text = whole(THINKS, THINKING)["output"]
    assert thought == {
        "id": "rs_sandbox_7_0",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": seal("sandbox-se"),
    }
    assert (text["id"], text["content"][0]["text"]) == ("msg_sandbox_7_1", "Yes")


def test_a_hidden_thought_shows_that_it_was_thought() -> None:
    asked = ReplyRequest(1, 10, thought="hidden")
    assert told(asked, THINKING)[2:5] == ["output_item.added", "output_item.done", "output_item.added"]
    assert whole(asked, THINKING)["output"][0] == {"id": "rs_sandbox_7_0", "type": "reasoning", "summary": []}


def test_a_cut_reply_is_incomplete() -> None:
    found = whole(ASKED, CUT)
    assert (found["status"], found["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (found["output"][0]["status"], found["completed_at"]) == ("incomplete", None)


def test_reasoning_is_inside_the_output() -> None:
    assert whole(THINKS, THINKING)["usage"] == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 13,
    }
