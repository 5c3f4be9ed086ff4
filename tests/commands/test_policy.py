"""`safeconduct policy diff`."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.terminal.stop import MISUSED
from gateway.core.receipt import Receipt
from gateway.core.replay import demand_record
from tests.builders import a_demand, a_receipt
from tests.commands.calling import KEYS, ROOT, a_state, call, documents
from tests.stores.books_in import books_in, run


def decided(id: str) -> Receipt:
    demand = a_demand()
    return a_receipt(
        id,
        demand=demand_record(demand),
        dialect=demand.dialect,
        operation=demand.operation.name,
        capabilities="c",
        day="2026-11-24",
        policy={"organisation": "open"},
    )


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """Two providers, one in the US; a month with two exchanges under the policy `open`."""
    options = documents(tmp_path)
    with books_in(tmp_path / "state") as books:
        for id in ("A", "B"):
            run(partial(books.settle, decided(id)))
    return [*options, "--state", a_state(tmp_path / "state")]


def diff(options: list[str], before: str, after: str) -> Any:
    called = call("policy", "diff", before, after, *options, environ=KEYS, json=True)
    assert called.stop is None, called.stop
    return called.json


def test_two_policies_differ_by_routes_and_by_the_dimension_that_decides(options: list[str]) -> None:
    view = diff(options, "open", "strict")
    (policy,) = view["policies"]
    assert (policy["before"], policy["after"], policy["routes"]) == ("open", "strict", [2, 1])
    (lost,) = policy["lost"]
    assert lost["route"] == "beta/small"
    assert {"posture:processed_in", "posture:retention_days"} <= set(lost["reasons"])


def test_last_months_exchanges_are_decided_under_both(options: list[str], tmp_path: Path) -> None:
    view = diff(options, "open", "strict")
    assert (view["traffic"]["exchanges"], view["traffic"]["moved"]) == (2, 2)  # beta is cheaper, alpha is left
    none = tmp_path / "none.toml"
    none.write_text(
        'name = "none"\npurpose = "Nothing."\n[routes]\nonly_providers = ["alpha"]\nmax_price = { input = 1 }\n'
    )
    assert diff(options, "open", str(none))["traffic"]["refused"] == 2


def test_a_file_stands_in_for_the_policy_of_its_name(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    path = tmp_path / "new/strict.toml"
    path.write_text('name = "strict"\npurpose = "Anywhere."\n')
    view = diff(options, "strict", str(path))
    assert [gained["route"] for gained in view["policies"][0]["gained"]] == ["beta/small"]


def test_directories_are_compared_policy_by_policy(options: list[str], tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    for name in ("open", "strict"):
        (tmp_path / f"next/{name}.toml").write_text((tmp_path / f"policies/{name}.toml").read_text())
    view = diff(options, str(tmp_path / "policies"), str(tmp_path / "next"))
    assert [policy["before"] for policy in view["policies"]] == ["open", "strict"]
    assert (view["traffic"]["same"], view["traffic"]["exchanges"]) == (2, 2)


def test_people_read_tables_and_a_process_needs_no_gateway(options: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "policy", "diff", "open", "strict", *options]
    environ = {**KEYS, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    assert "open -> strict: 2 -> 1 routes" in result.stdout
    assert "decided by" in result.stdout
    with_json = subprocess.run(
        [*command, "--json"], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert json.loads(with_json.stdout)["policies"][0]["routes"] == [2, 1]


def test_a_name_that_is_nothing_says_what_there_is(options: list[str]) -> None:
    called = call("policy", "diff", "open", "nowhere", *options, environ=KEYS)
    assert called.stop is not None
    assert called.code == MISUSED
    assert "open, strict" in called.stop.do
    assert call("policy").code == MISUSED
