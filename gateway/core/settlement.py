"""Settling of held costs: the billed cost of an attempt takes the place of its worst case.

An entry takes the held amount back and adds the billed one, so that no held money stays in any sum. A later entry adds
the difference to a later bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, TypeAlias

from gateway.core.drift import Amounts, Place
from gateway.core.frozen import frozen
from gateway.core.receipt import CORRECTED, AttemptRecord, Receipt, ReceiptId
from gateway.core.repricing import correcting, correcting_entry
from gateway.core.usage import UsageSource

SETTLED: Final = "settled"
"""The code of a correcting receipt that settles."""

AttemptKey: TypeAlias = tuple[str, int]
"""Receipt and place of an attempt in it."""


@frozen
class Bills:
    """Attempt -> its billed cost, in nano-units. `source`: `BILLED` for a bill that adds up many attempts, `PROVIDER`
    for the provider's record of the attempt itself."""

    costs: Mapping[AttemptKey, int]
    source: UsageSource = UsageSource.BILLED


@frozen
class SettledAmount:
    """Result of all earlier entries for one held attempt: the amount that they add, whether they settle it, and whether
    the provider's record of the attempt itself did."""

    added: int = 0
    is_settled: bool = False
    is_final: bool = False


Settlements: TypeAlias = dict[AttemptKey, SettledAmount]
_OPEN: Final = SettledAmount()


@frozen
class HeldAttempt:
    """An attempt that was booked at its worst case. `held`: that cost; `cost`: the cost after earlier entries.
    `generation`: the provider's id of it, empty if the provider named none."""

    key: AttemptKey
    at: Place
    held: int
    cost: int
    generation: str = ""


def is_held(attempt: AttemptRecord) -> bool:
    """Whether the cost of the attempt is its worst case, because the provider did not report its usage."""
    return attempt.usage_source == UsageSource.HELD.value and attempt.cost > 0


def note_settlement(settlements: Settlements, receipt: Receipt) -> None:
    """Add the amounts of `receipt`, if it is a correcting entry."""
    places = receipt.demand.get("attempts")
    if receipt.outcome != CORRECTED or not isinstance(places, list | tuple):
        return
    for place, attempt in zip(places, receipt.attempts, strict=True):
        key = str(receipt.demand["corrects"]), int(str(place))
        before = settlements.get(key, _OPEN)
        settlements[key] = SettledAmount(
            before.added + attempt.cost,
            before.is_settled or attempt.usage_source == UsageSource.HELD.value,
            before.is_final or attempt.usage_source == UsageSource.PROVIDER.value,
        )


def settlement(
    receipt: Receipt, id: ReceiptId, bills: Bills, earlier: Mapping[AttemptKey, SettledAmount], documents: str
) -> Receipt | None:
    """An entry that leaves each held attempt of `receipt` at its billed cost; None where nothing is to be changed.

    An attempt without a bill, and an attempt whose usage the provider reported, stays.
    """
    if receipt.outcome == CORRECTED:
        return None
    corrections: list[tuple[int, AttemptRecord]] = []
    for place, attempt in enumerate(receipt.attempts):
        billed = bills.costs.get((receipt.id, place))
        before = earlier.get((receipt.id, place), _OPEN)
        if billed is not None and is_held(attempt) and not before.is_final:
            corrections += [(place, each) for each in _corrected(attempt, billed, before, bills.source)]
    return correcting_entry(receipt, id, SETTLED, corrections, documents) if corrections else None


def _corrected(
    attempt: AttemptRecord, billed: int, before: SettledAmount, source: UsageSource
) -> Iterator[AttemptRecord]:
    if not before.is_settled:
        yield correcting(attempt, -attempt.cost, attempt.price, UsageSource.HELD.value)
    rest = billed - before.added - (attempt.cost if before.is_settled else 0)
    if rest or source is UsageSource.PROVIDER:  # the record itself makes it final
        yield correcting(attempt, rest, attempt.price, source.value)


def held_attempts(receipt: Receipt, earlier: Mapping[AttemptKey, SettledAmount]) -> Iterator[HeldAttempt]:
    """The held attempts of one receipt that no record of their own settles, each on the day on which it was made."""
    if receipt.outcome == CORRECTED:
        return
    for place, attempt in enumerate(receipt.attempts):
        if is_held(attempt):
            key = receipt.id, place
            before = earlier.get(key, _OPEN)
            if not before.is_final:
                cost, generation = attempt.cost + before.added, attempt.observed.get("generation", "")
                yield HeldAttempt(key, place_of(receipt, attempt), attempt.cost, cost, generation)


def place_of(receipt: Receipt, attempt: AttemptRecord) -> Place:
    """The line of a bill that an attempt belongs to: one of an exchange of the evening may count after midnight."""
    made = datetime.fromisoformat(receipt.began_at) + timedelta(milliseconds=attempt.began_ms)
    return Place(made.date(), attempt.route.partition("/")[0], attempt.route)


def bills_from(
    held: Iterable[HeldAttempt], ours: Mapping[Place, Amounts], theirs: Mapping[Place, Amounts], open_from: date
) -> dict[AttemptKey, int]:
    """The billed cost of each held attempt, from a provider's account by day.

    The part of a line that no reported usage explains is divided among its held attempts in proportion to their worst
    cases, and never exceeds them: the rest stays a difference. A route without a line of its own belongs to the line
    without a route. An attempt without a line stays held, because a missing line is not a bill of zero. Days from
    `open_from` on are not settled: their bill may be incomplete.
    """
    lines: dict[Place, list[HeldAttempt]] = {}
    for attempt in held:
        line = _line_of(attempt.at, theirs)
        if line is not None and line.day < open_from:
            lines.setdefault(line, []).append(attempt)
    return dict(bill for line, attempts in lines.items() for bill in _divided(line, attempts, ours, theirs))


def _line_of(at: Place, theirs: Mapping[Place, Amounts]) -> Place | None:
    """The line with a cost that explains a route."""
    lines = (at, Place(at.day, at.credential))
    return next((line for line in lines if line in theirs and theirs[line].cost is not None), None)


def _divided(
    line: Place, attempts: Sequence[HeldAttempt], ours: Mapping[Place, Amounts], theirs: Mapping[Place, Amounts]
) -> Iterator[tuple[AttemptKey, int]]:
    booked = sum([mine.cost or 0 for place, mine in ours.items() if _line_of(place, theirs) == line])
    reported = booked - sum([attempt.cost for attempt in attempts])
    billed = theirs[line].cost or 0
    holds = [attempt.held for attempt in attempts]
    parts = shares(min(max(billed - reported, 0), sum(holds)), holds)
    yield from zip([attempt.key for attempt in attempts], parts, strict=True)


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` divided in proportion to the weights, without a remainder: their sum is `amount`."""
    total, divided, weighed, parts = sum(weights), 0, 0, list[int]()
    for weight in weights:
        weighed += weight
        part = amount * weighed // total - divided
        parts.append(part)
        divided += part
    return parts
