"""Correcting receipts: the difference to the prices of today, beside the receipt that stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from gateway.core.catalog import RouteId
from gateway.core.receipt import CORRECTED, SCHEMA, AttemptRecord, Receipt, ReceiptId
from gateway.core.snapshot import Snapshot
from gateway.core.terms import charge
from gateway.core.usage import Usage, UsageSource

Corrections: TypeAlias = dict[tuple[str, int], int]
"""Receipt and place of an attempt in it -> what earlier corrections add to its cost, in nano-units."""


def noted(corrections: Corrections, receipt: Receipt) -> None:
    """Add what `receipt` corrects, if it is a correction."""
    places = receipt.demand.get("attempts")
    if receipt.outcome == CORRECTED and isinstance(places, list | tuple):
        for place, attempt in zip(places, receipt.attempts, strict=True):
            key = str(receipt.demand["corrects"]), int(str(place))
            corrections[key] = corrections.get(key, 0) + attempt.cost


def correction(
    receipt: Receipt, id: ReceiptId, earlier: Mapping[tuple[str, int], int], snapshot: Snapshot, provider: str = ""
) -> Receipt | None:
    """A receipt of what the prices of `snapshot` add to this one, as it stands after earlier corrections; None if
    nothing.

    Only attempts at `provider`, of all if "". An attempt whose usage is not known, or whose route has no price, stays.
    """
    corrections = [
        (place, correcting(attempt, added, snapshot.routes[RouteId(attempt.route)].price.reference))
        for place, attempt in enumerate(receipt.attempts)
        if provider in ("", attempt.route.partition("/")[0])
        and (added := _added(receipt, attempt, earlier.get((receipt.id, place), 0), snapshot))
    ]
    if not corrections or receipt.outcome == CORRECTED or receipt.currency != snapshot.fx.ledger:
        return None
    return correcting_entry(receipt, id, "repriced", corrections, snapshot.digest)


def correcting(attempt: AttemptRecord, added: int, price: str = "", usage_source: str = "") -> AttemptRecord:
    """An amount that is added to the cost of an attempt, at the time and place of that attempt."""
    return AttemptRecord(
        attempt.route,
        CORRECTED,
        attempt.dialect,
        region=attempt.region,
        observed=attempt.observed,
        cost=added,
        usage_source=usage_source,
        price=price,
        began_ms=attempt.began_ms,
    )


def correcting_entry(
    receipt: Receipt, id: ReceiptId, code: str, corrections: Sequence[tuple[int, AttemptRecord]], documents: str
) -> Receipt:
    """A receipt that adds these amounts, each to the attempt in that place of `receipt`.

    Caller and time are those of the exchange, so that sums stay together; the decision is left out.
    """
    attempts = tuple([attempt for _, attempt in corrections])
    return replace(
        receipt,
        id=id,
        documents=documents,
        outcome=CORRECTED,
        code=code,
        demand={"corrects": receipt.id, "attempts": [place for place, _ in corrections]},
        narrowing=(),
        capabilities="",
        health={},
        plan=(),
        rejections={},
        attempts=attempts,
        posture={},
        cost=total(attempts),
        dropped=(),
        duration_ms=0,
        schema=SCHEMA,
        chain="",
        sequence=0,
        previous="",
    )


def total(attempts: Iterable[AttemptRecord]) -> int:
    return sum(attempt.cost for attempt in attempts)


def _added(receipt: Receipt, attempt: AttemptRecord, corrected: int, snapshot: Snapshot) -> int:
    route = snapshot.routes.get(RouteId(attempt.route))
    if route is None or not attempt.usage or not route.price.is_priced:
        return 0
    if attempt.usage_source == UsageSource.HELD.value:  # the counts are not those of the whole attempt
        return 0
    rate = snapshot.fx.rate(route.price.currency)
    if rate is None:
        return 0
    terms = receipt.demand.get("terms")
    demanded = tuple(map(str, terms)) if isinstance(terms, list | tuple) else ()
    return charge(route.price, rate, Usage(**attempt.usage), demanded, attempt.observed) - attempt.cost - corrected
