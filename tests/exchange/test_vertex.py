"""Routes of Vertex AI through the exchange: the shipped records at a scripted Google Cloud, which lends the tokens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.upstream.tokens.google import GoogleMetadata
from tests.exchange.clouds import Cloud, a_cloud_desk, called
from tests.exchange.desk import BODY, COMPLETION, DONE, STOP, USAGE, WORDS, Desk
from tests.scripted import Provider, reply, streams

GOOD = streams(WORDS, STOP, USAGE, DONE)
GEMINI: dict[str, Any] = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}],
    "usageMetadata": {
        "promptTokenCount": 9,
        "candidatesTokenCount": 3,
        "totalTokenCount": 12,
        "trafficType": "ON_DEMAND",
    },
}
CLAUDE: dict[str, Any] = {
    "id": "msg_vrtx_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 3},
}
EU = "/v1/projects/proj-77/locations/eu/publishers"
GLOBAL = "/v1/projects/proj-77/locations/global"


def whole(body: object) -> bytes:
    return reply(body=json.dumps(body).encode())


def streamed(*events: bytes) -> bytes:
    return reply(headers=[("content-type", "text/event-stream")], body=b"".join(events))


def sse(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\r\n\r\n"


@asynccontextmanager
async def a_vertex_desk(state: Path, *providers: Provider, route: str) -> AsyncIterator[Desk]:
    def source(url: str) -> GoogleMetadata:
        return GoogleMetadata({}, "https://www.googleapis.com/auth/cloud-platform", server=url)

    async with a_cloud_desk(state, *providers, route=route, source_of=source, settings={"project": "proj-77"}) as desk:
        yield desk


@pytest.mark.parametrize(
    ("route", "answer", "path", "wire"),
    [
        (
            "google-vertex-eu/gemini-3.8-flash",
            GEMINI,
            f"{EU}/google/models/gemini-3.8-flash:generateContent",
            "google_generate",
        ),
        (
            "google-vertex-eu/claude-sonnet-4.6",
            CLAUDE,
            f"{EU}/anthropic/models/claude-sonnet-4-6:rawPredict",
            "anthropic_messages",
        ),
        ("google-vertex-global/grok-4.7", COMPLETION, f"{GLOBAL}/endpoints/openapi/chat/completions", "openai_chat"),
    ],
)
async def test_each_route_is_asked_in_its_own_wire_under_its_own_path(
    tmp_path: Path, route: str, answer: dict[str, Any], path: str, wire: str
) -> None:
    async with Provider(Cloud(whole(answer))) as vertex, a_vertex_desk(tmp_path, vertex, route=route) as desk:
        client = await desk.ask()
        assert json.loads(client.body)["choices"][0]["message"]["content"] == "hello"
        (request,) = called(vertex)
        assert request.line == f"POST {path} HTTP/1.1"
        assert request.header("authorization") == "Bearer hush1"
        (attempt,) = desk.receipts()[0]["attempts"]
        assert (attempt["dialect"], attempt["usage"]) == (wire, {"input": 9, "output": 3})


async def test_claude_is_asked_without_model_and_with_the_clouds_version(tmp_path: Path) -> None:
    route = "google-vertex-eu/claude-sonnet-4.6"
    async with Provider(Cloud(whole(CLAUDE))) as vertex, a_vertex_desk(tmp_path, vertex, route=route) as desk:
        await desk.ask()
        body = json.loads(called(vertex)[0].body)
        assert "model" not in body
        assert body["anthropic_version"] == "vertex-2023-10-16"
        assert called(vertex)[0].header("anthropic-version") is None


async def test_gemini_is_told_nothing_of_storing_and_says_its_tier(tmp_path: Path) -> None:
    route = "google-vertex-eu/gemini-3.8-flash"
    answer = streamed(sse({**GEMINI, "usageMetadata": None}), sse({"candidates": [], **GEMINI}))
    async with Provider(Cloud(answer)) as vertex, a_vertex_desk(tmp_path, vertex, route=route) as desk:
        assert (await desk.ask({"stream": True})).complete
        (request,) = called(vertex)
        assert request.line.startswith(f"POST {EU}/google/models/gemini-3.8-flash:streamGenerateContent?alt=sse ")
        assert "store" not in json.loads(request.body)
        assert desk.receipts()[0]["attempts"][0]["observed"] == {"tier": "default"}


async def test_a_token_that_ended_is_renewed_and_the_request_sent_once_more(tmp_path: Path) -> None:
    cloud = Cloud(whole(GEMINI))
    route = "google-vertex-eu/gemini-3.8-flash"
    async with Provider(cloud) as vertex, a_vertex_desk(tmp_path, vertex, route=route) as desk:
        cloud.demands = 2
        assert (await desk.ask()).complete
        assert (cloud.refused, [r.header("authorization") for r in called(vertex)]) == (
            1,
            ["Bearer hush1", "Bearer hush2"],
        )
        assert len(desk.receipts()[0]["attempts"]) == 1


@pytest.mark.parametrize(
    ("status", "fault", "code"),
    [
        (429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota"}}], "RESOURCE_EXHAUSTED"),
        (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "shared"}}, "rate_limit_error"),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, "overloaded_error"),
    ],
)
async def test_faults_of_google_and_of_anthropic_come_on_one_path_and_another_route_serves(
    tmp_path: Path, status: int, fault: object, code: str
) -> None:
    refuses = Cloud(reply(status, body=json.dumps(fault).encode()))
    alpha, beta = Provider(refuses), Provider(GOOD)
    async with alpha, beta, a_vertex_desk(tmp_path, alpha, beta, route="google-vertex-eu/claude-sonnet-4.6") as desk:
        assert (await desk.ask({"stream": True})).complete
        first, second = desk.receipts()[0]["attempts"]
        assert (first["status"], second["outcome"]) == (status, "served")
        assert first["upstream_code"] in (code, "")
        assert desk.services.health.view(desk.services.clock.monotonic()).locked_out == {}


async def test_nothing_of_a_token_stays_in_a_receipt(tmp_path: Path) -> None:
    route = "google-vertex-eu/gemini-3.8-flash"
    async with Provider(Cloud(whole(GEMINI))) as vertex, a_vertex_desk(tmp_path, vertex, route=route) as desk:
        await desk.ask(BODY)
        text = json.dumps(desk.receipts())
        assert "hush" not in text
        assert "proj-77" not in text


async def test_tokens_that_live_a_moment_are_renewed_in_the_background_and_no_request_notices(tmp_path: Path) -> None:
    cloud = Cloud(whole(GEMINI), lives_s=1.5)
    route = "google-vertex-eu/gemini-3.8-flash"
    async with Provider(cloud) as vertex, a_vertex_desk(tmp_path, vertex, route=route) as desk:
        assert (await desk.ask()).complete
        vertex.asked.clear()
        await vertex.asked.wait()  # the next request for a token
        assert (await desk.ask()).complete
        assert (cloud.lent, cloud.refused) == (2, 0)
