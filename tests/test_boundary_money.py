"""Whole gateways at the edges of what numbers can be: what a provider reports, what it costs, what a budget holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

import aiohttp
import pytest

from gateway.core.cost import money
from tests.loads import OPEN, SERVED, SPENT, UNIT, Answer, a_provider, answered, assert_verified, documents, receipts
from tests.processes import edit, running
from tests.stores.postgres_server import fresh_database
from tests.stores.servers import a_server
from tests.stores.shipped import sums

THOUSANDTH = 10**6
"""What a token costs at a thousand for a million of them, in nano-units."""
MOST = 2**53
"""What a charge counts for at most, in nano-units; and the most tokens that a report is believed."""
TOTAL = "{safeconduct/acme}:account:organisation/acme:total"


@pytest.fixture(params=["embedded", "redis"])
def settings(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "embedded":
        yield OPEN
        return
    with a_server() as server:
        yield {**OPEN, "SAFECONDUCT_REDIS_URL": server.url}
        spent, held = server.ask("HMGET", TOTAL, "u", "h")
        assert int(spent) > 0
        assert held == "0"


def answers(at: Path, limit: int, price: str, reported: Iterable[int], **settings: str) -> list[Answer]:
    """One request after the other; the provider says of each that it put out so many tokens."""

    async def story() -> list[Answer]:
        async with a_provider() as (provider, address), aiohttp.ClientSession() as session:
            named.extend(documents(at, address, 1))
            edit(at / "config/organisation.toml", lambda text: text.replace(money(UNIT), money(limit)))
            edit(at / "config/catalog/alpha.toml", lambda text: text.replace("output = 1000", f"output = {price}"))
            with running(at / "state", *named, **settings) as gateway:
                found = []
                for tokens in reported:
                    provider.usage = {"prompt_tokens": 9, "completion_tokens": tokens}
                    found.append(await answered(session, gateway))
                assert await asyncio.to_thread(gateway.end) == (0, b"")
            return found

    named: list[str] = []
    found = asyncio.run(story())
    assert_verified(at / "state", *named, **settings)
    return found


def costs(at: Path) -> list[int]:
    return [receipt["cost"] for receipt in reversed(receipts(at / "state"))]


@pytest.mark.parametrize("limit", [100_000 * 10**9, 9_000_000 * 10**9 - THOUSANDTH])
def test_a_large_budget_is_spent_to_its_last_token(tmp_path: Path, settings: dict[str, str], limit: int) -> None:
    """100,000 units are 1e+14 in Lua's own words; the other is the largest budget of whole tokens."""
    tokens = limit // THOUSANDTH
    assert answers(tmp_path, limit, "1000", (0, tokens - 5, 5, 5), **settings) == [SERVED] * 3 + [SPENT]
    assert costs(tmp_path) == [0, (tokens - 5) * THOUSANDTH, UNIT, 0]


def test_tokens_that_nobody_can_have_made_cost_the_worst_case(tmp_path: Path, settings: dict[str, str]) -> None:
    reported = (-1, -MOST, MOST + 1, 2**64 + 1, 10**30)
    assert answers(tmp_path, 10**14, "1000", reported, **settings) == [SERVED] * 5
    attempts = [receipt["attempts"][0] for receipt in receipts(tmp_path / "state")]
    assert {attempt["usage_source"] for attempt in attempts} == {"held"}
    assert all(attempt["suspect"] and 0 < attempt["cost"] <= attempt["hold"] for attempt in attempts)
    assert len(set(costs(tmp_path))) == 1


def test_the_most_tokens_that_are_believed_cost_little_at_the_smallest_price(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    assert answers(tmp_path, 10**9, "0.000000000001", (MOST - 1, 1), **settings) == [SERVED] * 2
    assert costs(tmp_path) == [MOST // 10**9, 0]
    (newest, oldest) = [receipt["attempts"][0] for receipt in receipts(tmp_path / "state")]
    assert [newest["over_hold"], oldest["over_hold"]] == [False, True]


def test_a_bill_beyond_all_counters_empties_every_budget_and_is_shipped(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    url = fresh_database()
    found = answers(tmp_path, 10**14, "1000", (MOST - 1, 5), **settings, SAFECONDUCT_LEDGER_URL=url)
    assert found == [SERVED, SPENT]
    assert costs(tmp_path) == [MOST - 1, 0], "a receipt holds no number that JSON cannot carry"
    assert sums(url) == (2, MOST - 1)
