"""Routes of Bedrock through the exchange: a scripted Bedrock, whose signatures botocore verifies."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from gateway.core.catalog import Route
from gateway.exchange.services import InForce
from gateway.upstream.targets import target
from gateway.upstream.tokens.endpoint import TokenEndpoint
from gateway.upstream.tokens.renewing import RenewingCredential
from gateway.upstream.tokens.sigv4 import AwsKeys, SigV4Scheme
from gateway.upstream.tokens.token import ExpiringToken
from tests.builders import a_snapshot
from tests.dialects import aws_frames
from tests.exchange.desk import BODY, DONE, STOP, USAGE, WORDS, Client, Desk, a_desk
from tests.scripted import Connection, Provider, Received, reply, streams
from tests.upstream.tokens.aws_judge import is_signed

KEYS, OLD = AwsKeys("AKIDNEW", "new-secret", "session"), AwsKeys("AKIDOLD", "old-secret")
MODEL = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
GOOD = streams(WORDS, STOP, USAGE, DONE)
COUNTS = {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12}


class KeyRing:
    """Gives one key after another, the last for ever."""

    def __init__(self, *keys: AwsKeys) -> None:
        self._keys = list(keys)

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[AwsKeys]:  # noqa: ARG002  # no endpoint is asked
        return ExpiringToken(self._keys.pop(0) if len(self._keys) > 1 else self._keys[0])


class Bedrock:
    """Answers `bodies` one after another, the last for ever, to requests that are signed with KEYS and its clock."""

    def __init__(self, *bodies: bytes, ahead_s: float = 0.0) -> None:
        self._bodies, self._ahead_s = list(bodies), ahead_s
        self.refusals: list[str] = []

    async def __call__(self, connection: Connection) -> None:
        while True:
            refusal = self._refusal(await connection.request())
            if refusal:
                self.refusals.append(refusal)
                now = formatdate(time.time() + self._ahead_s, usegmt=True)
                headers = [("x-amzn-errortype", f"{refusal}:http://internal.amazon.com/coral/"), ("date", now)]
                await connection.send(reply(403, headers=headers, body=b'{"message":"nobody may read this"}'))
            else:
                await connection.send(self._bodies.pop(0) if len(self._bodies) > 1 else self._bodies[0])

    def _refusal(self, request: Received) -> str:
        if not is_signed(request, KEYS):
            return "UnrecognizedClientException"
        moment = time.strptime(request.header("x-amz-date") or "", "%Y%m%dT%H%M%SZ")
        now = time.time() + self._ahead_s
        return "InvalidSignatureException" if abs(time.mktime(moment) - time.timezone - now) > 300 else ""


def whole(**members: Any) -> bytes:
    message = {"role": "assistant", "content": [{"text": "hello"}]}
    return reply(
        body=json.dumps({"output": {"message": message}, "stopReason": "end_turn", "usage": COUNTS} | members).encode()
    )


def streamed(*messages: bytes) -> bytes:
    body = b"".join(messages)
    return reply(headers=[("content-type", "application/vnd.amazon.eventstream")], body=body)


BEGIN = aws_frames.event("messageStart", role="assistant")
HELLO = aws_frames.event("contentBlockDelta", contentBlockIndex=0, delta={"text": "hello"}, p="abcdefghijkl")
END = aws_frames.event("messageStop", stopReason="end_turn")
METADATA = aws_frames.event("metadata", usage=COUNTS, metrics={"latencyMs": 1})
THROTTLED = aws_frames.exception("throttlingException")


@asynccontextmanager
async def a_bedrock_desk(
    state: Path, *providers: Provider, keys: Sequence[AwsKeys] = (KEYS,), dialect: str = "bedrock_converse"
) -> AsyncIterator[Desk]:
    """`alpha` is Bedrock with a credential that runs; every other one speaks Chat Completions."""
    async with a_desk(state, *providers, dialects=[dialect]) as desk:
        now = desk.in_force
        routes = [
            _on_bedrock(route, providers[0].url) if route.provider.id == "alpha" else route
            for route in now.snapshot.routes.values()
        ]
        credential = RenewingCredential(KeyRing(*keys), SigV4Scheme("bedrock", "eu-central-1"), TokenEndpoint())
        running = asyncio.create_task(credential.run(lambda _: None))
        try:
            await credential.first_round()
            snapshot = a_snapshot(*routes, policies=tuple(now.snapshot.policies.values()), teams=now.snapshot.teams)
            targets = {**now.targets, "alpha": target(routes[0].provider, credential, {})}
            desk.in_force = InForce(snapshot, now.means, targets)
            yield desk
        finally:
            running.cancel()
            await asyncio.wait([running])


def _on_bedrock(route: Route, url: str) -> Route:
    connection = replace(route.provider.connection, base_url=url, carriers={"anthropic_messages": "bedrock_invoke"})
    return replace(route, provider=replace(route.provider, connection=connection), upstream_model=MODEL)


async def test_a_whole_reply_of_converse_is_signed_for_translated_and_metered(tmp_path: Path) -> None:
    async with Provider(Bedrock(whole())) as provider, a_bedrock_desk(tmp_path, provider) as desk:
        client = await desk.ask()
        assert client.complete
        assert json.loads(client.body)["choices"][0]["message"]["content"] == "hello"
        [attempt] = desk.receipts()[0]["attempts"]
        assert (attempt["dialect"], attempt["usage"]) == ("bedrock_converse", {"input": 9, "output": 3})
        [request] = provider.requests
        assert request.line == "POST /model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse HTTP/1.1"
        assert is_signed(request, KEYS)
        assert request.header("x-amz-security-token") == "session"


async def test_a_stream_of_converse_ends_with_its_usage(tmp_path: Path) -> None:
    script = Bedrock(streamed(BEGIN, HELLO, END, METADATA))
    async with Provider(script) as provider, a_bedrock_desk(tmp_path, provider) as desk:
        client = await desk.ask({"stream": True})
        assert client.complete
        assert b'"hello"' in client.body
        assert b"abcdefghijkl" not in client.body
        assert desk.receipts()[0]["attempts"][0]["usage"] == {"input": 9, "output": 3}
        assert provider.requests[0].line.endswith("/converse-stream HTTP/1.1")


async def test_a_stream_without_metadata_is_whole_and_its_usage_not_the_providers(tmp_path: Path) -> None:
    async with Provider(Bedrock(streamed(BEGIN, HELLO, END))) as provider, a_bedrock_desk(tmp_path, provider) as desk:
        assert (await desk.ask({"stream": True})).complete
        [attempt] = desk.receipts()[0]["attempts"]
        assert (attempt["outcome"], attempt["usage_source"]) == ("served", "held")


@pytest.mark.parametrize(
    "messages",
    [(THROTTLED,), (BEGIN, aws_frames.error("internalServerException")), (BEGIN, METADATA), (BEGIN, HELLO[:-1] + b"x")],
)
async def test_what_fails_before_any_content_is_served_elsewhere(tmp_path: Path, messages: Sequence[bytes]) -> None:
    alpha, beta = Provider(Bedrock(streamed(*messages))), Provider(GOOD)
    async with alpha, beta, a_bedrock_desk(tmp_path, alpha, beta) as desk:
        assert (await desk.ask({"stream": True})).complete
        first, second = desk.receipts()[0]["attempts"]
        assert (first["outcome"], second["outcome"]) == ("failed", "served")


async def test_an_exception_behind_content_ends_the_reply_with_an_error_and_no_word_of_it(tmp_path: Path) -> None:
    client, answer = Client(), streamed(BEGIN, HELLO, THROTTLED)

    async def breaks_off(connection: Connection) -> None:
        await connection.request()
        await connection.send(answer[: -len(THROTTLED)])
        await client.received.wait()
        await connection.send(THROTTLED)
        await connection.left()

    async with Provider(breaks_off) as alpha, Provider(GOOD) as beta, a_bedrock_desk(tmp_path, alpha, beta) as desk:
        await desk.exchange().run(json.dumps({**BODY, "stream": True}).encode(), client)
        assert not client.complete
        assert b"hello" in client.body
        assert client.code == "upstream_failed"
        assert b"nobody may read this" not in client.body + client.last
        [attempt] = desk.receipts()[0]["attempts"]
        assert (attempt["outcome"], attempt["upstream_code"]) == ("failed", "throttlingException")
        assert not beta.requests


async def test_a_throttle_cools_the_route_for_as_long_as_aws_says(tmp_path: Path) -> None:
    headers = [("x-amzn-errortype", "ThrottlingException"), ("x-amz-retry-after", "7000")]
    throttle = reply(429, headers=headers, body=b'{"message":"Too many tokens"}')
    alpha, beta = Provider(Bedrock(throttle)), Provider(GOOD)
    async with alpha, beta, a_bedrock_desk(tmp_path, alpha, beta) as desk:
        assert (await desk.ask({"stream": True})).complete
        cooling = desk.services.health.view(desk.services.clock.monotonic()).cooling
        [(route, outage)] = cooling.items()
        assert (route, outage.until - outage.since) == ("alpha/small", 7.0)


async def test_a_key_that_ended_is_replaced_and_the_request_sent_once_more(tmp_path: Path) -> None:
    script = Bedrock(whole())
    async with Provider(script) as provider, a_bedrock_desk(tmp_path, provider, keys=(OLD, KEYS)) as desk:
        assert (await desk.ask()).complete
        assert script.refusals == ["UnrecognizedClientException"]
        assert len(provider.requests) == 2
        assert len(desk.receipts()[0]["attempts"]) == 1


async def test_a_signature_follows_the_clock_of_aws(tmp_path: Path) -> None:
    script = Bedrock(whole(), ahead_s=900.0)
    async with Provider(script) as provider, a_bedrock_desk(tmp_path, provider) as desk:
        assert (await desk.ask()).complete
        assert (await desk.ask()).complete
        assert script.refusals == ["InvalidSignatureException"]
        assert len(provider.requests) == 3


async def test_a_key_that_stays_refused_locks_the_record_out(tmp_path: Path) -> None:
    alpha, beta = Provider(Bedrock(whole())), Provider(GOOD)
    async with alpha, beta, a_bedrock_desk(tmp_path, alpha, beta, keys=(OLD,)) as desk:
        assert (await desk.ask({"stream": True})).complete
        assert set(desk.services.health.view(desk.services.clock.monotonic()).locked_out) == {"alpha"}


def chunk(**members: Any) -> bytes:
    return aws_frames.event("chunk", bytes=base64.b64encode(json.dumps(members).encode()).decode(), p="abc")


MESSAGE = (
    chunk(
        type="message_start",
        message={"id": "msg_bdrk_1", "type": "message", "usage": {"input_tokens": 9, "output_tokens": 1}},
    ),
    chunk(type="content_block_start", index=0, content_block={"type": "text", "text": ""}),
    chunk(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "hello"}),
    chunk(type="content_block_stop", index=0),
    chunk(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
    chunk(type="message_stop", **{"amazon-bedrock-invocationMetrics": {"inputTokenCount": 9}}),
)
ASKED = json.dumps(
    {"model": "small", "max_tokens": 99, "stream": True, "messages": [{"role": "user", "content": "hello"}]}
).encode()


@pytest.mark.parametrize("dialect", ["anthropic_messages", "openai_chat"])
async def test_a_stream_of_invoke_model_is_the_dialects_own(tmp_path: Path, dialect: str) -> None:
    script = Bedrock(streamed(*MESSAGE))
    async with Provider(script) as provider, a_bedrock_desk(tmp_path, provider, dialect="anthropic_messages") as desk:
        client = await desk.ask(ASKED, dialect=dialect)
        assert client.complete
        assert b"hello" in client.body
        assert b"invocationMetrics" not in client.body
        assert desk.receipts()[0]["attempts"][0]["usage"] == {"input": 9, "output": 3}
        [request] = provider.requests
        assert request.line.endswith("/invoke-with-response-stream HTTP/1.1")
        assert is_signed(request, KEYS)
        assert json.loads(request.body).keys() == {"max_tokens", "messages", "anthropic_version"}
