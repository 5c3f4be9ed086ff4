"""`safeconduct routes`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.commands.calling import KEYS, Called, a_state, call, documents


def routes(at: Path, *words: str, environ: dict[str, str] | None = None, json: bool = True) -> Called:
    words = (*documents(at), "--state", a_state(at / "state"), *words)
    return call("routes", *words, environ=KEYS if environ is None else environ, json=json)


def test_every_route_has_the_fields_that_scripts_rely_on(tmp_path: Path) -> None:
    alpha, beta = routes(tmp_path).json
    for route in (alpha, beta):
        assert {"model", "provider", "route", "posture", "price", "status"} <= set(route)
    assert (alpha["model"], alpha["provider"], alpha["route"]) == ("small", "alpha", "alpha/small")
    assert (alpha["status"], beta["status"]) == ("listed", "deprecated")
    assert (alpha["posture"]["retention_days"], alpha["posture"]["logging"]) == (0, "unknown")
    assert beta["price"]["per_million"] == {"input": "1", "output": "4"}


def test_what_cannot_be_called_says_why(tmp_path: Path) -> None:
    alpha, _ = routes(tmp_path, environ={}).json
    assert alpha["callable"] is False
    assert alpha["why_not"]["kind"] == "no_credential"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--provider", "beta"], ["beta/small"]),
        (["--model", "small"], ["alpha/small", "beta/small"]),
        (["--model", "beta/small"], ["beta/small"]),
        (["--policy", "strict"], ["alpha/small"]),
        (["--policy", "strict", "--provider", "beta"], []),
    ],
)
def test_routes_are_chosen(tmp_path: Path, words: list[str], found: list[str]) -> None:
    assert [route["route"] for route in routes(tmp_path, *words).json] == found


@pytest.mark.parametrize("words", [["--model", "smal"], ["--provider", "betta"], ["--policy", "strikt"]])
def test_a_name_that_nothing_declares_is_said(tmp_path: Path, words: list[str]) -> None:
    called = routes(tmp_path, *words)
    assert called.code == MISUSED
    assert called.stop is not None
    assert "did you mean" in called.stop.do


def test_people_read_a_table_in_which_the_unknown_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "config/catalog/beta.toml"
    words = [*documents(tmp_path), "--state", a_state(tmp_path / "state")]
    path.write_text(path.read_text().replace("retention_days = 30\n", ""))
    out = call("routes", *words, environ={}).out
    (row,) = [line.split() for line in out.splitlines() if "beta/small" in line]
    assert row == ["beta/small", "US", "?", "no", "1", "USD", "4", "USD", "no", "credential", "deprecated"]
