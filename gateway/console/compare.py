"""Compare: two to five models or routes side by side, with the cost of a typical request."""

from __future__ import annotations

from gateway.console.catalogue import viewer_of
from gateway.console.page import Audience, ConsolePage, PageAnswer, Visit
from gateway.console.queries import without_empty
from gateway.core.errors import InvalidRequest
from gateway.views.comparison import ComparisonView, typical_request

_KNOWN = frozenset({"m", "route", "input", "output", "cached"})


def compare_page() -> ConsolePage:
    """`/console/compare`."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        if unknown := sorted(visit.query.keys() - _KNOWN):
            raise InvalidRequest(f"`{unknown[0][:40]}`: unknown member.", field=unknown[0][:40])
        request = typical_request((visit.first("input"), visit.first("output"), visit.first("cached")))
        snapshot = visit.in_force.snapshot
        comparison = ComparisonView(snapshot, viewer_of(visit), visit.now.date(), request)
        models, routes = visit.query.get("m", ()), visit.query.get("route", ())
        for _ in comparison.steps(models, routes):
            await visit.turns.take()
        names = sorted((model.name, model.id) for model in snapshot.models.values())
        return {
            **comparison.view(),
            "m": list(models),
            "route": list(routes),
            "models": [{"id": id, "name": name} for name, id in names],
        }

    return ConsolePage("/compare", "compare.html", show, Audience.CATALOGUE, label="Compare", scripts=("compare.js",))
