"""What a soak leaves: figures for people, and whether everything holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.soak.invariants import Evidence, Invariant
from tests.soak.measures import Used

_MOMENTS: Final = ("before", "after a quarter", "at the end")


@dataclass(frozen=True, slots=True)
class Report:
    """`used`: by the gateway that nothing happened to, before the load, after a quarter of it, and at its end.
    `took_ms`: each request that was served, sorted."""

    evidence: Evidence
    faults: Mapping[str, int]
    used: Sequence[Used]
    took_ms: Sequence[float]
    invariants: Sequence[Invariant]

    @property
    def holds(self) -> bool:
        return all(invariant.holds for invariant in self.invariants)

    def lines(self) -> Iterator[str]:
        answers, receipts = Counter(self.evidence.answers.values()), self.evidence.receipts
        yield f"requests {sum(answers.values())}"
        yield from (f"  {often:8} {answer}" for answer, often in answers.most_common())
        yield "meanwhile"
        yield from (f"  {often:8} {name.replace('_', ' ')}" for name, often in sorted(self.faults.items()))
        attempts = Counter(attempt["outcome"] for receipt in receipts for attempt in receipt["attempts"])
        yield f"calls of the providers {self.evidence.calls.total()}, attempts in receipts {attempts.total()}"
        yield from (f"  {often:8} {outcome}" for outcome, often in attempts.most_common())
        yield f"cost by receipts {sum(receipt['cost'] for receipt in receipts) / 1e9:.6f} USD"
        yield "the gateway that nothing happened to"
        yield from (f"  {name:16} {used}" for name, used in zip(_MOMENTS, self.used, strict=True))
        if self.took_ms:
            half, most = self._after(0.5), self._after(0.99)
            yield f"whole answers after {half:.1f} ms (p50), {most:.1f} ms (p99), faults included"
        yield "invariants"
        yield from (
            f"  {'ok' if i.holds else 'NOT OK':8} {i.name}{f': {i.found}' if i.found else ''}" for i in self.invariants
        )
        yield "Everything holds." if self.holds else "NOT everything holds."

    def _after(self, share: float) -> float:
        return self.took_ms[min(int(len(self.took_ms) * share), len(self.took_ms) - 1)]
