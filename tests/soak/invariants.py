"""Providers, receipts and clients laid beside each other: what must be true of them, and what was found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from tests.soak.clients import BROKEN, LEFT, SERVED
from tests.soak.provider import Provider, billed

UNIT: Final = 1_000
"""What a token of output costs, in nano-units."""
_UNHEARD: Final = (BROKEN, LEFT)
"""Ends of which a client knows nothing: its request may never have been read."""
_NEVER_SENT: Final = {"interrupted", "left", "failed", "timeout"}

Receipts: TypeAlias = Sequence[Mapping[str, Any]]
Place: TypeAlias = tuple[str, int]
"""Provider and output limit."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """`found`: what was counted, or how many do not hold and the first of them."""

    name: str
    holds: bool
    found: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known at the end. `answers`: output limit -> what the client saw; `killed`: how many requests
    were under way at kills."""

    providers: Mapping[str, Provider]
    answers: Mapping[int, str]
    receipts: Receipts
    killed: int

    @property
    def calls(self) -> Counter[Place]:
        return Counter({(name, n): often for name, p in self.providers.items() for n, often in p.calls.items()})

    @property
    def unanswered(self) -> Counter[Place]:
        return Counter({(name, n): often for name, p in self.providers.items() for n, often in p.unanswered.items()})

    @property
    def attempts(self) -> dict[Place, list[Mapping[str, Any]]]:
        listed: dict[Place, list[Mapping[str, Any]]] = defaultdict(list)
        for receipt in self.receipts:
            for attempt in receipt["attempts"]:
                listed[attempt["route"].partition("/")[0], limit_of(receipt)].append(attempt)
        return listed


def limit_of(receipt: Mapping[str, Any]) -> int:
    return int(receipt["demand"].get("output_tokens") or 0)


def invariants(evidence: Evidence) -> list[Invariant]:
    return [_invariant(name, check(evidence)) for name, check in _CHECKS.items()]


def _invariant(name: str, wrong: list[str]) -> Invariant:
    return Invariant(name, not wrong, f"{len(wrong)}, first {wrong[0]}" if wrong else "")


def _ids(evidence: Evidence) -> list[str]:
    return [f"{name} twice" for name, often in Counter(r["id"] for r in evidence.receipts).items() if often > 1]


def _answers(evidence: Evidence) -> list[str]:
    written = Counter(map(limit_of, evidence.receipts))
    wrong = [f"request {n}: {often} receipts" for n, often in written.items() if often > 1 or n not in evidence.answers]
    heard = (n for n, answer in evidence.answers.items() if answer not in _UNHEARD)
    return wrong + [f"request {n}: {evidence.answers[n]}, no receipt" for n in heard if n not in written]


def _served(evidence: Evidence) -> list[str]:
    outcomes = {limit_of(receipt): receipt["outcome"] for receipt in evidence.receipts}
    served = (n for n, answer in evidence.answers.items() if answer == SERVED)
    return [f"request {n}: {outcomes.get(n)}" for n in served if outcomes.get(n) != "served"]


def _calls(evidence: Evidence) -> list[str]:
    attempts = evidence.attempts
    unanswered = evidence.unanswered
    return [
        f"request {place[1]} at {place[0]}: {often} calls, {len(attempts[place])} attempts"
        for place, often in evidence.calls.items()
        if often > len(attempts[place]) + unanswered[place]
    ]


def _unsent(evidence: Evidence) -> list[str]:
    calls = evidence.calls
    wrong = []
    for place, listed in evidence.attempts.items():
        unsent = [a for a in listed if a["status"] == 0 and a["outcome"] in _NEVER_SENT]
        if len(listed) - calls[place] > len(unsent):
            wrong.append(f"request {place[1]} at {place[0]}: {calls[place]} calls, {len(listed)} attempts")
    return wrong


def _interrupted(evidence: Evidence) -> list[str]:
    limits = [limit_of(receipt) for receipt in evidence.receipts if receipt["outcome"] == "interrupted"]
    wrong = [f"request {n}: {evidence.answers.get(n)}" for n in limits if evidence.answers.get(n) not in _UNHEARD]
    return wrong + ([f"{len(limits)} of {evidence.killed}"] if len(limits) > evidence.killed else [])


def _costs(evidence: Evidence) -> list[str]:
    wrong = []
    for receipt in evidence.receipts:
        n, attempts = limit_of(receipt), receipt["attempts"]
        if receipt["cost"] != sum(a["cost"] for a in attempts) or not all(_is_due(a, n) for a in attempts):
            wrong.append(f"request {n}: {receipt['cost']}")
    return wrong


def _is_due(attempt: Mapping[str, Any], limit: int) -> bool:
    """What the provider billed; its worst case where nobody knows; no more than that where an answer was cut short."""
    cost, source = int(attempt["cost"]), attempt["usage_source"]
    if source == "held":
        return cost == limit * UNIT
    if attempt["outcome"] == "served":
        return cost == billed(limit) * UNIT
    return 0 <= cost <= limit * UNIT


_CHECKS: Final[Mapping[str, Callable[[Evidence], list[str]]]] = {
    "no receipt is there twice": _ids,
    "each answer has its receipt, each receipt its request": _answers,
    "what clients have whole was served in the books": _served,
    "each call of the providers is an attempt in the books": _calls,
    "each attempt is a call, or was stopped before it was sent": _unsent,
    "only what was under way at a kill was interrupted": _interrupted,
    "each attempt costs what was billed, or its hold": _costs,
}
