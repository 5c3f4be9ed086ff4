"""The models that a caller can use, as each family of SDKs lists them (wire contract §1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.core.catalog import Model, Route
from gateway.core.errors import Json
from gateway.core.snapshot import Snapshot
from gateway.dialects.registry import REGISTRY
from gateway.views.catalogue import Viewer

EPOCH: Final = "1970-01-01T00:00:00Z"
"""Stands for an unknown date of release, where the SDK demands a date."""


def usable(viewer: Viewer, snapshot: Snapshot) -> Iterable[tuple[str, Model]]:
    """(name, model) of every model that this caller can use now, also pinned to each provider that may serve it."""
    for model in snapshot.models.values():
        routes = viewer.eligible(model, snapshot)
        if routes:
            yield model.id, model
            for name in dict.fromkeys(_pinned(routes)):
                yield name, model


def _pinned(routes: Iterable[Route]) -> Iterable[str]:
    for route in routes:
        yield f"{route.provider.id}/{route.model.id}"


def openai_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """OpenAI's list."""
    return {"object": "list", "data": [openai_model(name, model) for name, model in usable(viewer, snapshot)]}


def openai_model(name: str, model: Model) -> dict[str, Json]:
    """One entry of OpenAI's list. `created` is 0: the date is unknown for most models."""
    return {"id": name, "object": "model", "created": 0, "owned_by": model.lab}


def anthropic_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """Anthropic's list: all models on one page, whatever page the client asks for."""
    data = [anthropic_model(name, model) for name, model in usable(viewer, snapshot)]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"data": data, "has_more": False, "first_id": first, "last_id": last}


def anthropic_model(name: str, model: Model) -> dict[str, Json]:
    """One entry of Anthropic's list."""
    return {
        "type": "model",
        "id": name,
        "display_name": model.name,
        "created_at": f"{model.released}T00:00:00Z" if len(model.released) == len("2026-01-01") else EPOCH,
        "lifecycle": "active",
        "max_input_tokens": model.abilities.context,
        "max_tokens": model.abilities.max_output,
        "capabilities": None,
    }


def google_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """Google's list."""
    return {"models": [google_model(name, model) for name, model in usable(viewer, snapshot)]}


def _methods(kind: str) -> list[Json]:
    return [name for name, (_, verb) in REGISTRY.verbs.items() if verb.operation.model_kind == kind]


def google_model(name: str, model: Model) -> dict[str, Json]:
    """One entry of Google's list, with the limits that are known."""
    entry: dict[str, Json] = {"name": f"models/{name}", "version": "", "displayName": model.name}
    limits = {"inputTokenLimit": model.abilities.context, "outputTokenLimit": model.abilities.max_output}
    entry |= {key: limit for key, limit in limits.items() if limit is not None}
    return entry | {"supportedGenerationMethods": _methods(model.kind)}


Page = Callable[[Viewer, Snapshot], dict[str, Json]]
LISTS: Final[Mapping[str, Page]] = {
    "openai": openai_models,
    "anthropic": anthropic_models,
    "google": google_models,
}
ENTRIES: Final[Mapping[str, Callable[[str, Model], dict[str, Json]]]] = {
    "openai": openai_model,
    "anthropic": anthropic_model,
    "google": google_model,
}
