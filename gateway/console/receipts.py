"""Receipts: a list with filters, and one receipt as a page."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from gateway.console.page import Audience, ConsolePage, PageAnswer, PageReport, Redirect, Visit
from gateway.console.queries import address, members_of, teams_seen, without_empty

OUTCOMES = ("served", "refused", "failed", "client_left", "interrupted", "corrected")


def receipts_pages(listed: PageReport, one: PageReport) -> Iterable[ConsolePage]:
    """`/console/receipts` and one page below it for each receipt."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        if named := visit.first("id").strip():
            return Redirect(f"{visit.path}/{quote(named, safe='')}")
        view = await listed(visit)
        following = view["next"]
        members = members_of(visit)
        further = address(visit.path, {**members, "before": str(following)}) if following else None
        snapshot = visit.in_force.snapshot
        choices = {
            "outcome": list(OUTCOMES),
            "team": teams_seen(visit),
            "model": sorted(snapshot.models),
            "provider": sorted(visit.in_force.means.credentials),
        }
        return {**view, "choices": choices, "further": further}

    yield ConsolePage("/receipts", "receipts.html", show, Audience.SIGNED_IN, label="Receipts")
    yield ConsolePage("/receipts/{id}", "receipt.html", one, Audience.SIGNED_IN)
