"""`safeconduct backup`: a whole copy, taken while the gateway serves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from gateway.commands.terminal.stop import FAILED
from gateway.stores.ledger.workers import WorkersLedger
from tests.commands.calling import call
from tests.processes import documents, running
from tests.test_shared_budgets import asked


def test_a_copy_under_load_holds_every_receipt_of_its_moment(tmp_path: Path) -> None:
    with running(tmp_path / "state", *documents(tmp_path)) as gateway, ThreadPoolExecutor(8) as callers:
        enough, state = Event(), ["--state", str(tmp_path / "state")]

        def ask_on() -> int:
            count = 0
            while not enough.is_set():
                assert asked(gateway).status_code == 200
                count += 1
            return count

        assert asked(gateway).status_code == 200
        load = [callers.submit(ask_on) for _ in range(8)]
        known = {str(receipt["id"]) for receipt in gateway.receipts()}
        copies = [tmp_path / f"copy-{number}" for number in range(3)]
        answers = [call("backup", str(copy), *state, json=True) for copy in copies]
        enough.set()
        assert sum(task.result() for task in load) > 0
    assert [(answer.code, answer.json["in_order"]) for answer in answers] == [(0, True)] * 3
    for copy in copies:
        kept = {str(receipt["id"]) for receipt in WorkersLedger(copy).newest(100_000)}
        assert known <= kept
        assert call("verify", "--state", str(copy)).code == 0
        assert {"journal.sqlite", "journal.intents", "pseudonyms.key", "documents"} <= {p.name for p in copy.iterdir()}


def test_without_a_journal_there_is_nothing_to_copy(tmp_path: Path) -> None:
    called = call("backup", str(tmp_path / "copy"), "--state", str(tmp_path / "mistyped"))
    assert called.code == FAILED
    assert list(tmp_path.iterdir()) == []
