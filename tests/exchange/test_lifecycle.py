"""One request from its first header to its receipt, against real providers' bytes and a real journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from gateway.core.organisation import Budget, DataClass
from gateway.core.policy import Identifiers
from gateway.core.posture import Posture
from gateway.core.receipt import from_json
from gateway.dialects.prompt import PromptHead
from gateway.exchange.services import Deadlines, InForce
from gateway.telemetry.events import SoftBudgetCrossed
from gateway.upstream.client import ProviderClient
from tests.builders import a_policy, a_price, a_snapshot, an_organisation, some_abilities, some_means
from tests.dialects.test_translation import STREAMS
from tests.exchange.desk import BODY, COMPLETION, DONE, STOP, USAGE, WORDS, Client, Desk, a_desk
from tests.scripted import END, Connection, Provider, chunk, hangs, once, replies, reply, stream_head, streams

GOOD = replies(reply(body=json.dumps(COMPLETION).encode()))
STREAM = {"stream": True}
FAILS = replies(reply(500, body=b'{"error":{"message":"MARKER said"}}'))


async def test_a_reply_passes_unchanged_and_has_a_receipt(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await desk.ask()
        assert json.loads(client.body) == COMPLETION
        assert client.complete
        assert client.headers["x-safeconduct-route"] == "alpha/small"
        assert client.headers["x-safeconduct-region"] == "declared:SE"
        assert client.headers["x-safeconduct-cost"] == "0.000015 USD"
        (receipt,) = desk.receipts()
        assert receipt["id"] == client.headers["x-safeconduct-receipt"]
        assert (receipt["outcome"], receipt["route"], receipt["cost"]) == ("served", "alpha/small", 15_000)
        assert receipt["attempts"][0]["usage"] == {"input": 9, "output": 3}
        assert from_json(receipt).sequence == 1
        assert await desk.held() == 0
        (sent,) = alpha.requests
        assert json.loads(sent.body) == {**BODY, "model": "lab/small"}
        assert sent.header("authorization") == "Bearer credential-alpha"
        assert sent.header("accept-encoding") == "identity"


async def test_a_stream_passes_unchanged_and_is_metered(tmp_path: Path) -> None:
    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await desk.ask(STREAM | {"stream_options": {"include_usage": True}})
        assert client.body == WORDS + STOP + USAGE + DONE
        hidden = await desk.ask(STREAM)
        assert hidden.body == WORDS + STOP + DONE
        assert [r["cost"] for r in desk.receipts()] == [15_000, 15_000]
        assert alpha.connections == 1, "a stream read to its end leaves its connection for the next exchange"


@pytest.mark.parametrize(("script", "body"), [(GOOD, {}), (streams(WORDS, STOP, USAGE, DONE), STREAM)])
async def test_the_last_byte_waits_for_the_receipt(tmp_path: Path, script: Any, body: dict[str, Any]) -> None:
    async with Provider(script) as alpha, a_desk(tmp_path, alpha) as desk:
        seen: list[int] = []

        class Watching(Client):
            async def end(self, last: bytes) -> None:
                seen.append(len(desk.receipts()))
                await super().end(last)

        await desk.exchange().run(json.dumps(BODY | body).encode(), Watching())
        assert seen == [1]


@pytest.mark.parametrize(
    "bad",
    [
        FAILS,
        replies(reply(404)),
        replies(reply(429, headers=[("retry-after", "7")])),
        replies(reply(401)),
        replies(reply(307, headers=[("location", "http://127.0.0.1:1/")])),
        replies(reply(body=b"<html>MARKER said</html>")),
        replies(reply(body=b'{"error":{"message":"MARKER said"}}')),
        replies(reply(body=b"")),
        once(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"),
        once(b"not http\r\n\r\n"),
        once(),
        replies(reply(headers=[("content-encoding", "gzip")])),
    ],
)
async def test_failover_goes_to_the_next_route_of_the_plan(tmp_path: Path, bad: Any) -> None:
    async with Provider(bad) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        client = await desk.ask()
        assert client.headers["x-safeconduct-route"] == "beta/small"
        (receipt,) = desk.receipts()
        assert [a["outcome"] for a in receipt["attempts"]] == ["failed", "served"]
        assert receipt["plan"] == ["alpha/small", "beta/small"]
        assert await desk.held() == 0
        assert not desk.heard.faults


@pytest.mark.parametrize(
    "bad",
    [
        streams(b'data: {"error":{"message":"MARKER said"}}\n\n'),
        streams(b": ping\n\n"),
        streams(b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'),
        once(stream_head()),
    ],
)
async def test_a_stream_fails_over_before_its_first_content(tmp_path: Path, bad: Any) -> None:
    good = streams(WORDS, STOP, USAGE, DONE)
    async with Provider(bad) as alpha, Provider(good) as beta, a_desk(tmp_path, alpha, beta) as desk:
        client = await desk.ask(STREAM)
        assert client.body == WORDS + STOP + DONE
        (receipt,) = desk.receipts()
        first = receipt["attempts"][0]
        assert first["outcome"] == "failed"
        assert first["cost"] == first["hold"] > 0, "it may have been billed, and nothing was reported"
        assert first["usage_source"] == "held"


async def test_there_is_no_failover_after_content(tmp_path: Path) -> None:
    broken = once(stream_head(), chunk(WORDS))
    async with Provider(broken) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        client = await desk.ask(STREAM)
        assert client.body == WORDS
        assert client.code == "upstream_failed"
        assert not client.complete
        assert beta.requests == []
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["code"]) == ("failed", "upstream_failed")
        assert receipt["attempts"][0]["usage_source"] == "held"


async def test_an_error_in_mid_stream_is_ours_and_not_the_providers(tmp_path: Path) -> None:
    error = b'data: {"error":{"message":"MARKER said"}}\n\n'
    client = Client()

    async def fails_late(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await client.received.wait()
        await connection.send(chunk(error), END)

    async with Provider(fails_late) as alpha, a_desk(tmp_path, alpha) as desk:
        await desk.exchange().run(json.dumps(BODY | STREAM).encode(), client)
        assert client.body == WORDS
        assert client.code == "upstream_failed"
        assert b"MARKER" not in client.last


async def test_when_every_route_fails_the_client_learns_which(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, Provider(FAILS) as beta, a_desk(tmp_path, alpha, beta) as desk:
        client = await desk.ask()
        assert client.error is not None
        assert (client.error.status, client.error.code) == (502, "upstream_failed")
        assert [a["route"] for a in client.error.details["attempts"]] == ["alpha/small", "beta/small"]  # type: ignore[index, union-attr, call-overload]
        assert client.receipt == desk.receipts()[0]["id"]
        assert desk.receipts()[0]["cost"] == 0


async def test_what_a_provider_finds_wrong_with_a_request_no_other_route_is_asked(tmp_path: Path) -> None:
    body = b'{"error":{"message":"MARKER said","code":"context_length_exceeded"}}'
    async with (
        Provider(replies(reply(400, body=body))) as alpha,
        Provider(GOOD) as beta,
        a_desk(tmp_path, alpha, beta) as desk,
    ):
        client = await desk.ask()
        assert client.error is not None
        assert (client.error.status, client.error.code) == (400, "context_length_exceeded")
        assert client.error.message.startswith("prompt is too long"), "what agents look for to compact their history"
        assert "MARKER" not in client.error.message
        assert beta.requests == []


async def test_silence_before_the_first_event_is_a_timeout(tmp_path: Path) -> None:
    soon = Deadlines(1, 0.2, 1, 5, 5, whole_s=0.2)
    async with Provider(hangs()) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        client = await desk.ask()
        assert client.error is not None
        assert (client.error.status, client.error.code) == (504, "upstream_timeout")
        (receipt,) = desk.receipts()
        assert receipt["attempts"][0]["outcome"] == "timeout"
        assert receipt["attempts"][0]["usage_source"] == "held"
        await alpha.quiet()


async def drip(connection: Connection) -> None:
    """A byte now and then: no single read is ever late."""
    await connection.request()
    await connection.send(stream_head())
    for _ in range(200):
        await connection.send(chunk(b":"))
        await asyncio.sleep(0.05)


async def test_a_drip_does_not_move_the_deadline(tmp_path: Path) -> None:
    soon = Deadlines(1, 0.3, 1, 5, 5)
    async with Provider(drip) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        client = await desk.ask(STREAM)
        assert client.error is not None
        assert client.error.code == "upstream_timeout"


async def test_silence_in_mid_stream_ends_it_with_an_error(tmp_path: Path) -> None:
    soon = Deadlines(1, 1, 0.2, 5, 5)
    stuck = hangs(stream_head(), chunk(WORDS))
    async with Provider(stuck) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        client = await desk.ask(STREAM)
        assert client.body == WORDS
        assert client.code == "upstream_timeout"
        await alpha.quiet()


async def test_the_whole_has_a_deadline_too(tmp_path: Path) -> None:
    soon = Deadlines(1, 9, 9, 0.3, 5)
    async with Provider(hangs()) as alpha, a_desk(tmp_path, alpha, deadlines=soon) as desk:
        client = await desk.ask()
        assert client.error is not None
        assert client.error.code == "upstream_timeout"
        assert await desk.held() == 0


async def leave(desk: Desk, body: dict[str, Any], when: Callable[[Client], Awaitable[None]]) -> Client:
    """Start an exchange, and leave as soon as `when` returns."""
    client, exchange = Client(), desk.exchange()
    async with anyio.create_task_group() as group:
        group.start_soon(exchange.run, json.dumps({**BODY, **body}).encode(), client)
        await when(client)
        exchange.leave()
    return client


async def test_a_client_that_leaves_before_the_first_byte_cancels_the_provider(tmp_path: Path) -> None:
    async with Provider(hangs()) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:

        async def asked(_: Client) -> None:
            await alpha.asked.wait()

        await leave(desk, {}, asked)
        await alpha.quiet()
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["attempts"][0]["outcome"]) == ("client_left", "left")
        assert receipt["cost"] == receipt["attempts"][0]["hold"]
        assert beta.requests == []
        assert await desk.held() == 0


async def test_a_client_that_leaves_in_mid_stream_pays_the_worst_case(tmp_path: Path) -> None:
    async with Provider(hangs(stream_head(), chunk(WORDS))) as alpha, a_desk(tmp_path, alpha) as desk:

        async def received(client: Client) -> None:
            await client.received.wait()

        await leave(desk, STREAM, received)
        await alpha.quiet()
        (receipt,) = desk.receipts()
        attempt = receipt["attempts"][0]
        assert receipt["outcome"] == "client_left"
        assert attempt["usage_source"] == "held"
        assert 0 < attempt["cost"] == attempt["hold"]


async def test_leaving_at_any_moment_leaves_one_receipt_and_nothing_held(tmp_path: Path) -> None:
    """The loop yields n times before the client leaves, for every n up to the end of the exchange."""

    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_desk(tmp_path, alpha) as desk:
        for moment in range(0, 120, 3):

            async def later(_: Client, turns: int = moment) -> None:
                for _turn in range(turns):
                    await asyncio.sleep(0)

            await leave(desk, STREAM, later)
        client = await desk.ask(STREAM)
        assert client.complete
        assert await desk.held() == 0
        ids = [r["id"] for r in desk.receipts()]
        assert len(ids) == len(set(ids))
        assert not desk.heard.faults


async def test_a_refusal_of_policy_reaches_no_provider_and_has_a_receipt(tmp_path: Path) -> None:
    french = a_policy("french", bound=Posture(processed_in=frozenset({"FR"})))
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, policies=[french]) as desk:
        client = await desk.ask(policy="french")
        assert client.error is not None
        assert (client.error.status, client.error.code) == (403, "no_eligible_route")
        told = json.loads(json.dumps(client.error.details))
        assert told["routes"][0]["reasons"][0]["dimension"] == "processed_in"
        assert client.error.details["closest"]
        (receipt,) = desk.receipts()
        assert receipt["outcome"] == "refused"
        assert receipt["rejections"] == {"alpha/small": ["posture:processed_in@request:french"]}
        assert receipt["policy"]["request"] == "french"
        assert alpha.connections == 0


async def test_malformed_requests_are_refused_with_a_receipt(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await desk.ask(b'{"MARKER said"')
        assert client.error is not None
        assert client.error.status == 400
        assert desk.receipts()[0]["code"] == "invalid_request"
        assert (await desk.ask()).complete, "the next request is unharmed"


async def test_a_repeated_idempotency_key_gets_the_first_receipt(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        first = await desk.ask(idempotency_key="MARKER said")
        second = await desk.ask(idempotency_key="MARKER said")
        assert second.error is not None
        assert (second.error.status, second.error.details["receipt"]) == (
            409,
            first.headers["x-safeconduct-receipt"],
        )
        assert len(alpha.requests) == 1


async def test_a_hard_budget_is_held_for_and_refuses_what_it_cannot_pay(tmp_path: Path) -> None:
    budgets = (Budget(limit=500_000, window="total"),)
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, budgets=budgets) as desk:
        client = await desk.ask()
        assert client.complete
        assert "x-safeconduct-output-limit" not in client.headers
        refused = await desk.ask({"max_tokens": 4000})
        assert refused.error is not None
        assert (refused.error.status, refused.error.code) == (402, "budget_exceeded")
        assert refused.error.details["spent"] == "0.000015"
        assert len(alpha.requests) == 1


@pytest.mark.parametrize(
    ("where", "account"),
    [
        ({"model_budgets": {"small": (Budget(500_000, "week"),)}}, "model/small"),
        ({"classes": {"personal": DataClass("personal", "open", (Budget(500_000, "week"),))}}, "class/personal"),
    ],
)
async def test_a_model_and_a_data_class_have_money_of_their_own(
    tmp_path: Path, where: dict[str, Any], account: str
) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        organisation = an_organisation(default_class="personal" if "classes" in where else "", **where)
        desk.in_force = replace(desk.in_force, snapshot=replace(desk.in_force.snapshot, organisation=organisation))
        assert (await desk.ask()).complete
        refused = await desk.ask({"max_tokens": 4000})
        assert refused.error is not None
        assert refused.error.details["budget"] == {"account": account, "window": "week"}
        assert refused.error.details["spent"] == "0.000015"
        assert len(alpha.requests) == 1


async def test_a_budget_that_clamps_lowers_the_limit_to_what_the_money_buys(tmp_path: Path) -> None:
    budgets = (Budget(2_000_000, "total", floor=100), Budget(10**9, "day"))
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, budgets=budgets) as desk:
        for stated in ({"max_tokens": 4000}, {"max_tokens": None}, {"max_completion_tokens": 9000}):
            client = await desk.ask(stated)
            assert client.complete
            limit = int(client.headers["x-safeconduct-output-limit"])
            sent = json.loads(alpha.requests[-1].body)
            assert 800 < limit < 1000
            assert {sent[name] for name in ("max_tokens", "max_completion_tokens") if name in sent} == {limit}
            (attempt,) = desk.receipts()[0]["attempts"]
            spent = 15_000 * (len(alpha.requests) - 1)
            assert 2_000_000 - 2_000 < spent + attempt["hold"] <= 2_000_000  # one more token costs 2,000
        assert "x-safeconduct-output-limit" not in (await desk.ask()).headers


@pytest.mark.parametrize(
    "budgets",
    [
        (Budget(2_000_000, "total", floor=1000),),
        (Budget(2_000_000, "total"),),
        (Budget(2_000_000, "total", floor=100), Budget(2_000_000, "day")),
    ],
)
async def test_below_its_floor_or_where_another_budget_does_not_clamp_a_request_is_refused(
    tmp_path: Path, budgets: tuple[Budget, ...]
) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, budgets=budgets[::-1]) as desk:
        refused = await desk.ask({"max_tokens": 4000})
        assert refused.code == "budget_exceeded"
        assert alpha.requests == []
        assert await desk.held() == 0


async def test_a_soft_budget_warns_the_client_each_time_and_the_log_once(tmp_path: Path) -> None:
    soft = (Budget(10_000, "month", soft=True),)
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        team = replace(desk.in_force.snapshot.teams["research"], budgets=soft)
        desk.in_force = replace(desk.in_force, snapshot=replace(desk.in_force.snapshot, teams={"research": team}))
        clients = [await desk.ask({"max_tokens": limit}) for limit in (1, 4000, 4000)]
        assert [client.complete for client in clients] == [True] * 3
        told = [client.headers.get("x-safeconduct-budget") for client in clients]
        assert told == [None, "soft_exceeded team/month", "soft_exceeded team/month"]
        logged = [event for event in desk.heard.events if isinstance(event, SoftBudgetCrossed)]
        assert logged == [SoftBudgetCrossed("team/research", "month", "0.00001")]
        client = await desk.ask({"max_tokens": None})
        assert "x-safeconduct-output-limit" not in client.headers


async def test_under_a_budget_an_output_limit_is_injected_and_reported(tmp_path: Path) -> None:
    budgets = (Budget(limit=10**9, window="total"),)
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, budgets=budgets) as desk:
        body = {k: v for k, v in BODY.items() if k != "max_tokens"}
        client = await desk.ask(json.dumps(body).encode())
        assert client.headers["x-safeconduct-output-limit"] == "8192"
        assert json.loads(alpha.requests[0].body)["max_tokens"] == 8192


@pytest.mark.parametrize("budgets", [(), (Budget(limit=10**9, window="total"),)])
async def test_under_a_hard_budget_searches_are_bounded(tmp_path: Path, budgets: tuple[Budget, ...]) -> None:
    body = {"model": "small", "input": "MARKER", "tools": [{"type": "web_search"}], "max_output_tokens": 50}
    async with (
        Provider(replies(reply(500))) as alpha,
        a_desk(
            tmp_path,
            alpha,
            budgets=budgets,
            dialects=("openai_responses",),
            price=a_price(per_tool_call=Decimal("0.01")),
        ) as desk,
    ):
        await desk.ask(json.dumps(body).encode(), dialect="openai_responses")
        sent = json.loads(alpha.requests[0].body)
        assert sent.get("max_tool_calls") == (10 if budgets else None)
        (attempt,) = desk.receipts()[0]["attempts"]
        assert attempt["hold"] >= 10 * 10_000_000


async def test_without_books_nothing_is_sent(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        desk.services.books._journal.close()  # type: ignore[attr-defined]
        client = await desk.ask()
        assert client.error is not None
        assert (client.error.status, client.error.code) == (503, "books_unavailable")
        assert alpha.connections == 0


async def test_a_fault_of_ours_is_a_500_with_the_receipt_and_no_words(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        desk.in_force.targets.clear()  # type: ignore[attr-defined]
        client = await desk.ask()
        assert client.error is not None
        assert (client.error.status, client.error.details["receipt"]) == (500, desk.receipts()[0]["id"])
        assert "MARKER" not in str(desk.heard.events)
        assert desk.heard.faults[0].receipt == desk.receipts()[0]["id"]
        assert await desk.held() == 0


async def test_a_whole_reply_may_take_longer_than_a_stream_to_begin(tmp_path: Path) -> None:
    asked_twice = asyncio.Event()

    async def thinks(connection: Connection) -> None:
        await connection.request()
        await asked_twice.wait()
        await connection.send(reply(body=json.dumps(COMPLETION).encode()))

    hasty = Deadlines(1, 0.05, 5, 20, 5, whole_s=10)
    async with (
        Provider(thinks) as alpha,
        Provider(hangs()) as beta,
        a_desk(tmp_path, alpha, deadlines=hasty) as desk,
    ):
        async with a_desk(tmp_path / "other", beta, deadlines=hasty) as other, anyio.create_task_group() as group:
            client = Client()
            group.start_soon(desk.exchange().run, json.dumps(BODY).encode(), client)
            stream = await other.ask(STREAM)  # its deadline passes meanwhile
            assert stream.error is not None
            asked_twice.set()
        assert client.complete


async def test_near_names_are_those_that_the_caller_may_use(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        found = await desk.ask({"model": "smal"})
        assert found.error is not None
        assert (found.error.status, found.error.details["near"]) == (404, ["small"])
    async with Provider(GOOD) as alpha, a_desk(tmp_path / "other", alpha) as desk:
        desk.in_force = InForce(desk.in_force.snapshot, some_means("nobody"), desk.in_force.targets)
        found = await desk.ask({"model": "smal"})
        assert found.error is not None
        assert found.error.details["near"] == []


async def test_storing_is_forbidden_to_providers_that_know_the_word(tmp_path: Path) -> None:
    zero = a_policy("zero", bound=Posture(retention_days=0))
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, policies=[zero], accepts_store=True) as desk:
        await desk.ask(policy="zero")
        await desk.ask()
        assert [json.loads(r.body).get("store") for r in alpha.requests] == [False, False]
    async with Provider(GOOD) as beta, a_desk(tmp_path / "other", beta, policies=[zero]) as desk:
        await desk.ask(policy="zero")
        assert "store" not in json.loads(beta.requests[0].body)


async def test_routes_are_known_by_how_fast_they_begin_and_write(tmp_path: Path) -> None:
    client = Client()

    async def writes(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await client.received.wait()
        await asyncio.sleep(0.02)  # a speed is a time: the reply has to take some
        await connection.send(chunk(STOP), chunk(USAGE), chunk(DONE), END)

    async with Provider(writes) as alpha, a_desk(tmp_path, alpha) as desk:
        await desk.exchange().run(json.dumps(BODY | STREAM).encode(), client)
        seen = desk.services.health.view(desk.services.clock.monotonic() + 10)
        (speed,) = seen.throughput.values()
        assert 0 < speed <= 3 / 0.019
        assert set(seen.latency_ms) == {"alpha/small"}


NAMES = {"user": "MARKER anna", "metadata": {"user_id": "MARKER anna", "project": "p"}, "prompt_cache_key": "MARKER k"}


async def test_a_provider_learns_a_clients_identifiers_under_pseudonyms_that_stay(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, Provider(FAILS) as beta:
        async with a_desk(tmp_path, beta, alpha) as desk:
            client = await desk.ask(NAMES)
            await desk.ask({"user": "MARKER anna"})
            first, second = (json.loads(r.body) for r in alpha.requests)
            failed = json.loads(beta.requests[0].body)
            pseudonym = desk.services.pseudonyms("acme", "research")("MARKER anna")
        assert first["user"] == first["metadata"]["user_id"] == second["user"] == failed["user"] == pseudonym
        assert first["prompt_cache_key"] not in (pseudonym, "MARKER k")
        assert first["metadata"]["project"] == "p"
        assert "x-safeconduct-dropped" not in client.headers
        assert "MARKER k" not in alpha.requests[0].body.decode()


async def test_where_policy_says_so_identifiers_stay_here_and_the_client_and_the_receipt_are_told(
    tmp_path: Path,
) -> None:
    nameless = a_policy("nameless", identifiers=Identifiers.DROP)
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, policies=[nameless]) as desk:
        client = await desk.ask(NAMES, policy="nameless")
        sent = json.loads(alpha.requests[0].body)
        assert {"user", "prompt_cache_key"}.isdisjoint(sent)
        assert sent["metadata"] == {"project": "p"}
        assert client.headers["x-safeconduct-dropped"] == "user, prompt_cache_key, metadata.user_id"
        assert desk.receipts()[0]["dropped"] == ["user", "prompt_cache_key", "metadata"]


async def test_a_receipt_says_in_which_dialect_each_route_was_asked_and_by_which_alias(tmp_path: Path) -> None:
    async with Provider(FAILS) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        now = desk.in_force
        snapshot = a_snapshot(*now.snapshot.routes.values(), redirects={"gpt-*": "small"})
        desk.in_force = InForce(snapshot, now.means, now.targets)
        assert (await desk.ask({"model": "gpt-9"})).complete
        (receipt,) = desk.receipts()
        assert [a["dialect"] for a in receipt["attempts"]] == ["openai_chat", "openai_chat"]
        assert (receipt["dialect"], receipt["operation"]) == ("openai_chat", "chat")
        assert receipt["demand"]["alias"] == "gpt-*"
        assert receipt["demand"]["carried"] == {}


async def test_before_a_stream_and_after_its_end_nobody_needs_a_word(tmp_path: Path) -> None:
    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_desk(tmp_path, alpha) as desk:
        client, exchange = Client(), desk.exchange()
        await exchange.send_keepalive(0.0)
        await exchange.run(json.dumps(BODY | STREAM).encode(), client)
        await exchange.send_keepalive(0.0)
        assert client.body == WORDS + STOP + DONE


async def test_a_translated_stream_is_kept_alive_while_its_provider_says_nothing(tmp_path: Path) -> None:
    goes_on = asyncio.Event()
    before, after = STREAMS["anthropic_messages"][:4], STREAMS["anthropic_messages"][4:]

    async def pauses(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), *map(chunk, before))
        await goes_on.wait()
        await connection.send(*map(chunk, after), END)

    async with Provider(pauses) as alpha, a_desk(tmp_path, alpha, dialects=["anthropic_messages"]) as desk:
        client, exchange = Client(), desk.exchange()
        async with anyio.create_task_group() as group:
            group.start_soon(exchange.run, json.dumps(BODY | STREAM).encode(), client)
            await client.received.wait()
            said = client.body
            await exchange.send_keepalive(3600.0)
            assert client.body == said
            await exchange.send_keepalive(0.0)
            assert client.body.startswith(said + b":"), "a comment, which no client takes for words"
            goes_on.set()
        assert client.complete
        assert client.body.endswith(b"data: [DONE]\n\n")


CLAUDE = ["anthropic_messages"]


@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
@pytest.mark.parametrize("shown", ["an event", "a comment", "the head"])
async def test_a_client_that_waits_for_a_thinker_is_kept_alive_before_the_first_content(
    tmp_path: Path, dialect: str, shown: str
) -> None:
    goes_on, events = asyncio.Event(), STREAMS["anthropic_messages"]
    first = {"an event": events[:1], "a comment": [b": at work\n\n"], "the head": []}[shown]

    async def thinks(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), *map(chunk, first))
        await goes_on.wait()
        await connection.send(*map(chunk, events[len(first) if shown == "an event" else 0 :]), END)

    async with (
        Provider(thinks) as alpha,
        Provider(streams(*events)) as beta,
        a_desk(tmp_path, alpha, beta, dialects=CLAUDE * 2) as desk,
    ):
        client, exchange = Client(), desk.exchange(dialect=dialect, asked=PromptHead(version="2023-06-01"))
        async with anyio.create_task_group() as group:
            group.start_soon(exchange.run, json.dumps(BODY | STREAM).encode(), client)
            while not client.body:
                await anyio.sleep(0.01)
                await exchange.send_keepalive(3600.0)
                assert not client.headers, "another route may still take over"
                await exchange.send_keepalive(0.0)
            assert client.headers["x-safeconduct-route"] == "alpha/small"
            assert b"hello" not in client.body
            goes_on.set()
        assert client.complete
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["route"], len(receipt["attempts"])) == ("served", "alpha/small", 1)
        assert beta.connections == 0


async def test_a_route_that_fails_once_its_client_was_told_of_it_is_the_last(tmp_path: Path) -> None:
    fails = asyncio.Event()

    async def breaks(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(b": at work\n\n"))
        await fails.wait()

    async with Provider(breaks) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        client, exchange = Client(), desk.exchange()
        async with anyio.create_task_group() as group:
            group.start_soon(exchange.run, json.dumps(BODY | STREAM).encode(), client)
            while not client.body:
                await anyio.sleep(0.01)
                await exchange.send_keepalive(0.0)
            fails.set()
        assert (client.code, client.complete, client.error) == ("upstream_failed", False, None)
        assert beta.connections == 0
        (receipt,) = desk.receipts()
        assert (receipt["outcome"], receipt["attempts"][0]["usage_source"]) == ("failed", "held")


async def test_a_thinker_is_not_cut_while_it_shows_life_and_one_that_shows_none_is(tmp_path: Path) -> None:
    short = Deadlines(1, 0.3, 0.3, 20, 5, whole_s=0.3)

    async def pings(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head())
        for _ in range(8):
            await connection.send(chunk(b": at work\n\n"))
            await asyncio.sleep(0.1)
        await connection.send(*map(chunk, (WORDS, STOP, USAGE, DONE)), END)

    async with (
        Provider(pings, hangs(stream_head())) as alpha,
        a_desk(tmp_path, alpha, deadlines=short, abilities=some_abilities(reasoning=False)) as desk,
    ):
        assert (await desk.ask(STREAM)).complete
        await desk.services.upstream.close()
        desk.services = replace(desk.services, upstream=(upstream := ProviderClient()))
        assert (await desk.ask(STREAM)).code == "upstream_timeout"
        await upstream.close()


async def test_a_kept_connection_that_ended_is_tried_again_within_one_attempt_and_one_hold(tmp_path: Path) -> None:
    """The first sending met a connection that had ended: nothing was received, so that nothing is held twice."""

    async def ends_after_one(connection: Connection) -> None:
        await connection.request()
        await connection.send(reply(body=json.dumps(COMPLETION).encode()))
        await connection.request()

    async with Provider(ends_after_one, GOOD) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        for _ in range(2):
            assert (await desk.ask()).headers["x-safeconduct-route"] == "alpha/small"
        second, first = desk.receipts()
        assert (len(alpha.requests), alpha.connections, beta.connections) == (3, 2, 0)
        assert [len(r["attempts"]) for r in (first, second)] == [1, 1]
        assert first["attempts"][0]["hold"] == second["attempts"][0]["hold"]
        assert (second["cost"], second["attempts"][0]["usage_source"]) == (first["cost"], "provider")
        assert await desk.held() == 0
        assert not desk.services.health.view(desk.services.clock.monotonic()).cooling


@pytest.mark.parametrize("told_apart", [True, False])
async def test_a_receipt_names_the_end_user_under_a_pseudonym_if_the_team_says_so(
    tmp_path: Path, told_apart: bool
) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        team = replace(desk.in_force.snapshot.teams["research"], end_users=told_apart)
        desk.in_force = replace(desk.in_force, snapshot=replace(desk.in_force.snapshot, teams={"research": team}))
        await desk.ask({"user": "MARKER anna"})
        await desk.ask()
        seen = json.loads(alpha.requests[0].body)["user"]
        receipts = desk.receipts()
        assert [receipt["end_user"] for receipt in receipts] == ["", seen if told_apart else ""]
        assert seen.startswith("sc_")
        assert "MARKER" not in repr((receipts, desk.heard.events))
