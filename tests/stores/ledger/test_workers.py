"""Where workers keep what is theirs, and their receipts together."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.receipt import Receipt
from gateway.stores.ledger.ledger import SqliteLedger
from gateway.stores.ledger.workers import WorkersLedger, journals, state_of, states
from tests.builders import TODAY
from tests.stores.ledger_contract import RECEIPTS, LedgerContract
from tests.stores.shipped import written


class TestOneWorker(LedgerContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def ledger_of(self, *receipts: Receipt) -> WorkersLedger:
        written(self.folder, *receipts)
        return WorkersLedger(self.folder)


@pytest.fixture
def together(tmp_path: Path) -> WorkersLedger:
    """Two receipts of the first worker, one of the third."""
    written(tmp_path, RECEIPTS[0], RECEIPTS[2])
    written(state_of(tmp_path, 3), RECEIPTS[1], chain="three")
    return WorkersLedger(tmp_path)


def test_the_first_worker_keeps_what_one_process_would_keep(tmp_path: Path) -> None:
    assert state_of(tmp_path, 1) == tmp_path
    assert state_of(tmp_path, 2) != tmp_path


def test_every_worker_that_ever_ran_is_known_in_order(tmp_path: Path) -> None:
    for number in (10, 2):
        state_of(tmp_path, number).mkdir()
    (tmp_path / "worker-notes").mkdir()
    assert states(tmp_path) == [tmp_path, state_of(tmp_path, 2), state_of(tmp_path, 10)]
    assert journals(tmp_path) == []


def test_a_receipt_is_found_whoever_wrote_it(together: WorkersLedger) -> None:
    assert [(together.receipt(r.id) or {}).get("id") for r in RECEIPTS] == ["A", "B", "C"]
    assert together.receipt("Z") is None


def test_receipts_come_in_one_order(together: WorkersLedger) -> None:
    assert [receipt["id"] for receipt in together.newest(2)] == ["C", "B"]
    days = {receipt.began_at[:10] for receipt in RECEIPTS}
    since, until = (type(TODAY).fromisoformat(day) for day in (min(days), max(days)))
    assert [receipt["id"] for receipt in together.between(since, until, limit=2)] == ["A", "B"]
    assert [receipt["id"] for receipt in together.between(since, until, after="B")] == ["C"]


@pytest.mark.parametrize("by", [(), ("day",), ("key", "provider"), ("region",)])
def test_usage_is_the_sum_over_all(tmp_path: Path, together: WorkersLedger, by: tuple[str, ...]) -> None:
    alone = SqliteLedger(written(tmp_path / "alone", *RECEIPTS))
    assert together.usage(by) == alone.usage(by)


def test_chains_of_all_are_checked(together: WorkersLedger) -> None:
    assert [(state.chain, state.receipts, state.broken) for state in together.verify_chains()] == [
        ("one", 2, None),
        ("three", 1, None),
    ]


def test_where_nobody_wrote_there_is_nothing(tmp_path: Path) -> None:
    ledger = WorkersLedger(tmp_path)
    assert (ledger.receipt("A"), ledger.newest(5), ledger.usage(("day",)), ledger.verify_chains()) == (None, [], [], [])
