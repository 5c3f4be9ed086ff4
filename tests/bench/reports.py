"""Pages of the records, at a running gateway with a large journal: CPU of the whole process for each page."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx

from gateway.core.receipt import Receipt
from tests.bench.processes import Target
from tests.builders import a_receipt, an_attempt
from tests.processes import PATIENCE_S, Process, environment
from tests.stores.books_in import books_in

PAGES: Final = {
    "receipts": "/console/receipts",
    "receipts of a team that failed": "/console/receipts?team=everyone&outcome=failed",
    "one receipt": "/console/receipts/{receipt}",
    "spend": "/console/spend",
    "spend by key and model": "/console/spend?by=key,model",
    "places": "/console/places",
    "policies": "/console/policies",
    "draft": "/console/policies?processed_in=EU&retention_days=0&training=no",
    "keys": "/console/keys",
    "health": "/console/health",
}
_TIMES: Final = 10
"""Visits that one figure is of: a tick of the processor's clock is 10 ms."""
_AT_ONCE: Final = 500
_FORM: Final = {"content-type": "application/x-www-form-urlencoded"}


def receipt(number: int, of: int, now: datetime) -> Receipt:
    """One of `of` exchanges of the last 29 days: 40 keys, 4 routes, some failed, some in one of two countries."""
    began, failed = now - timedelta(days=29 * (of - number) / of), number % 11 == 0
    route = ("sandbox-us", "sandbox-fr", "sandbox-se", "sandbox-ie")[number % 4] + "/sandbox-small"
    outcome, region = "failed" if failed else "served", "SE+FR" if number % 7 == 0 else "SE"
    return a_receipt(
        f"01K{number:023d}",
        began_at=began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        team="everyone" if number % 3 else "other",
        key=f"key_{number % 40}",
        model="sandbox-small",
        route=route,
        outcome=outcome,
        attempts=(an_attempt(route=route, left=True, region=region, outcome=outcome),),
    )


def kept(state: Path, receipts: int) -> None:
    """Fill the journal of a state directory."""
    now = datetime.now(UTC)

    async def settle() -> None:
        with books_in(state) as books:
            for first in range(0, receipts, _AT_ONCE):
                numbers = range(first, min(first + _AT_ONCE, receipts))
                await asyncio.gather(*(books.settle(receipt(number, receipts, now)) for number in numbers))

    asyncio.run(settle())


def cost_of_reports(receipts: int, rounds: int) -> dict[str, tuple[float, list[float]]]:
    """Page -> CPU in ms of its first visit, and of each later one."""
    with _gateway(receipts) as (target, browser):
        newest = browser.get("/console/receipts?format=json").json()["data"][0]["id"]
        return {
            name: (
                _cpu_ms(target, browser, path.format(receipt=newest), 1),
                [_cpu_ms(target, browser, path.format(receipt=newest), _TIMES) for _ in range(rounds)],
            )
            for name, path in PAGES.items()
        }


def _cpu_ms(target: Target, browser: httpx.Client, path: str, times: int) -> float:
    before = target.cpu_s()
    for _ in range(times):
        assert browser.get(path).status_code == 200, path
    return (target.cpu_s() - before) * 1000 / times


@contextmanager
def _gateway(receipts: int) -> Iterator[tuple[Target, httpx.Client]]:
    with tempfile.TemporaryDirectory(prefix="bench-reports-") as at:
        state = Path(at, "state")
        state.mkdir()
        kept(state, receipts)
        words = (sys.executable, "-m", "gateway", "serve", "--sandbox", "--with-key", "--json", "--port", "0")
        with subprocess.Popen(
            [*words, "--state", str(state)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment({})
        ) as popen:
            try:
                process = Process(popen, state)
                origin = process.url.removesuffix("/v1")
                with httpx.Client(base_url=origin, timeout=PATIENCE_S, trust_env=False) as browser:
                    assert browser.post(process.pages.removeprefix(origin), headers=_FORM).status_code == 303
                    yield Target(int(origin.rpartition(":")[2]), popen.pid, process.key), browser
            finally:
                popen.terminate()
                popen.wait(PATIENCE_S)
