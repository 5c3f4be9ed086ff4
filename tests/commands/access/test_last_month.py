"""Receipts of the last thirty days."""

from __future__ import annotations

import io
from argparse import Namespace
from datetime import date
from functools import partial
from pathlib import Path

from gateway.commands.access.last_month import first_day, last_month
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from tests.builders import NOW, a_receipt
from tests.stores.books_in import books_in, run


def context(state: Path) -> CommandContext:
    out = Printer(io.StringIO(), io.StringIO(), as_json=False)
    return CommandContext(Namespace(state=str(state)), out, {}, lambda: NOW)


def test_receipts_of_these_days_come_and_older_ones_do_not(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for id, day in (("A", "2026-11-24"), ("B", "2026-10-25"), ("C", "2026-10-24")):
            run(partial(books.settle, a_receipt(id, began_at=f"{day}T12:00:00.000Z")))
    assert first_day(context(tmp_path)) == date(2026, 10, 25)
    assert sorted(receipt.id for receipt in last_month(context(tmp_path))) == ["A", "B"]


def test_where_no_gateway_has_run_nothing_comes_and_nothing_is_made(tmp_path: Path) -> None:
    assert list(last_month(context(tmp_path / "state"))) == []
    assert not (tmp_path / "state").exists()
