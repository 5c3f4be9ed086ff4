"""Gateways that share a Redis share their limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.processes import documents, edit, running
from tests.stores.servers import a_server
from tests.test_shared_budgets import asked

LIMITS = '\n[[limits]]\nrequests = 3\nper = "day"\n\n[[limits]]\nconcurrent = 1\n'


def test_what_one_gateway_admits_the_other_counts(tmp_path: Path) -> None:
    named = documents(tmp_path)
    edit(tmp_path / "config" / "organisation.toml", lambda text: text + LIMITS)
    with (
        a_server() as server,
        running(tmp_path / "one", *named, SAFECONDUCT_REDIS_URL=server.url) as one,
        running(tmp_path / "two", *named, SAFECONDUCT_REDIS_URL=server.url) as two,
    ):
        answers = [asked(gateway) for gateway in (one, two, one, two, one)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["x-ratelimit-remaining-requests"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert 28_000 < int(answers[-1].headers["retry-after"]) <= 28_800
        assert "rates_alone" not in {event["event"] for event in (*one.events, *two.events)}


def test_two_workers_admit_exactly_the_limit_of_a_burst(tmp_path: Path) -> None:
    named = documents(tmp_path)
    limit = '\n[[limits]]\nrequests = 100\nper = "day"\n'
    edit(tmp_path / "config" / "organisation.toml", lambda text: text + limit)
    with (
        a_server() as server,
        running(tmp_path / "state", "--workers", "2", *named, SAFECONDUCT_REDIS_URL=server.url) as gateway,
        ThreadPoolExecutor(64) as callers,
    ):
        statuses = [answer.status_code for answer in callers.map(asked, [gateway] * 400)]
        assert "rates_alone" not in {event["event"] for event in gateway.events}
    assert (statuses.count(200), statuses.count(429)) == (100, 300)
