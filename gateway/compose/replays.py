"""Decisions worked out again, from the documents and capabilities that are kept in a state directory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from gateway.core.evaluation import Capabilities
from gateway.core.receipt import Receipt
from gateway.core.replay import capabilities_from, replay, was_decided
from gateway.core.snapshot import Snapshot
from gateway.declarations.destinations import NAME as OBSERVED
from gateway.declarations.load import load
from gateway.stores.journal.documents import CAPABILITIES_FILE, Documents


@dataclass(slots=True)
class ReplayResult:
    """Counts of replayed decisions. `undecided`: receipts that hold no whole decision; `missing`: receipt
    -> the digest under which nothing readable is kept; `differing`: receipts with another decision than the replay."""

    replayed: int = 0
    undecided: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)


class Replays:
    """Replays against what is kept, each set read once."""

    def __init__(self, kept: Documents) -> None:
        self._kept = kept
        self._snapshots: dict[tuple[str, str], Snapshot | None] = {}
        self._means: dict[str, Capabilities | None] = {}

    def check(self, receipts: Iterable[Receipt]) -> ReplayResult:
        """Replay every receipt that holds a decision."""
        result = ReplayResult()
        for receipt in receipts:
            if was_decided(receipt):
                self._replay(receipt, result)
            else:
                result.undecided += 1
        return result

    def _replay(self, receipt: Receipt, result: ReplayResult) -> None:
        snapshot, means = self._snapshot(receipt), self._capabilities(receipt.capabilities)
        if snapshot is None or means is None:
            result.missing[receipt.id] = receipt.documents if snapshot is None else receipt.capabilities
            return
        try:
            same = replay(receipt, snapshot, means) == (receipt.plan, receipt.rejections)
        except (KeyError, TypeError, ValueError):  # the receipt names what the documents do not declare
            same = False
        result.replayed += 1
        if not same:
            result.differing.append(receipt.id)

    def _snapshot(self, receipt: Receipt) -> Snapshot | None:
        """The documents that decided. The evidence of the bundled provider is of the day of the decision."""
        key = (receipt.documents, receipt.day)
        if key not in self._snapshots:
            folder = self._kept.folder(receipt.documents)
            self._snapshots[key] = None
            if folder is not None:
                extra = sorted(folder.glob("sandbox*"))
                day = date.fromisoformat(receipt.day)
                observed = (self._kept.load(receipt.documents) or {}).get(OBSERVED, b"")
                config, policies = folder / "config", folder / "policies"
                snapshot = load(config, policies, extra=extra, observed=observed, today=day).snapshot
                if snapshot is not None and snapshot.digest == receipt.documents:
                    self._snapshots[key] = snapshot
        return self._snapshots[key]

    def _capabilities(self, digest: str) -> Capabilities | None:
        if digest not in self._means:
            kept = self._kept.load(digest) or {}
            try:
                self._means[digest] = capabilities_from(kept[CAPABILITIES_FILE])
            except (KeyError, TypeError, ValueError):
                self._means[digest] = None
        return self._means[digest]
