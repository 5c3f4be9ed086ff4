"""Legacy text completions: passed on to routes that speak them, metered as every other reply, and never translated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.core.operation import COMPLETIONS
from gateway.dialects.prompt import PromptHead
from tests.exchange.desk import DONE, USAGE, Client, Desk, a_desk
from tests.exchange.test_lifecycle import FAILS
from tests.scripted import Provider, replies, reply, streams

NAME = "openai_completions"
COUNTED = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
CHOICE = {"text": "hello", "index": 0, "logprobs": None, "finish_reason": "stop"}
TEXT = {"id": "c1", "object": "text_completion", "choices": [CHOICE], "usage": COUNTED}
ANSWERS = replies(reply(body=json.dumps(TEXT).encode()))
WORDS = b'data: {"id":"c","choices":[{"index":0,"text":"hello","finish_reason":null}]}\n\n'
STOP = b'data: {"id":"c","choices":[{"index":0,"text":"","finish_reason":"stop"}]}\n\n'
STREAMS = streams(WORDS, STOP, USAGE, DONE)
SPOKEN: dict[str, Any] = {"also": (NAME,)}


async def asked(desk: Desk, **members: Any) -> Client:
    body = {"model": "small", "prompt": "MARKER said", "max_tokens": 50, **members}
    return await desk.ask(json.dumps(body).encode(), dialect=NAME, asked=PromptHead(COMPLETIONS))


async def test_the_clients_bytes_travel_and_the_reply_comes_back_as_it_is(tmp_path: Path) -> None:
    async with Provider(ANSWERS) as alpha, a_desk(tmp_path, alpha, **SPOKEN) as desk:
        client = await asked(desk, suffix="MARKER end")
        assert json.loads(client.body) == TEXT
        assert alpha.requests[0].line.startswith("POST /v1/completions ")
        assert json.loads(alpha.requests[0].body) == {
            "model": "lab/small",
            "prompt": "MARKER said",
            "max_tokens": 50,
            "suffix": "MARKER end",
        }
        (receipt,) = desk.receipts()
        assert (receipt["dialect"], receipt["operation"], receipt["cost"]) == (NAME, "completions", 15_000)
        assert receipt["attempts"][0]["usage"] == {"input": 9, "output": 3}
        assert "MARKER" not in json.dumps(receipt)
        assert await desk.held() == 0


@pytest.mark.parametrize("usage_asked", [True, False])
async def test_a_stream_is_passed_on_and_metered(tmp_path: Path, usage_asked: bool) -> None:
    async with Provider(STREAMS) as alpha, a_desk(tmp_path, alpha, **SPOKEN) as desk:
        options = {"stream_options": {"include_usage": True}} if usage_asked else {}
        client = await asked(desk, stream=True, **options)
        assert client.body == WORDS + STOP + (USAGE if usage_asked else b"") + DONE
        assert json.loads(alpha.requests[0].body)["stream_options"] == {"include_usage": True}
        assert desk.receipts()[0]["cost"] == 15_000


@pytest.mark.parametrize(("script", "stream"), [(ANSWERS, True), (STREAMS, False)])
async def test_a_provider_that_ignores_stream_is_read_all_the_same(tmp_path: Path, script: Any, stream: bool) -> None:
    async with Provider(script) as alpha, a_desk(tmp_path, alpha, **SPOKEN) as desk:
        client = await asked(desk, stream=stream)
        assert client.complete
        assert b"hello" in client.body
        assert client.body.endswith(DONE) is stream
        assert desk.receipts()[0]["attempts"][0]["usage"] == {"input": 9, "output": 3}


async def test_another_route_takes_over_before_the_first_word(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, Provider(ANSWERS) as beta, a_desk(tmp_path, alpha, beta, **SPOKEN) as desk:
        client = await asked(desk)
        assert json.loads(client.body) == TEXT
        assert [a["outcome"] for a in desk.receipts()[0]["attempts"]] == ["failed", "served"]


async def test_a_model_whose_routes_speak_none_names_the_address_that_serves(tmp_path: Path) -> None:
    async with Provider(ANSWERS) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await asked(desk)
        assert client.error is not None
        assert (client.error.status, client.error.details["field"]) == (400, "prompt")
        assert "/v1/chat/completions" in client.error.message
        assert alpha.requests == []
