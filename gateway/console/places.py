"""Destinations of words: a tile grid map, the table that says the same, and the course of time."""

from __future__ import annotations

from gateway.console.page import Audience, ConsolePage, PageAnswer, PageReport, Visit
from gateway.console.queries import teams_seen, without_empty


def places_page(report: PageReport) -> ConsolePage:
    """`/console/places`."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        snapshot = visit.in_force.snapshot
        choices = {
            "team": teams_seen(visit),
            "policy": sorted(snapshot.policies),
            "provider": sorted(visit.in_force.means.credentials),
        }
        return {**await report(visit), "choices": choices}

    return ConsolePage("/places", "places.html", show, Audience.SIGNED_IN, label="Where words went")
