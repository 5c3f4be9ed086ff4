"""`safeconduct health`."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import call
from tests.commands.conftest import Running


def test_programs_read_the_page_and_people_a_table(running: Running) -> None:
    running.ask()
    state = running.options[:2]
    report = call("health", *state, json=True).json
    assert report["workers"] == {"answered": 1, "of": 1}
    assert {"sandbox-us", "sandbox-fr"} <= {row["provider"] for row in report["providers"]}
    assert {row["name"] for row in report["stores"]} >= {"Keys", "Ledger"}
    asked = next(row for row in report["providers"] if row["by_route"])
    told = call("health", *state)
    assert told.out.splitlines()[0] == report["sentence"]
    assert re.search(rf"{asked['by_route'][0]['route']} .* ms", told.out)
    assert "Ledger: In order" in told.out


def test_the_page_and_the_command_say_the_same(running: Running) -> None:
    with httpx.Client(timeout=30) as browser:
        assert browser.post(running.pages, headers={"content-type": "application/x-www-form-urlencoded"}).is_redirect
        origin = running.base_url.removesuffix("/v1")
        page = browser.get(f"{origin}/console/health?format=json").json()
    report = call("health", *running.options[:2], json=True).json
    assert [row["provider"] for row in report["providers"]] == [row["provider"] for row in page["providers"]]
    assert report.keys() == page.keys()


def test_without_a_gateway_there_is_no_health(tmp_path: Path) -> None:
    called = call("health", "--state", str(tmp_path))
    assert called.code == FAILED
    assert called.stop is not None
    assert "no gateway runs" in called.stop.what
