"""Destinations of one exchange: each place that its content went to, with its share of attempts, usage and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.core.receipt import CORRECTED, AttemptRecord, Receipt
from gateway.core.usage import UsageSource

NOWHERE: Final = ("", "")
"""Route and region of an exchange whose prompt never left."""
DECLARED: Final = "declared:"
"""Marks a region that the provider did not report: the countries of its record follow."""
_UNREPORTED: Final = frozenset({UsageSource.ESTIMATED.value, UsageSource.HELD.value})


class Destination(NamedTuple):
    """One route in one region. `exchanges`: 1 where the exchange counts, else 0, so that sums count each exchange once.

    `sent`: attempts whose prompt left for this place. `cost` in nano-units; `unreported`: the part of the cost that the
    provider did not report. `countries`: of the record, with `+` between, `unknown`, or "" for nowhere.
    """

    route: str
    region: str
    exchanges: int
    sent: int
    cost: int
    usage: Mapping[str, int]
    countries: str = ""
    unreported: int = 0

    @property
    def provider(self) -> str:
        """The provider record of the route."""
        return self.route.partition("/")[0]


def region_of(attempt: AttemptRecord) -> str:
    """The region of one attempt, in the words of `Receipt.region`."""
    if reported := attempt.observed.get("region"):
        return reported
    return f"{DECLARED}{attempt.region}" if attempt.region else ""


def countries_in(region: str) -> str:
    """The countries of a region that the record declares; empty for a region that a provider reported."""
    return region.removeprefix(DECLARED) if region.startswith(DECLARED) else ""


def destinations(receipt: Receipt) -> tuple[Destination, ...]:
    """The place where the exchange counts first: the route that answered, else the last one that the prompt left for.

    A receipt of schema 0 knows the route that answered alone.
    """
    own = _own(receipt)
    if not receipt.schema or (len(receipt.attempts) < 2 and receipt.outcome != CORRECTED):
        return (_whole(receipt, *own),)
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


def _whole(receipt: Receipt, route: str, region: str) -> Destination:
    """The one place of a receipt with one attempt at most, or of schema 0."""
    sent, unreported, countries = 0, 0, countries_in(region)
    for attempt in receipt.attempts:
        sent += attempt.left
        if attempt.usage_source in _UNREPORTED:
            unreported = receipt.cost
        if region and not countries and region_of(attempt) == region:
            countries = attempt.region
    return Destination(route, region, 1, sent, receipt.cost, receipt.used(), countries, unreported)


def _share(place: tuple[str, str], own: bool, attempts: list[AttemptRecord]) -> Destination:
    usage: dict[str, int] = {}
    for attempt in attempts:
        for name, count in attempt.usage.items():
            usage[name] = usage.get(name, 0) + count
    sent = sum([attempt.left for attempt in attempts])
    unreported = sum([a.cost for a in attempts if a.usage_source in _UNREPORTED])
    countries = next((a.region for a in attempts), countries_in(place[1]))
    return Destination(*place, int(own), sent, sum([a.cost for a in attempts]), usage, countries, unreported)
