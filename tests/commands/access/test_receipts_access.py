"""Receipts in a state directory."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

import pytest

from gateway.commands.access.receipts_access import open_ledger
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import FAILED, Stop
from gateway.stores.errors import StoreRefused
from tests.builders import a_receipt
from tests.commands.calling import call, documents
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import ship, written


def context(state: Path, ledger: str = "") -> CommandContext:
    environ = {"SAFECONDUCT_LEDGER_URL": ledger}
    return CommandContext(Namespace(state=str(state)), Printer(io.StringIO(), io.StringIO(), as_json=False), environ)


def test_a_journal_is_read_though_nothing_runs(tmp_path: Path) -> None:
    call("keys", "create", "--team", "research", "--policy", "open", *documents(tmp_path), "--state", str(tmp_path))
    assert open_ledger(context(tmp_path)).newest(5) == []


def test_where_nothing_was_kept_the_right_directory_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Stop) as stopped:
        open_ledger(context(tmp_path))
    assert stopped.value.code == FAILED
    assert str(tmp_path) in stopped.value.what
    assert "--state" in stopped.value.do
    assert list(tmp_path.iterdir()) == []


def test_a_shared_ledger_is_read_with_or_without_a_state_directory(tmp_path: Path) -> None:
    url = fresh_database()
    ship(written(tmp_path / "one", a_receipt("A")), url)
    written(tmp_path / "one", a_receipt("B"), chain="two")
    elsewhere, here = open_ledger(context(tmp_path / "none", url)), open_ledger(context(tmp_path / "one", url))
    assert [receipt["id"] for receipt in elsewhere.newest(5)] == ["A"]
    assert elsewhere.receipt("B") is None
    assert here.receipt("B") is not None


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused):
        open_ledger(context(tmp_path, "postgresql:///x?nothing=1"))
