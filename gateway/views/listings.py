"""The models that a caller can use, as each family of SDKs lists them (wire contract §1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from gateway.core.errors import Json
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY
from gateway.views.catalogue import Viewer
from gateway.views.offers import ModelOffer, offer_terms

EPOCH: Final = "1970-01-01T00:00:00Z"
"""Stands for an unknown date of release, where the SDK demands a date."""


def usable(viewer: Viewer, snapshot: Snapshot) -> Iterable[ModelOffer]:
    """Every model that this caller can use now, also pinned to each provider that may serve it."""
    for model in snapshot.models.values():
        routes = viewer.eligible(model, snapshot)
        if routes:
            yield ModelOffer(model.id, model, tuple(routes))
            for provider in dict.fromkeys(route.provider.id for route in routes):
                pinned = tuple(route for route in routes if route.provider.id == provider)
                yield ModelOffer(f"{provider}/{model.id}", model, pinned)


def openai_model(offer: ModelOffer, terms: Mapping[str, Json]) -> dict[str, Json]:
    """One entry of OpenAI's list. `created` is 0: the date is unknown for most models."""
    entry: dict[str, Json] = {"id": offer.name, "object": "model", "created": 0, "owned_by": offer.model.lab}
    return {**entry, "name": offer.label, **terms}


def anthropic_model(offer: ModelOffer, terms: Mapping[str, Json]) -> dict[str, Json]:
    """One entry of Anthropic's list."""
    model = offer.model
    return {
        "type": "model",
        "id": offer.name,
        "display_name": model.name,
        "created_at": f"{model.released}T00:00:00Z" if len(model.released) == len("2026-01-01") else EPOCH,
        "lifecycle": "active",
        "max_input_tokens": model.abilities.context,
        "max_tokens": model.abilities.max_output,
        "capabilities": None,
        **terms,
    }


def _methods(kind: str) -> list[Json]:
    return [name for name, (_, verb) in REGISTRY.verbs.items() if verb.operation.model_kind == kind]


def google_model(offer: ModelOffer, terms: Mapping[str, Json]) -> dict[str, Json]:
    """One entry of Google's list, with the limits that are known."""
    model = offer.model
    entry: dict[str, Json] = {"name": f"models/{offer.name}", "version": "", "displayName": model.name}
    limits = {"inputTokenLimit": model.abilities.context, "outputTokenLimit": model.abilities.max_output}
    entry |= {key: limit for key, limit in limits.items() if limit is not None}
    return {**entry, "supportedGenerationMethods": _methods(model.kind), **terms}


ListEntry: TypeAlias = Callable[[ModelOffer, Mapping[str, Json]], dict[str, Json]]
ENTRIES: Final[Mapping[str, ListEntry]] = {"openai": openai_model, "anthropic": anthropic_model, "google": google_model}


def _entries(family: str, viewer: Viewer, snapshot: Snapshot) -> list[dict[str, Json]]:
    entry = ENTRIES[family]
    return [entry(offer, offer_terms(offer, snapshot, viewer.today)) for offer in usable(viewer, snapshot)]


def openai_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """OpenAI's list."""
    return {"object": "list", "data": _entries("openai", viewer, snapshot)}


def anthropic_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """Anthropic's list: all models on one page, whatever page the client asks for."""
    data = _entries("anthropic", viewer, snapshot)
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"data": data, "has_more": False, "first_id": first, "last_id": last}


def google_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """Google's list."""
    return {"models": _entries("google", viewer, snapshot)}


ListPage: TypeAlias = Callable[[Viewer, Snapshot], dict[str, Json]]
LISTS: Final[Mapping[str, ListPage]] = {
    "openai": openai_models,
    "anthropic": anthropic_models,
    "google": google_models,
}


def model_entry(family: str, offer: ModelOffer, viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """One model, as the SDKs of that family read it."""
    return ENTRIES[family](offer, offer_terms(offer, snapshot, viewer.today))
