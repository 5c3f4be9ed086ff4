"""How the clients of each family are told of their limits: in the headers that their SDKs read, and in refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.core.limits import Concurrent, Rate
from gateway.dialects.prompt import PLAIN
from gateway.dialects.translation import Translation
from tests.asgi.gate import CHAT, KEY, a_door, chat
from tests.builders import a_snapshot
from tests.dialects.test_translation import HELLO
from tests.exchange.desk import BODY, DONE, SECRET, STOP, USAGE, WORDS
from tests.exchange.test_lifecycle import GOOD, STREAM
from tests.scripted import Provider, hangs, streams

RATES = (Rate("requests", 2, "day", 2), Rate("tokens", 50_000, "minute", 50_000))
JSON = {"content-type": "application/json"}
GENERATE = "/v1beta/models/small:generateContent"
OPENAI = {
    "x-ratelimit-limit-requests": "2",
    "x-ratelimit-remaining-requests": "1",
    "x-ratelimit-reset-requests": "12h0m0s",
    "x-ratelimit-limit-tokens": "50000",
    "x-ratelimit-remaining-tokens": "49988",
    "x-ratelimit-reset-tokens": "15ms",
}
ANTHROPIC = {
    "anthropic-ratelimit-requests-limit": "2",
    "anthropic-ratelimit-requests-remaining": "1",
    "anthropic-ratelimit-requests-reset": "2026-11-25T00:00:00Z",
    "anthropic-ratelimit-tokens-limit": "50000",
    "anthropic-ratelimit-tokens-remaining": "49988",
    "anthropic-ratelimit-tokens-reset": "2026-11-24T12:00:01Z",
}
USED_UP = {
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "24h0m0s",
    "x-ratelimit-remaining-tokens": "49976",
    "x-ratelimit-reset-tokens": "29ms",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-11-25T12:00:00Z",
    "anthropic-ratelimit-tokens-remaining": "49976",
}
FAMILIES = [
    (CHAT, KEY, "openai_chat", OPENAI),
    ("/v1/responses", KEY, "openai_responses", OPENAI),
    ("/v1/messages", {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}, "anthropic_messages", ANTHROPIC),
    (GENERATE, {"x-goog-api-key": SECRET}, "google_generate", {}),
]


def told(answer: httpx.Response) -> dict[str, str]:
    """Everything that a reply says of rates."""
    return {name: value for name, value in answer.headers.items() if "ratelimit" in name}


def refusal_of(answer: httpx.Response) -> tuple[Any, Any, dict[str, Any]]:
    """Its kind in the family's own words, our code, and which limit, from any family's shape."""
    error = answer.json()["error"]
    if "status" in error:
        kinds = {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
        assert kinds["RetryInfo"]["retryDelay"] == "43200s"
        return error["status"], kinds["ErrorInfo"]["reason"], kinds["Struct"]["value"]["limit"]
    if "details" in error:
        return error["type"], error["details"]["error_code"], error["details"]["limit"]
    return error["type"], error["code"], error["limit"]


KINDS = {
    "openai_chat": "rate_limit_exceeded",
    "openai_responses": "rate_limit_exceeded",
    "anthropic_messages": "rate_limit_error",
    "google_generate": "RESOURCE_EXHAUSTED",
}


@pytest.mark.parametrize(("path", "headers", "dialect", "expected"), FAMILIES)
async def test_each_family_finds_its_limits_where_its_sdk_looks(
    tmp_path: Path, path: str, headers: dict[str, str], dialect: str, expected: dict[str, str]
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, rates=RATES) as door:

        async def ask() -> httpx.Response:
            body = json.dumps(HELLO[dialect]).encode()
            return await door.client.post(path, content=body, headers={**headers, **JSON})

        served = [await ask(), await ask()]
        assert [answer.status_code for answer in served] == [200, 200]
        used_up = expected | {name: value for name, value in USED_UP.items() if name in expected}
        assert [told(answer) for answer in served] == [expected, used_up]
        refused = await ask()
        assert (refused.status_code, told(refused)) == (429, used_up)
        assert refused.headers["retry-after"] == "43200"
        assert refused.headers["retry-after-ms"] == "43200000"
        assert refused.headers["x-should-retry"] == "true"
        assert refused.headers["x-safeconduct-receipt"]
        assert refusal_of(refused) == (
            KINDS[dialect],
            "rate_limited",
            {"account": "team/research", "amount": 2, "burst": 2, "counts": "requests", "per": "day"},
        )
        assert len(alpha.requests) == 2
        door.desk.time.passes(43_200)
        assert (await ask()).status_code == 200, "as retry-after said"


async def test_a_stream_tells_them_before_it_begins(tmp_path: Path) -> None:
    spoken = streams(WORDS, STOP, USAGE, DONE)
    async with Provider(spoken) as alpha, a_door(tmp_path, alpha, rates=RATES[:1]) as door:
        answer = await door.ask(STREAM)
        assert (answer.status_code, answer.headers["x-ratelimit-remaining-requests"]) == (200, "1")


async def test_what_remains_is_what_is_admitted_next(tmp_path: Path) -> None:
    """To the token: what may use one more is refused, and what may use exactly as many is served."""
    estimate = Translation.accepted("openai_chat", json.dumps(BODY).encode(), PLAIN, a_snapshot()).estimate

    rates = (Rate("tokens", 1_000, "day", 1_000),)
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, rates=rates) as door:
        remaining = int((await door.ask()).headers["x-ratelimit-remaining-tokens"])
        assert remaining == 1_000 - 12
        assert (await door.ask({"max_tokens": remaining - estimate + 1})).status_code == 429
        assert (await door.ask({"max_tokens": remaining - estimate})).status_code == 200


async def test_who_has_too_much_under_way_is_told_to_try_a_second_later(tmp_path: Path) -> None:
    async with Provider(hangs(), GOOD) as alpha, a_door(tmp_path, alpha, rates=(Concurrent(1),)) as door:
        _, writer = await door.raw(chat(json.dumps(BODY).encode()))
        await alpha.asked.wait()
        answer = await door.ask()
        assert (answer.status_code, told(answer)) == (429, {})
        assert (answer.headers["retry-after"], answer.headers["x-should-retry"]) == ("1", "true")
        assert answer.json()["error"]["limit"] == {"account": "team/research", "amount": 1, "counts": "concurrent"}
        writer.close()
        await door.desk.heard.ended(2)
        assert (await door.ask()).status_code == 200


async def test_nothing_is_said_where_nothing_is_limited(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        assert told(await door.ask()) == {}
