"""The sandbox as a provider of chat, over a real socket: its personas, pace, key and errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import Any

import anyio
import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from gateway.sandbox import MODEL, PERSONAS
from gateway.sandbox.app import Pace, app
from gateway.sandbox.tokens import MESSAGE, count
from tests.sandbox.serving import PASSWORD, client, serving

HELLO: Any = [{"role": "user", "content": "Hello, world!"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as at:
        yield at


@pytest.fixture
def sdk(address: str) -> Iterator[openai.OpenAI]:
    with client(address) as made:
        yield made


@pytest.mark.parametrize("persona", [p for p in PERSONAS if p != "sandbox-flaky"])
def test_every_provider_answers_in_its_own_name_with_exact_usage(address: str, persona: str) -> None:
    with client(address, persona) as sdk:
        reply = sdk.chat.completions.create(model=MODEL, messages=HELLO)
    (choice,) = reply.choices
    assert choice.message.content is not None
    assert choice.message.content.startswith(f"Hello from {persona}.")
    assert choice.finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == MESSAGE + 4
    assert reply.usage.completion_tokens == count(choice.message.content)
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def streamed(sdk: openai.OpenAI, **asked: Any) -> list[ChatCompletionChunk]:
    return list(sdk.chat.completions.create(model=MODEL, messages=HELLO, stream=True, **asked))


def test_a_stream_says_the_same_as_a_whole_reply(sdk: openai.OpenAI) -> None:
    whole = sdk.chat.completions.create(model=MODEL, messages=HELLO)
    chunks = streamed(sdk, stream_options={"include_usage": True})
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    assert all(c.usage is None for c in chunks[:-1])


def test_a_stream_has_no_usage_unasked(sdk: openai.OpenAI) -> None:
    assert all(c.usage is None and c.choices for c in streamed(sdk))


def test_a_limit_is_kept(sdk: openai.OpenAI) -> None:
    reply = sdk.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=5)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 5
    assert sum(bool(c.choices[0].delta.content) for c in streamed(sdk, max_completion_tokens=5)) == 5


def test_several_choices_are_all_counted(sdk: openai.OpenAI) -> None:
    one = sdk.chat.completions.create(model=MODEL, messages=HELLO)
    three = sdk.chat.completions.create(model=MODEL, messages=HELLO, n=3)
    assert [c.index for c in three.choices] == [0, 1, 2]
    assert one.usage is not None
    assert three.usage is not None
    assert three.usage.completion_tokens == 3 * one.usage.completion_tokens
    assert {c.choices[0].index for c in streamed(sdk, n=3)} == {0, 1, 2}


def test_a_tool_is_called_when_one_is_required(sdk: openai.OpenAI) -> None:
    reply = sdk.chat.completions.create(model=MODEL, messages=HELLO, tools=[WEATHER], tool_choice="required")
    assert reply.choices[0].message.tool_calls is not None
    (call,) = reply.choices[0].message.tool_calls
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": ""})
    assert reply.choices[0].finish_reason == "tool_calls"
    assert reply.choices[0].message.content is None


def test_a_tool_call_streams(sdk: openai.OpenAI) -> None:
    with sdk.chat.completions.stream(
        model=MODEL,
        messages=HELLO,
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
    ) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls is not None
    (call,) = final.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": ""})


def test_a_schema_is_fitted(sdk: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    asked: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    reply = sdk.chat.completions.create(model=MODEL, messages=HELLO, response_format=asked)
    assert json.loads(reply.choices[0].message.content or "") == {"ok": False}


def test_the_flaky_provider_fails_every_other_call() -> None:
    with serving() as address, client(address, "sandbox-flaky") as sdk:
        outcomes = []
        for _ in range(4):
            try:
                sdk.chat.completions.create(model=MODEL, messages=HELLO)
                outcomes.append("served")
            except openai.InternalServerError as fault:
                outcomes.append(f"{fault.status_code} {fault.type}")
    assert outcomes == ["500 server_error", "served"] * 2


def scope_of(persona: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": f"/{persona}/v1/chat/completions",
        "headers": [(b"authorization", f"Bearer {PASSWORD}".encode())],
        "query_string": b"",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
    }


def sent_until_it_waits(persona: str, pace: Pace, **asked: Any) -> list[dict[str, Any]]:
    """What the app sends before it does nothing but wait. No clock: an hour of pace is never sat out."""
    sent: list[dict[str, Any]] = []
    body = json.dumps({"model": MODEL, "messages": HELLO, **asked}).encode()
    incoming: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        if not incoming:
            await anyio.sleep_forever()
        return incoming.pop()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    async def run() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(app(pace, PASSWORD), scope_of(persona), receive, send)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()

    anyio.run(run)
    return sent


def test_the_slow_provider_alone_waits_before_its_first_token() -> None:
    pace = Pace(sandbox_pace_ms=0, sandbox_slow_ms=3_600_000)
    assert sent_until_it_waits("sandbox-slow", pace) == []
    assert [m["type"] for m in sent_until_it_waits("sandbox-slow", pace, stream=True)] == ["http.response.start"]
    assert [m["type"] for m in sent_until_it_waits("sandbox-se", pace)] == ["http.response.start", "http.response.body"]
    assert b"[DONE]" in sent_until_it_waits("sandbox-se", pace, stream=True)[-2]["body"]


def test_the_pace_lies_between_tokens() -> None:
    pace = Pace(sandbox_pace_ms=3_600_000, sandbox_slow_ms=0)
    _, first = sent_until_it_waits("sandbox-slow", pace, stream=True)
    assert b'"role":"assistant"' in first["body"]
    _, whole = sent_until_it_waits("sandbox-slow", pace)
    assert b"Hello from sandbox-slow." in whole["body"]


def test_only_the_password_opens_it(address: str) -> None:
    for key in ("wrong", f"{PASSWORD}x", "é"):
        answer = httpx.post(
            f"{address}/sandbox-se/v1/chat/completions",
            headers={b"authorization": f"Bearer {key}".encode()},
            json={"model": MODEL, "messages": HELLO},
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert httpx.post(f"{address}/sandbox-se/v1/chat/completions", json={}).status_code == 401
    with client(address, key="wrong") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.models.list()


def test_another_model_is_not_found(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        sdk.chat.completions.create(model="gpt-9", messages=HELLO)
    assert refused.value.code == "model_not_found"


def test_another_provider_is_not_found(address: str) -> None:
    with client(address, "sandbox-de") as sdk, pytest.raises(openai.NotFoundError):
        sdk.chat.completions.create(model=MODEL, messages=HELLO)


def test_malformed_json_is_refused_without_a_word_of_it(address: str) -> None:
    answer = httpx.post(
        f"{address}/sandbox-se/v1/chat/completions",
        headers={"authorization": f"Bearer {PASSWORD}"},
        content=b'{"messages": xylophone',
    )
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert "xylophone" not in answer.text


def test_a_body_without_an_end_is_refused() -> None:
    part = b" " * 2**20

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": part, "more_body": True}

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    anyio.run(app(Pace(), PASSWORD), scope_of("sandbox-se"), receive, send)
    assert sent[0]["status"] == 413


def test_a_wrong_member_is_named(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.chat.completions.create(model=MODEL, messages=HELLO, n=1000)
    assert refused.value.param == "n"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/sandbox-se/v1/chat/completions", 405), ("GET", "/", 404), ("POST", "/x", 404)],
)
def test_an_address_of_nothing_has_openais_error_too(address: str, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, f"{address}{path}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, "There is nothing at this address.")
