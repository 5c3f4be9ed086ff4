"""Destinations of one exchange: each place that its content went to, with its share of attempts, usage and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.core.receipt import CORRECTED, AttemptRecord, Receipt

NOWHERE: Final = ("", "")
"""Route and region of an exchange whose prompt never left."""


class Destination(NamedTuple):
    """One route in one region. `exchanges`: 1 where the exchange counts, else 0, so that sums count each exchange once.
    `sent`: attempts whose prompt left for this place. `cost` in nano-units."""

    route: str
    region: str
    exchanges: int
    sent: int
    cost: int
    usage: Mapping[str, int]

    @property
    def provider(self) -> str:
        """The provider record of the route."""
        return self.route.partition("/")[0]


def region_of(attempt: AttemptRecord) -> str:
    """The region of one attempt, in the words of `Receipt.region`."""
    if reported := attempt.observed.get("region"):
        return reported
    return f"declared:{attempt.region}" if attempt.region else ""


def destinations(receipt: Receipt) -> tuple[Destination, ...]:
    """The place where the exchange counts first: the route that answered, else the last one that the prompt left for.

    A receipt of schema 0 knows the route that answered alone.
    """
    own = _own(receipt)
    if not receipt.schema or (len(receipt.attempts) < 2 and receipt.outcome != CORRECTED):
        sent = sum([attempt.left for attempt in receipt.attempts])
        return (Destination(*own, 1, sent, receipt.cost, receipt.used()),)
    places: dict[tuple[str, str], list[AttemptRecord]] = {own: []}
    for attempt in receipt.attempts:
        if attempt.left or attempt.cost or attempt.usage:
            places.setdefault((attempt.route, region_of(attempt)), []).append(attempt)
    return tuple([_share(place, place == own, attempts) for place, attempts in places.items()])


def _own(receipt: Receipt) -> tuple[str, str]:
    if receipt.route or not receipt.schema:
        return receipt.route, receipt.region
    corrects = receipt.outcome == CORRECTED
    return next(((a.route, region_of(a)) for a in reversed(receipt.attempts) if a.left or corrects), NOWHERE)


def _share(place: tuple[str, str], own: bool, attempts: list[AttemptRecord]) -> Destination:
    usage: dict[str, int] = {}
    for attempt in attempts:
        for name, count in attempt.usage.items():
            usage[name] = usage.get(name, 0) + count
    sent = sum([attempt.left for attempt in attempts])
    return Destination(*place, int(own), sent, sum([a.cost for a in attempts]), usage)
