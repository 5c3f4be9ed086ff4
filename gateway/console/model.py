"""Model page: a model, its routes, the treatment of content on each, benchmarks, and how to call it."""

from __future__ import annotations

from gateway.console.catalogue import viewer_of
from gateway.console.page import Audience, ConsolePage, View, Visit
from gateway.console.shell import reader_words
from gateway.core.errors import NotFound
from gateway.views.model_sheet import ModelSheet
from gateway.views.snippets import KEY_VARIABLE, agent_prompt, call_snippets


def model_page() -> ConsolePage:
    """`/console/models/{id}`."""
    return ConsolePage("/models/{id:path}", "model.html", _show, Audience.CATALOGUE)


async def _show(visit: Visit) -> View:
    snapshot = visit.in_force.snapshot
    model = snapshot.models.get(visit.parts["id"])
    if model is None:
        raise NotFound("This gateway knows no model of that name.")
    viewer = viewer_of(visit)
    sheet = ModelSheet(model, snapshot, viewer, visit.now.date())
    for _ in sheet.steps():
        await visit.turns.take()
    return {
        **sheet.view(),
        "reader": reader_words(visit.visitor) or None,
        "origin": visit.origin,
        "key_variable": KEY_VARIABLE,
        "snippets": call_snippets(visit.origin, model.id, model.kind),
        "agent_prompt": agent_prompt(visit.origin, model.id),
    }
