"""Exchanges between clients and providers of different dialects, and counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.core.operation import COUNT_TOKENS, EMBEDDINGS
from gateway.core.organisation import Budget
from gateway.core.policy import RouteRules, TokenCounts
from gateway.core.posture import Posture
from gateway.dialects.prompt import PromptHead
from gateway.exchange.services import Deadlines
from tests.builders import a_connection, a_model, a_policy, a_price, a_provider, a_route, a_snapshot, some_abilities
from tests.dialects.test_translation import ANSWER, HELLO, MIDST, STREAMS, UNREADABLE
from tests.exchange.desk import BODY, Client, Desk, a_desk
from tests.exchange.test_lifecycle import FAILS, GOOD, STREAM
from tests.scripted import END, Provider, Script, hangs, once, replies, reply, stream_head, streams
from tests.scripted import chunk as piece

CLAUDE = "anthropic_messages"
ANSWERS = replies(reply(body=json.dumps(ANSWER[CLAUDE]).encode()))
SAYS = streams(*STREAMS[CLAUDE])


def sent(provider: Provider, turn: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(provider.requests[turn].body)
    return body


# --- replies ---------------------------------------------------------------------------------------------------------


async def test_a_request_is_translated_for_its_route_and_the_reply_for_its_client(tmp_path: Path) -> None:
    async with Provider(ANSWERS) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        client = await desk.ask({"logit_bias": {"7": 1}, "seed": 7, "patient_anna": 1, "user": "MARKER anna"})
        told = json.loads(client.body)
        assert told["choices"][0]["message"]["content"] == "well said"
        assert told["usage"]["total_tokens"] == 12
        assert told["id"].endswith(client.headers["x-safeconduct-receipt"])
        asked = alpha.requests[0]
        assert asked.line.startswith("POST /v1/messages ")
        assert asked.header("anthropic-version") == "2023-06-01"
        assert sent(alpha)["model"] == "lab/small"
        assert sent(alpha)["max_tokens"] == 50
        assert sent(alpha)["metadata"] == {"user_id": desk.services.pseudonyms("acme", "research")("MARKER anna")}
        assert set(client.headers["x-safeconduct-dropped"].split(", ")) == {"logit_bias", "seed", "patient_anna"}
        (receipt,) = desk.receipts()
        assert (receipt["dialect"], receipt["attempts"][0]["dialect"]) == ("openai_chat", CLAUDE)
        assert set(receipt["dropped"]) == {"logit_bias", "seed", "unlisted"}
        assert set(receipt["demand"]["carried"][CLAUDE]["dropped"]) == {"logit_bias", "seed", "unlisted"}
        assert receipt["attempts"][0]["usage"] == {"input": 9, "output": 3}
        assert receipt["cost"] == 15_000


async def test_a_stream_is_translated_as_it_comes_and_metered_by_its_provider(tmp_path: Path) -> None:
    async with Provider(SAYS) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        client = await desk.ask(STREAM)
        events = [e.removeprefix("data: ") for e in client.body.decode().split("\n\n") if e]
        assert events[-1] == "[DONE]"
        deltas = [json.loads(e)["choices"][0]["delta"].get("content", "") for e in events[:-1]]
        assert "".join(deltas) == "well said"
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["cost"]) == ("served", 15_000)
        assert sent(alpha)["stream"] is True
        assert alpha.connections == 1
        assert (await desk.ask(STREAM)).complete
        assert alpha.connections == 1, "a stream read to its end leaves its connection for the next exchange"


async def test_a_translated_stream_that_breaks_off_ends_as_the_clients_do(tmp_path: Path) -> None:
    broken = once(stream_head(), *map(piece, STREAMS[CLAUDE][: MIDST[CLAUDE]]))
    async with Provider(broken) as alpha, Provider(GOOD) as beta:
        async with a_desk(tmp_path, alpha, beta, dialects=[CLAUDE]) as desk:
            client = await desk.ask(STREAM)
            assert client.code == "upstream_failed"
            assert b"[DONE]" not in client.body
            assert b'"well "' in client.body
            (receipt,) = desk.receipts()
            assert (receipt["outcome"], receipt["attempts"][0]["usage_source"]) == ("failed", "held")
        assert beta.requests == []


@pytest.mark.parametrize(
    "bad",
    [
        replies(reply(500)),
        replies(reply(529, body=b'{"type":"error","error":{"type":"overloaded_error","message":"MARKER"}}')),
        replies(reply(body=b'{"type":"error","error":{"type":"api_error","message":"MARKER"}}')),
        replies(reply(body=json.dumps(ANSWER["openai_chat"]).encode())),
    ],
    ids=["status", "overloaded", "error", "another dialect"],
)
async def test_the_next_route_is_asked_in_its_own_dialect(tmp_path: Path, bad: Script) -> None:
    async with Provider(bad) as alpha, Provider(GOOD) as beta:
        async with a_desk(tmp_path, alpha, beta, dialects=[CLAUDE]) as desk:
            client = await desk.ask()
            assert client.headers["x-safeconduct-route"] == "beta/small"
            (receipt,) = desk.receipts()
            assert [a["dialect"] for a in receipt["attempts"]] == [CLAUDE, "openai_chat"]
        assert sent(beta) == {**BODY, "model": "lab/small"}


async def test_a_stream_without_content_fails_over_whatever_its_dialect(tmp_path: Path) -> None:
    begins = streams(STREAMS[CLAUDE][0], STREAMS[CLAUDE][2])
    async with (
        Provider(begins) as alpha,
        Provider(streams(*STREAMS["openai_chat"])) as beta,
        a_desk(tmp_path, alpha, beta, dialects=[CLAUDE]) as desk,
    ):
        client = await desk.ask(STREAM)
        assert client.complete
        assert client.headers["x-safeconduct-route"] == "beta/small"


async def test_a_providers_word_for_too_long_a_prompt_comes_through_any_translation(tmp_path: Path) -> None:
    said = {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: MARKER"}}
    refuses = replies(reply(400, body=json.dumps(said).encode()))
    async with Provider(refuses) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        client = await desk.ask()
        assert client.error is not None
        assert client.error.code == "context_length_exceeded"


# --- what cannot be carried ------------------------------------------------------------------------------------------


async def test_a_route_that_cannot_carry_a_request_is_not_asked(tmp_path: Path) -> None:
    async with Provider(ANSWERS) as alpha, Provider(GOOD) as beta:
        reads = some_abilities(inputs=frozenset({"text", "pdf"}))
        async with a_desk(tmp_path, alpha, beta, dialects=[CLAUDE], abilities=reads) as desk:
            for body in ({"n": 2}, UNREADABLE):
                client = await desk.ask(body)
                assert client.headers["x-safeconduct-route"] == "beta/small"
                receipt = desk.receipts()[0]
                assert receipt["rejections"] == {"alpha/small": ["capability:dialect"]}
        assert alpha.connections == 0


async def test_what_no_route_can_carry_is_refused_with_its_name_and_never_sent(tmp_path: Path) -> None:
    async with Provider(ANSWERS) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        unfit = (await desk.ask({"n": 2})).error
        assert unfit is not None
        assert (unfit.status, unfit.code) == (400, "unsupported")
        told: Any = unfit.details["routes"]
        assert told[0]["reasons"][0]["demanded"] == ["n"]
        unreadable = (await desk.ask(UNREADABLE)).error
        assert unreadable is not None
        assert (unreadable.status, unreadable.code) == (400, "invalid_request")
        assert "MARKER" not in unreadable.message
        assert str(unreadable.details["field"]).startswith("messages[0].content[0]")
        assert alpha.connections == 0
        assert [r["outcome"] for r in desk.receipts()] == ["refused", "refused"]


async def test_where_everything_must_be_supported_nothing_gets_lost(tmp_path: Path) -> None:
    sure = a_policy("sure", rules=RouteRules(requires_parameters=True))
    async with Provider(ANSWERS) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE], policies=[sure]) as desk:
        refused = (await desk.ask({"seed": 7}, policy="sure")).error
        assert refused is not None
        assert (refused.status, refused.code) == (403, "no_eligible_route")
        assert alpha.connections == 0
        assert (await desk.ask(policy="sure")).complete


async def test_where_everything_must_be_supported_a_route_that_carries_less_than_its_like_is_passed_over(
    tmp_path: Path,
) -> None:
    sure = a_policy("sure", rules=RouteRules(requires_parameters=True))
    async with Provider(GOOD) as alpha, Provider(GOOD) as beta:
        strict = a_connection(base_url=f"{beta.url}/v1", lenient=False)
        routes = (
            a_route(a_provider("alpha", connection=a_connection(base_url=f"{alpha.url}/v1"))),
            a_route(a_provider("beta", connection=strict), price=a_price(input="0.01", output="0.01")),
        )
        snapshot = a_snapshot(*routes, policies=(a_policy("strict"), sure))
        async with a_desk(tmp_path, alpha, beta, snapshot=snapshot) as desk:
            body = {"model": "small", "max_tokens": 9, "top_k": 5, "messages": [{"role": "user", "content": "hi"}]}
            asked = PromptHead(version="2023-06-01")
            client = await desk.ask(json.dumps(body).encode(), dialect=CLAUDE, asked=asked, policy="sure")
            assert client.headers["x-safeconduct-route"] == "alpha/small"
            assert (beta.connections, sent(alpha)["top_k"]) == (0, 5)
            receipt = desk.receipts()[0]
            assert [(a["route"], a["outcome"], a["status"], a["cost"] > 0) for a in receipt["attempts"]] == [
                ("beta/small", "failed", 0, False),
                ("alpha/small", "served", 200, True),
            ]
            assert not desk.services.health.view(0).cooling, "nothing is wrong with beta"


# --- other clients ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", ["openai_responses", "anthropic_messages", "google_generate"])
async def test_clients_of_every_dialect_are_served_by_a_chat_route(tmp_path: Path, client: str) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        asked = PromptHead(model="small", verb="generateContent") if client == "google_generate" else PromptHead()
        answer = await desk.ask(json.dumps(HELLO[client]).encode(), dialect=client, asked=asked)
        assert answer.complete
        assert b"hello" in answer.body
        assert sent(alpha)["messages"] == [{"role": "user", "content": "MARKER hello"}]
        assert desk.receipts()[0]["dialect"] == client


LIMITED: dict[str, Any] = {
    "openai_chat": lambda limit: {"max_completion_tokens": limit},
    "openai_responses": lambda limit: {"max_output_tokens": limit},
    "anthropic_messages": lambda limit: {"max_tokens": limit},
    "google_generate": lambda limit: {"generationConfig": {"maxOutputTokens": limit}},
}
SENT_LIMIT: dict[str, Any] = {
    "openai_chat": lambda body: body.get("max_tokens", body.get("max_completion_tokens")),
    "openai_responses": lambda body: body["max_output_tokens"],
    "anthropic_messages": lambda body: body["max_tokens"],
    "google_generate": lambda body: body["generationConfig"]["maxOutputTokens"],
}


@pytest.mark.parametrize("wire", SENT_LIMIT)
@pytest.mark.parametrize("client", LIMITED)
async def test_a_limit_above_the_routes_is_lowered_to_it_and_reported(tmp_path: Path, client: str, wire: str) -> None:
    """Agents ask every model for the limit of their favourite one."""
    streamed = b"".join((stream_head(), *map(piece, STREAMS[wire]), END))
    both = replies(reply(body=json.dumps(ANSWER[wire]).encode()), streamed)
    small = some_abilities(max_output=8_000)
    async with (
        Provider(both) as alpha,
        a_desk(tmp_path, alpha, dialects=[wire], abilities=small) as desk,
    ):
        for streaming in (False, True):
            google = PromptHead(model="small", verb="generateContent", streaming=streaming)
            asked = google if client == "google_generate" else PromptHead()
            flag = {} if client == "google_generate" else {"stream": streaming}
            body = {**HELLO[client], **LIMITED[client](32_000), **flag}
            answer = await desk.ask(json.dumps(body).encode(), dialect=client, asked=asked)
            assert answer.complete
            assert answer.headers["x-safeconduct-output-limit"] == "8000"
            assert SENT_LIMIT[wire](sent(alpha, int(streaming))) == 8_000
            receipt = desk.receipts()[0]
            assert (receipt["attempts"][0]["output_limit"], receipt["rejections"]) == (8_000, {})


async def test_a_limit_is_lowered_to_the_money_below_the_routes(tmp_path: Path) -> None:
    budgets, small = (Budget(2_000_000, "total", floor=100),), some_abilities(max_output=8_000)
    async with (
        Provider(ANSWERS) as alpha,
        a_desk(tmp_path, alpha, dialects=[CLAUDE], abilities=small, budgets=budgets) as desk,
    ):
        answer = await desk.ask({"max_tokens": 32_000})
        limit = int(answer.headers["x-safeconduct-output-limit"])
        assert 800 < limit < 1_000
        assert sent(alpha)["max_tokens"] == limit == desk.receipts()[0]["attempts"][0]["output_limit"]


async def test_a_limit_that_the_route_gives_stays_the_clients(tmp_path: Path) -> None:
    small = some_abilities(max_output=8_000)
    async with Provider(ANSWERS) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE], abilities=small) as desk:
        answer = await desk.ask({"max_tokens": 8_000})
        assert "x-safeconduct-output-limit" not in answer.headers
        assert desk.receipts()[0]["attempts"][0]["output_limit"] is None


async def test_vectors_are_asked_for_and_metered(tmp_path: Path) -> None:
    vectors = {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}]}

    body = json.dumps({**vectors, "usage": {"prompt_tokens": 9, "total_tokens": 9}}).encode()
    model = a_model(kind="embedding")
    async with Provider(replies(reply(body=body))) as alpha, a_desk(tmp_path, alpha, model=model) as desk:
        said = json.dumps({"model": "small", "input": "MARKER", "encoding_format": "float"}).encode()
        client = await desk.ask(said, dialect="openai_embeddings", asked=PromptHead(operation=EMBEDDINGS))
        assert json.loads(client.body)["data"] == vectors["data"]
        assert alpha.requests[0].line.startswith("POST /v1/embeddings ")
        (receipt,) = desk.receipts()
        assert (receipt["operation"], receipt["attempts"][0]["usage"]) == ("embeddings", {"input": 9})


# --- counts ----------------------------------------------------------------------------------------------------------

COUNT = PromptHead(operation=COUNT_TOKENS)
EXACT = a_policy("open", token_counts=TokenCounts.EXACT)
COUNTED = replies(reply(body=b'{"input_tokens":4321}'))
TOOLS = [{"name": "find", "description": "Finds it.", "input_schema": {"type": "object", "properties": {}}}]


async def count(desk: Desk, **members: Any) -> Client:
    body = {**HELLO[CLAUDE], **members}
    return await desk.ask(json.dumps(body).encode(), dialect=CLAUDE, asked=COUNT)


def told(client: Client) -> int:
    assert client.complete
    tokens: int = json.loads(client.body)["input_tokens"]
    return tokens


async def test_a_count_is_an_estimate_of_which_no_provider_learns(tmp_path: Path) -> None:
    """Agents ask for dozens in a second: each is worked out here, and leaves nothing behind."""

    async with Provider(COUNTED) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        for _ in range(50):
            client = await count(desk)
            assert client.headers == {"x-safeconduct-count": "estimated", "streaming": "False"}
        assert told(client) > 0
        assert alpha.connections == 0
        assert desk.receipts() == []
        assert desk.heard.events == []
        assert not desk.services.health.view(desk.services.clock.monotonic()).latency_ms


async def test_a_count_includes_system_text_and_tools(tmp_path: Path) -> None:
    async with Provider(COUNTED) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        plain = told(await count(desk))
        assert told(await count(desk, system="Be brief.")) > plain
        assert told(await count(desk, tools=TOOLS)) > plain


async def test_a_count_needs_no_route_that_policy_admits(tmp_path: Path) -> None:
    nowhere = a_policy("open", bound=Posture(processed_in=frozenset()))
    async with Provider(COUNTED) as alpha, a_desk(tmp_path, alpha, policies=[nowhere], dialects=[CLAUDE]) as desk:
        assert told(await count(desk)) > 0
        assert alpha.connections == 0


async def test_a_count_of_what_is_no_request_is_refused_with_a_receipt(tmp_path: Path) -> None:
    async with Provider(COUNTED) as alpha, a_desk(tmp_path, alpha, dialects=[CLAUDE]) as desk:
        client = await count(desk, messages="MARKER")
        assert client.error is not None
        assert (client.error.status, client.error.code) == (400, "invalid_request")
        (receipt,) = desk.receipts()
        assert (receipt["operation"], receipt["outcome"]) == ("count_tokens", "refused")


async def test_where_policy_wants_it_exact_a_route_of_the_clients_dialect_counts_for_nothing(tmp_path: Path) -> None:
    budgets = (Budget(limit=10**9, window="total"),)
    async with Provider(GOOD) as alpha, Provider(COUNTED) as beta:
        async with a_desk(
            tmp_path, alpha, beta, policies=[EXACT], dialects=["openai_chat", CLAUDE], budgets=budgets
        ) as desk:
            client = await count(desk)
            assert told(client) == 4321
            assert "x-safeconduct-count" not in client.headers
            assert client.headers["x-safeconduct-route"] == "beta/small"
            (receipt,) = desk.receipts()
            assert (receipt["operation"], receipt["outcome"], receipt["cost"]) == ("count_tokens", "served", 0)
            assert receipt["attempts"][0]["hold"] == 0
            assert receipt["attempts"][0]["reported"] == {"counted": 4321}
            assert receipt["rejections"] == {"alpha/small": ["capability:dialect"]}
            health = desk.services.health.view(desk.services.clock.monotonic())
            assert (health.latency_ms, health.throughput) == ({}, {})
        assert beta.requests[0].line.startswith("POST /v1/messages/count_tokens ")
        assert sent(beta)["model"] == "lab/small"
        assert alpha.connections == 0


async def test_where_no_money_is_left_a_count_is_an_estimate(tmp_path: Path) -> None:
    dear = {**ANSWER[CLAUDE], "usage": {"input_tokens": 9, "output_tokens": 10**9}}
    budgets = (Budget(limit=10**9, window="total"),)
    async with (
        Provider(replies(reply(body=json.dumps(dear).encode()))) as alpha,
        a_desk(tmp_path, alpha, policies=[EXACT], dialects=[CLAUDE], budgets=budgets) as desk,
    ):
        assert (await desk.ask()).complete
        assert desk.receipts()[0]["attempts"][0]["over_hold"]
        client = await count(desk)
        assert client.headers["x-safeconduct-count"] == "estimated"
        assert len(alpha.requests) == 1


async def test_a_request_cannot_ask_for_an_exact_count_and_can_forbid_it(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    exact = a_policy("exact", token_counts=TokenCounts.EXACT)
    private = a_policy("private", token_counts=TokenCounts.ESTIMATE)
    async with Provider(COUNTED) as alpha:
        async with a_desk(tmp_path / "a", alpha, policies=[exact], dialects=[CLAUDE]) as desk:
            body = json.dumps(HELLO[CLAUDE]).encode()
            await desk.ask(body, dialect=CLAUDE, asked=COUNT, policy="exact")
        async with a_desk(tmp_path / "b", alpha, policies=[EXACT, private], dialects=[CLAUDE]) as desk:
            await desk.ask(body, dialect=CLAUDE, asked=COUNT, policy="private")
        assert alpha.connections == 0


@pytest.mark.parametrize(
    "script",
    [
        replies(reply(404)),
        replies(reply(500)),
        replies(reply(401)),
        replies(reply(429, headers=[("retry-after", "60")])),
        replies(reply(400, body=b'{"error":{"message":"MARKER"}}')),
        replies(reply(body=b"{}")),
        once(),
        hangs(),
    ],
    ids=["404", "500", "401", "429", "400", "no count", "cut", "silence"],
)
async def test_a_count_that_fails_is_estimated_and_says_nothing_of_the_routes_health(
    tmp_path: Path, script: Script
) -> None:
    soon = Deadlines(1, 0.1, 1, 20, 5, whole_s=0.1)
    async with (
        Provider(script) as alpha,
        a_desk(tmp_path, alpha, policies=[EXACT], dialects=[CLAUDE], deadlines=soon) as desk,
    ):
        for _ in range(4):
            client = await count(desk)
            assert 0 < told(client) < 4321
            assert client.headers["x-safeconduct-count"] == "estimated"
            receipt = desk.receipts()[0]
            assert client.headers["x-safeconduct-receipt"] == receipt["id"], "a provider may have seen it"
            assert (receipt["outcome"], receipt["cost"]) == ("failed", 0)
        view = desk.services.health.view(desk.services.clock.monotonic())
        assert (view.cooling, view.locked_out) == ({}, {})
        assert len(desk.receipts()) == 4
        assert await desk.held() == 0


@pytest.mark.parametrize("dialect", ["openai_chat", CLAUDE])
async def test_an_exact_count_that_no_route_may_take_is_estimated_without_a_receipt(
    tmp_path: Path, dialect: str
) -> None:
    bound = Posture(processed_in=frozenset()) if dialect == CLAUDE else Posture()
    exact = a_policy("open", token_counts=TokenCounts.EXACT, bound=bound)
    async with Provider(FAILS) as alpha, a_desk(tmp_path, alpha, policies=[exact], dialects=[dialect]) as desk:
        client = await count(desk)
        assert 0 < told(client) < 4321
        assert client.headers["x-safeconduct-count"] == "estimated"
        assert alpha.connections == 0
        assert desk.receipts() == []
