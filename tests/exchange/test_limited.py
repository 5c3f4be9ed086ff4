"""Limits of a caller, through whole exchanges: what is admitted, and what every ending gives back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.core.limits import Concurrent, Rate
from gateway.core.operation import COUNT_TOKENS
from gateway.core.organisation import Budget
from gateway.core.policy import TokenCounts
from gateway.core.principal import KeyId
from gateway.dialects.prompt import PromptHead
from gateway.exchange.services import Deadlines
from gateway.stores.rates.rates import RateDemand, RatesPermit
from tests.builders import a_policy, a_team
from tests.exchange.desk import BODY, COMPLETION, DONE, PATIENT, STOP, USAGE, WORDS, Client, Desk, a_desk
from tests.exchange.test_lifecycle import FAILS, GOOD, STREAM, leave
from tests.scripted import Provider, Script, chunk, hangs, once, replies, reply, stream_head, streams

ONE = Concurrent(1)
FEW = Rate("requests", 2, "day", 2)
TOKENS = Rate("tokens", 10_000, "day", 10_000)
SPOKEN = streams(WORDS, STOP, USAGE, DONE)
SOON = Deadlines(1, 0.2, 0.2, 5, 5, whole_s=0.2)
DAY_S = 86_400
LEFT = "x-ratelimit-remaining-tokens"


async def test_who_has_used_its_requests_is_refused_before_anything_is_held_or_sent(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, rates=(FEW,)) as desk:
        for _ in range(2):
            assert (await desk.ask()).complete
        client = await desk.ask()
        assert client.error is not None
        assert (client.error.status, client.code, client.error.may_retry) == (429, "rate_limited", True)
        assert client.error.retry_after_s == DAY_S / 2
        assert len(alpha.requests) == 2
        newest = desk.receipts()[0]
        assert (newest["id"], newest["outcome"], newest["code"]) == (client.receipt, "refused", "rate_limited")
        assert newest["attempts"] == []
        desk.time.passes(DAY_S / 2)
        assert (await desk.ask()).complete
        assert (await desk.ask()).code == "rate_limited"


async def test_a_refused_request_keeps_its_idempotency_key_for_the_next_try(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, rates=(Rate("requests", 1, "day", 1),)) as desk:
        assert (await desk.ask()).complete
        assert (await desk.ask(idempotency_key="again")).code == "rate_limited"
        desk.time.passes(DAY_S)
        assert (await desk.ask(idempotency_key="again")).complete


@pytest.mark.parametrize(("other", "served"), [("key_1", False), ("key_2", True)])
async def test_each_key_of_a_team_has_its_own(tmp_path: Path, other: str, served: bool) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        teams = {"research": a_team(key_limits=(Rate("requests", 1, "day", 1),))}
        desk.in_force = replace(desk.in_force, snapshot=replace(desk.in_force.snapshot, teams=teams))
        assert (await desk.ask()).complete
        desk.key = replace(desk.key, id=KeyId(other))
        assert (await desk.ask()).complete is served


# --- what every ending gives back ------------------------------------------------------------------------------------


async def served(desk: Desk, _: Provider) -> None:
    assert (await desk.ask()).complete


async def streamed(desk: Desk, _: Provider) -> None:
    assert (await desk.ask(STREAM)).complete


async def ended(desk: Desk, _: Provider, code: str, body: Any = None, **arrival: Any) -> None:
    client = await desk.ask(body, **arrival)
    assert client.code == code


async def left_unanswered(desk: Desk, alpha: Provider) -> None:
    async def asked(_: Client) -> None:
        await alpha.asked.wait()

    await leave(desk, {}, asked)


async def left_in_mid_stream(desk: Desk, _: Provider) -> None:
    async def received(client: Client) -> None:
        await client.received.wait()

    await leave(desk, STREAM, received)


async def cut_short(desk: Desk, alpha: Provider) -> None:
    """The process is about to end."""
    exchange, client = desk.exchange(), Client()
    running = asyncio.ensure_future(exchange.run(json.dumps(BODY).encode(), client))
    await alpha.asked.wait()
    exchange.expire()
    await running
    assert client.code == "draining"


async def met_a_fault(desk: Desk, _: Provider) -> None:
    class Faulty(Client):
        async def send(self, data: bytes) -> None:
            raise RuntimeError(len(data))

    client = Faulty()
    await desk.exchange().run(json.dumps(BODY | STREAM).encode(), client)
    assert client.code == "internal_error"
    desk.heard.events.clear()


async def used_twice(desk: Desk, _: Provider) -> None:
    assert (await desk.ask(idempotency_key="x")).complete
    assert (await desk.ask(idempotency_key="x")).code == "idempotency_conflict"


def code(code: str, body: Any = None, **arrival: Any) -> Callable[[Desk, Provider], Awaitable[None]]:
    return lambda desk, alpha: ended(desk, alpha, code, body, **arrival)


ENDINGS: dict[str, tuple[Script, Callable[[Desk, Provider], Awaitable[None]]]] = {
    "served": (GOOD, served),
    "streamed": (SPOKEN, streamed),
    "no route answered": (FAILS, code("upstream_failed")),
    "refused by the provider": (replies(reply(400)), code("upstream_refused")),
    "too late": (hangs(), code("upstream_timeout")),
    "silent in mid-stream": (hangs(stream_head(), chunk(WORDS)), code("upstream_timeout", STREAM)),
    "broken off": (once(stream_head(), chunk(WORDS)), code("upstream_failed", STREAM)),
    "no money": (GOOD, code("budget_exceeded", {"max_tokens": 16_000})),
    "not a request": (GOOD, code("invalid_request", b"{")),
    "asked a second time": (GOOD, used_twice),
    "the client left before the first byte": (hangs(), left_unanswered),
    "the client left in mid-stream": (hangs(stream_head(), chunk(WORDS)), left_in_mid_stream),
    "the process ends": (hangs(), cut_short),
    "a fault of ours": (SPOKEN, met_a_fault),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_nothing_is_under_way_after_any_ending(tmp_path: Path, ending: str) -> None:
    script, ends = ENDINGS[ending]
    patient = ending in ("the client left before the first byte", "the client left in mid-stream", "the process ends")
    deadlines = PATIENT if patient else SOON

    money = (Budget(limit=5_000_000, window="total"),)
    async with (
        Provider(script, GOOD) as alpha,
        a_desk(tmp_path, alpha, rates=(ONE,), budgets=money, deadlines=deadlines) as desk,
    ):
        await ends(desk, alpha)
        client = await desk.ask()
        assert client.code != "rate_limited"
        assert desk.receipts()[0]["id"] == (client.receipt or client.headers["x-safeconduct-receipt"])


async def test_what_is_under_way_is_counted_whether_it_streams_or_not(tmp_path: Path) -> None:
    async with (
        Provider(hangs(), hangs(stream_head(), chunk(WORDS)), GOOD) as alpha,
        a_desk(tmp_path, alpha, rates=(Concurrent(2),)) as desk,
    ):
        refused: list[str | None] = []

        async def asked(_: Client) -> None:
            await alpha.asked.wait()

            async def received(client: Client) -> None:
                await client.received.wait()
                refused.append((await desk.ask()).code)

            await leave(desk, STREAM, received)

        await leave(desk, {}, asked)
        assert refused == ["rate_limited"]
        assert (await desk.ask()).complete


async def test_leaving_at_any_moment_leaves_nothing_under_way(tmp_path: Path) -> None:
    async with Provider(SPOKEN) as alpha, a_desk(tmp_path, alpha, rates=(ONE,)) as desk:
        for moment in range(0, 120, 3):

            async def later(_: Client, turns: int = moment) -> None:
                for _turn in range(turns):
                    await asyncio.sleep(0)

            await leave(desk, STREAM, later)
        assert (await desk.ask(STREAM)).complete
        assert "rate_limited" not in {receipt["code"] for receipt in desk.receipts()}


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_tokens_count_as_the_provider_reports_them_once_it_has(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha, rates=(TOKENS,)) as desk:
        remaining = [(await desk.ask({"max_tokens": limit})).headers[LEFT] for limit in (4_000, 50)]
        assert remaining == [str(10_000 - 12), str(10_000 - 2 * 12)]


async def test_a_stream_says_what_remains_while_it_is_under_way(tmp_path: Path) -> None:
    async with Provider(SPOKEN) as alpha, a_desk(tmp_path, alpha, rates=(TOKENS,)) as desk:
        first = await desk.ask({**STREAM, "max_tokens": 4_000})
        second = await desk.ask({**STREAM, "max_tokens": 4_000})
        taken = 10_000 - int(first.headers[LEFT])
        assert 4_000 < taken < 4_020, "the estimated input, and the output limit"
        assert int(second.headers[LEFT]) == 10_000 - 12 - taken


async def test_who_has_used_more_than_its_tokens_waits_until_they_have_flowed_back(tmp_path: Path) -> None:
    usage = {"prompt_tokens": 15_000, "completion_tokens": 0, "total_tokens": 15_000}
    much = replies(reply(body=json.dumps({**COMPLETION, "usage": usage}).encode()))

    async with Provider(much) as alpha, a_desk(tmp_path, alpha, rates=(TOKENS,)) as desk:
        body = {"messages": [{"role": "user", "content": "word " * 4_000}]}
        first = await desk.ask(body)
        assert first.headers[LEFT] == "0"
        refused = await desk.ask({"max_tokens": 1})
        assert refused.code == "rate_limited"
        assert refused.error is not None
        assert refused.error.retry_after_s is not None
        assert DAY_S / 2 < refused.error.retry_after_s < DAY_S / 2 + 200
        desk.time.passes(refused.error.retry_after_s)
        assert (await desk.ask({"max_tokens": 1})).complete


# --- counts, and callers without limits ------------------------------------------------------------------------------

CLAUDE = "anthropic_messages"
COUNT = json.dumps({"model": "small", "messages": [{"role": "user", "content": "hello"}]}).encode()
COUNTED = replies(reply(body=b'{"input_tokens":4321}'))


async def count(desk: Desk) -> str:
    """`exact`, `estimated`, or the code of a refusal."""
    client = await desk.ask(COUNT, dialect=CLAUDE, asked=PromptHead(COUNT_TOKENS))
    if client.error is not None:
        return client.error.code
    source = client.headers.get("x-safeconduct-count", "exact")
    assert (json.loads(client.body)["input_tokens"] == 4321) == (source == "exact")
    assert client.headers["anthropic-ratelimit-requests-limit"] == "2"
    return source


@pytest.mark.parametrize(("policy", "source"), [(TokenCounts.EXACT, "exact"), (TokenCounts.ESTIMATE, "estimated")])
async def test_a_count_takes_one_request_and_no_tokens(tmp_path: Path, policy: TokenCounts, source: str) -> None:
    counting = a_policy("open", token_counts=policy)
    async with (
        Provider(COUNTED) as alpha,
        a_desk(tmp_path, alpha, policies=[counting], dialects=[CLAUDE], rates=(FEW, TOKENS, ONE)) as desk,
    ):
        assert [await count(desk) for _ in range(4)] == [source, source, "rate_limited", "rate_limited"]
        assert len(alpha.requests) == (2 if source == "exact" else 0)


async def test_an_exact_count_that_fails_takes_one_request_too(tmp_path: Path) -> None:
    exact = a_policy("open", token_counts=TokenCounts.EXACT)
    async with (
        Provider(replies(reply(500))) as alpha,
        a_desk(tmp_path, alpha, policies=[exact], dialects=[CLAUDE], rates=(FEW,)) as desk,
    ):
        assert [await count(desk) for _ in range(3)] == ["estimated", "estimated", "rate_limited"]


class Nobody:
    """Rates that must not be asked."""

    async def admit(self, wanted: RateDemand) -> RatesPermit:
        raise AssertionError(wanted)

    async def settle(self, permit: RatesPermit, tokens: int) -> None:
        raise AssertionError(permit, tokens)


async def test_who_has_no_limits_costs_nothing(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        desk.services = replace(desk.services, rates=Nobody())
        client = await desk.ask()
        assert client.complete
        assert not any("ratelimit" in name for name in client.headers)
