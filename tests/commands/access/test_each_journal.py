"""Requests to the journals of all workers."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

import pytest

from gateway.commands.access.each_journal import ask_each_journal, note_other_gateways
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.errors import Json
from tests.commands.calling import a_state

BODY: dict[str, Json] = {"since": "2026-11-24", "until": "2026-11-24", "dry_run": True}


def context(state: Path, notes: io.StringIO, **environ: str) -> CommandContext:
    return CommandContext(Namespace(state=str(state)), Printer(io.StringIO(), notes, as_json=False), environ)


def test_every_worker_answers(tmp_path: Path) -> None:
    for state in (tmp_path, tmp_path / "worker-2"):
        a_state(state)
    answers = ask_each_journal(context(tmp_path, io.StringIO()), "/reprice", BODY)
    assert [answer["exchanges"] for answer in answers] == [0, 0]


def test_refusals_and_a_directory_without_a_gateway_stop(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="no gateway has run"):
        ask_each_journal(context(tmp_path / "none", io.StringIO()), "/reprice", BODY)
    a_state(tmp_path)
    with pytest.raises(Stop) as stopped:
        ask_each_journal(context(tmp_path, io.StringIO()), "/reprice", {**BODY, "since": "yesterday"})
    assert stopped.value.code == MISUSED


def test_other_gateways_are_noted_where_a_ledger_is_shared(tmp_path: Path) -> None:
    notes = io.StringIO()
    note_other_gateways(context(tmp_path, notes))
    assert notes.getvalue() == ""
    note_other_gateways(context(tmp_path, notes, SAFECONDUCT_LEDGER_URL="postgresql://ledger.example/books"))
    assert "beside each gateway" in notes.getvalue()
