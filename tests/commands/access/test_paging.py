"""Receipts one by one, whoever kept them."""

from __future__ import annotations

import io
from argparse import Namespace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from gateway.commands.access.paging import pages
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import Stop
from tests.builders import a_receipt
from tests.stores.books_in import books_in, run

DAY = date(2026, 11, 24)


def context(state: Path) -> CommandContext:
    return CommandContext(Namespace(state=str(state)), Printer(io.StringIO(), io.StringIO(), as_json=False), {})


def test_the_receipts_of_every_worker_come(tmp_path: Path) -> None:
    for number, folder in enumerate((tmp_path, tmp_path / "worker-2")):
        with books_in(folder, chain=str(number)) as books:
            run(partial(books.settle, a_receipt(f"R{number}")))
    assert [receipt["id"] for receipt in pages(context(tmp_path), DAY, DAY)] == ["R0", "R1"]
    assert list(pages(context(tmp_path), date(2026, 11, 25), date(2026, 11, 26))) == []


def test_where_nothing_was_kept_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="no gateway has run"):
        list(pages(context(tmp_path / "none"), DAY, DAY))
