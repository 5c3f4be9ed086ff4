"""`safeconduct policy draft`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import httpx
import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import call
from tests.commands.conftest import Running

LIMITS = ("processed_in=EU", "retention_days=0")


def test_a_draft_is_the_one_of_the_api(running: Running) -> None:
    running.ask()
    told = call("policy", "draft", *LIMITS, *running.options, json=True).json
    base = running.base_url.removesuffix("/v1")
    shown = httpx.get(
        f"{base}/v1/policies/draft?{'&'.join(LIMITS)}",
        headers={"authorization": f"Bearer {running.key}"},
        timeout=30,
    ).json()
    for name in ("clauses", "routes", "of_routes", "models", "connected", "toml"):
        assert told[name] == shown[name]


def test_people_read_counts_prices_and_the_file(running: Running) -> None:
    out = call("policy", "draft", *LIMITS, *running.options).out
    assert "models remain;" in out
    assert "Kept at most: Not kept" in out
    document = tomllib.loads(call("policy", "draft", "--toml", *LIMITS, *running.options).out)
    assert document["bound"] == {"processed_in": ["EU"], "retention_days": 0}


def test_a_draft_needs_no_gateway(tmp_path: Path) -> None:
    told = call("policy", "draft", "training=no", "--state", str(tmp_path), json=True).json
    assert told["traffic"]["requests"] == 0


@pytest.mark.parametrize("word", ["training", "colour=red", "training=perhaps", "processed_in=Atlantis"])
def test_a_limit_that_is_not_understood_is_refused(tmp_path: Path, word: str) -> None:
    assert call("policy", "draft", word, "--state", str(tmp_path)).code == MISUSED
