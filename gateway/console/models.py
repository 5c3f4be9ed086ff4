"""Models: every model of the catalogue."""

from __future__ import annotations

from gateway.console.page import Audience, ConsolePage, View, Visit


def models_page() -> ConsolePage:
    """`/console/models`."""
    return ConsolePage("/models", "models.html", _show, Audience.CATALOGUE, label="Models")


async def _show(visit: Visit) -> View:
    snapshot = visit.in_force.snapshot
    return {
        "models": [
            {"id": model.id, "name": model.name, "lab": model.lab, "routes": len(snapshot.routes_of[model.id])}
            for model in snapshot.models.values()
        ]
    }
