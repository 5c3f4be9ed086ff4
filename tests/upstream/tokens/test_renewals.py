"""The running credentials of a process, across reloads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.core.token_kinds import SourceSettings
from gateway.upstream.credentials import UnsignedRequest
from gateway.upstream.egress import DIRECT
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.tokens.renewals import Renewals
from gateway.upstream.tokens.sources import TokenSpec
from gateway.upstream.tokens.token import CredentialChange
from tests.upstream.calling import run
from tests.upstream.tokens.test_sources import a_spec

REQUEST = UnsignedRequest("POST", "a.example", "/v1/chat", (), b"{}")
BROKEN = SourceSettings("static", {"access_key_id": "a", "secret_access_key_file": "/nowhere"})


@asynccontextmanager
async def running(renewals: Renewals) -> AsyncIterator[list[tuple[str, str]]]:
    news: list[tuple[str, str]] = []

    def tell(spec: TokenSpec, change: CredentialChange) -> None:
        news.append((spec.provider, change.state))

    task = asyncio.create_task(renewals.run(tell))
    try:
        await renewals.first_round()
        yield news
    finally:
        task.cancel()
        await asyncio.wait([task])


def test_each_record_has_a_credential_and_a_failure_is_its_own() -> None:
    async def scenario() -> None:
        renewals = Renewals(DIRECT)
        good = renewals.credential(a_spec(provider="one"))
        bad = renewals.credential(replace(a_spec(provider="two"), source=BROKEN))
        async with running(renewals) as news:
            assert sorted(news) == [("one", "renewed"), ("two", "ended")]
            assert good.headers(REQUEST)
            with pytest.raises(UpstreamFault):
                bad.headers(REQUEST)

    run(scenario())


def test_a_reload_keeps_what_is_equal_replaces_what_changed_and_stops_what_is_gone() -> None:
    async def scenario() -> None:
        renewals = Renewals(DIRECT)
        same, changed, gone = (renewals.credential(a_spec(provider=name)) for name in ("same", "changed", "gone"))
        async with running(renewals) as news:
            assert renewals.credential(a_spec(provider="same")) is same
            new = renewals.credential(a_spec(provider="changed", value="other"))
            assert new is not changed
            renewals.retain({"same", "changed"})
            await renewals.first_round()
            assert new.headers(REQUEST) != changed.headers(REQUEST)
            assert gone.headers(REQUEST), "calls under way go on"
            assert [provider for provider, _ in news].count("same") == 1
            assert renewals.credential(a_spec(provider="gone")) is not gone

    run(scenario())


def test_the_first_round_waits_no_longer_than_it_may() -> None:
    async def scenario() -> None:
        renewals = Renewals(DIRECT)
        renewals.credential(a_spec())
        async with asyncio.timeout(5):
            await renewals.first_round(0.05)  # nobody runs them

    run(scenario())
