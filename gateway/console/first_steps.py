"""First steps: the address, a key, a request to paste, settings of clients, and the meaning of a refusal."""

from __future__ import annotations

from gateway.console.catalogue import Catalogue
from gateway.console.page import Audience, ConsolePage, View, Visit
from gateway.views.clients import client_settings
from gateway.views.snippets import KEY_VARIABLE, agent_prompt, call_snippets

_CHAT = "chat"


def first_steps_page(catalogue: Catalogue) -> ConsolePage:
    """`/console/first-steps`."""

    async def show(visit: Visit) -> View:
        index = await catalogue.index(visit)
        viewer = await catalogue.viewer(index, visit)
        chat = 0
        for name, mask in index.models.items():
            chat |= mask if index.snapshot.models[name].kind == _CHAT else 0
        usable = chat & (viewer.usable if viewer else index.everything)
        model = index.cheapest_model(usable or chat)
        return {
            "origin": visit.origin,
            "key_variable": KEY_VARIABLE,
            "model": model,
            "may_use": bool(usable) if viewer else None,
            "snippets": call_snippets(visit.origin, model, _CHAT) if model else [],
            "agent_prompt": agent_prompt(visit.origin, model) if model else None,
            "clients": client_settings(visit.origin, model) if model else [],
        }

    return ConsolePage("/first-steps", "first_steps.html", show, Audience.CATALOGUE, label="First steps")
