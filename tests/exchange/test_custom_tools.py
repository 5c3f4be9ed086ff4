"""Custom tools through Chat Completions, and requests of Responses at its address, as Cursor sends them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.core.posture import Posture
from gateway.dialects.sse import Events, payload
from tests.builders import a_policy
from tests.exchange.desk import Client, Desk, a_desk
from tests.scripted import Provider, replies, reply, streams

CLAUDE, RESPONSES = "anthropic_messages", "openai_responses"
GRAMMAR = {"syntax": "lark", "definition": "start: /.+/"}
FORM = {"type": "grammar", "grammar": GRAMMAR}
NESTED: dict[str, Any] = {"type": "custom", "custom": {"name": "patch", "format": FORM}}
FLAT: dict[str, Any] = {"type": "custom", "name": "patch", "format": {"type": "grammar", **GRAMMAR}}
LOOK: dict[str, Any] = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}
STATELESS: dict[str, Any] = {"bound": Posture(retention_days=0)}
COUNTED = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ARGUMENTS = json.dumps({"input": 'MARKER "edit"'})

PATCHED = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "x",
    "content": [{"type": "tool_use", "id": "toolu_1", "name": "patch", "input": {"input": 'MARKER "edit"'}}],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 9, "output_tokens": 3},
}
CALLED = {"id": "call_1", "type": "function", "function": {"name": "patch", "arguments": ARGUMENTS}}
COMPLETED = {
    "id": "c",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "tool_calls": [CALLED]}, "finish_reason": "tool_calls"}],
    "usage": COUNTED,
}


def data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def delta(**members: Any) -> bytes:
    return data({"id": "c", "choices": [{"index": 0, **members}]})


STREAM = streams(
    delta(delta={"tool_calls": [{"index": 0, **CALLED, "function": {"name": "patch", "arguments": ""}}]}),
    delta(delta={"tool_calls": [{"index": 0, "function": {"arguments": ARGUMENTS[:9]}}]}),
    delta(delta={"tool_calls": [{"index": 0, "function": {"arguments": ARGUMENTS[9:]}}]}),
    delta(delta={}, finish_reason="tool_calls"),
    data({"id": "c", "choices": [], "usage": COUNTED}),
    b"data: [DONE]\n\n",
)


def sent(provider: Provider, turn: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(provider.requests[turn].body)
    return body


async def asked(desk: Desk, **members: Any) -> Client:
    return await desk.ask(json.dumps({"model": "small", **members}).encode())


def chunks(client: Client) -> list[dict[str, Any]]:
    assert client.complete
    events = [payload(event) for event in Events().feed(client.body)]
    assert events[-1] == b"[DONE]"
    return [json.loads(event) for event in events[:-1]]


def streamed_call(client: Client) -> dict[str, Any]:
    """The one call of a stream, put together as an SDK does."""
    pieces = [p for c in chunks(client) for one in c["choices"] for p in one["delta"].get("tool_calls", ())]
    assert {piece["index"] for piece in pieces} == {0}
    (id_,) = [piece["id"] for piece in pieces if "id" in piece]
    (name,) = [piece["custom"]["name"] for piece in pieces if "name" in piece["custom"]]
    text = "".join(piece["custom"]["input"] for piece in pieces)
    return {"id": id_, "type": pieces[0]["type"], "custom": {"name": name, "input": text}}


async def test_a_custom_tool_of_chat_is_a_function_elsewhere_and_its_call_comes_back(tmp_path: Path) -> None:
    answers = replies(reply(body=json.dumps(PATCHED).encode()))
    async with Provider(answers) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        hello = {"role": "user", "content": "MARKER said"}
        client = await asked(desk, messages=[hello], tools=[NESTED], max_tokens=50)
        (tool,) = sent(alpha)["tools"]
        assert (tool["name"], tool["input_schema"]["required"]) == ("patch", ["input"])
        assert "start: /.+/" in tool["description"]
        choice = json.loads(client.body)["choices"][0]
        call = {"id": "toolu_1", "type": "custom", "custom": {"name": "patch", "input": 'MARKER "edit"'}}
        assert (choice["message"]["tool_calls"], choice["finish_reason"]) == ([call], "tool_calls")
        history = [
            hello,
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "toolu_1", "content": "done"},
        ]
        assert (await asked(desk, messages=history, tools=[NESTED], max_tokens=50)).complete
        _, used, result = sent(alpha, 1)["messages"]
        assert used["content"] == PATCHED["content"]
        assert result["content"][0]["tool_use_id"] == "toolu_1"
        assert "x-safeconduct-dropped" not in client.headers


@pytest.mark.parametrize("shape", ["completion", "stream"])
async def test_a_request_of_responses_at_the_address_of_chat_is_answered_by_a_completion(
    tmp_path: Path, shape: str
) -> None:
    script = STREAM if shape == "stream" else replies(reply(body=json.dumps(COMPLETED).encode()))
    async with Provider(script) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await asked(
            desk,
            input=[{"role": "system", "content": "be brief"}, {"role": "user", "content": "MARKER said"}],
            tools=[LOOK, FLAT],
            reasoning={"effort": "low", "summary": "auto"},
            stream=shape == "stream",
            **({"stream_options": {"include_usage": True}} if shape == "stream" else {}),
        )
        assert alpha.requests[0].line.startswith("POST /v1/chat/completions ")
        assert [m["content"] for m in sent(alpha)["messages"]] == ["be brief", "MARKER said"]
        assert [t["function"]["name"] for t in sent(alpha)["tools"]] == ["look", "patch"]
        call = {"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": 'MARKER "edit"'}}
        if shape == "stream":
            assert streamed_call(client) == call
            assert chunks(client)[-1]["usage"]["total_tokens"] == 12
        else:
            assert json.loads(client.body)["choices"][0]["message"]["tool_calls"] == [call]
        (receipt,) = desk.receipts()
        assert (receipt["dialect"], receipt["attempts"][0]["dialect"]) == (RESPONSES, "openai_chat")
        assert receipt["attempts"][0]["usage"] == {"input": 9, "output": 3}
        assert "MARKER" not in json.dumps(receipt)


async def test_a_route_of_responses_gets_the_clients_own_bytes(tmp_path: Path) -> None:
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "patch", "input": 'MARKER "edit"'}
    answer = {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "output": [item],
        "usage": {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12},
    }
    script = replies(reply(body=json.dumps(answer).encode()))
    async with Provider(script) as alpha, a_desk(tmp_path, alpha, dialects=[RESPONSES]) as desk:
        client = await asked(desk, input="MARKER said", tools=[FLAT], stream_options={"include_usage": True})
        assert sent(alpha) == {"model": "lab/small", "input": "MARKER said", "tools": [FLAT], "store": False}
        told = json.loads(client.body)
        assert told["object"] == "chat.completion"
        assert told["choices"][0]["message"]["tool_calls"][0]["custom"] == {"name": "patch", "input": 'MARKER "edit"'}


async def test_what_a_provider_of_responses_keeps_is_never_left_out_in_silence(tmp_path: Path) -> None:
    async with Provider(STREAM) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await asked(desk, input="MARKER said", previous_response_id="resp_1")
        assert client.error is not None
        assert client.error.status in (400, 403)
        assert alpha.requests == []


async def test_flat_tools_are_written_in_the_form_of_chat(tmp_path: Path) -> None:
    """Cursor mixes both forms in one list."""
    script = replies(reply(body=json.dumps(COMPLETED).encode()))
    plain = {"type": "function", "function": {"name": "hear", "parameters": {"type": "object", "properties": {}}}}
    async with Provider(script) as alpha, a_desk(tmp_path, alpha, policies=(a_policy("none", **STATELESS),)) as desk:
        hello = {"role": "user", "content": "MARKER said"}
        client = await desk.ask(
            json.dumps({"model": "small", "messages": [hello], "tools": [plain, LOOK, FLAT]}).encode(), policy="none"
        )
        assert client.complete
        flat = {name: value for name, value in LOOK.items() if name != "type"}
        assert sent(alpha)["tools"] == [plain, {"type": "function", "function": flat}, NESTED]
