"""The models a caller can use, as each family of SDKs lists them (wire contract §1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.asgi.addresses import Family
from gateway.core.catalog import Model, Route
from gateway.core.errors import Json
from gateway.core.snapshot import Snapshot
from gateway.views.catalogue import Viewer

EPOCH: Final = "1970-01-01T00:00:00Z"
"""When a model was made is unknown for most; this says so where the SDK wants a date."""


def usable(viewer: Viewer, snapshot: Snapshot) -> Iterable[tuple[str, Model]]:
    """(name, model): the models this caller can use now, each also pinned to every provider that may serve it."""
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
    """One entry of it. `created` is unknown for most models; 0 says so."""
    return {"id": name, "object": "model", "created": 0, "owned_by": model.lab}


def anthropic_models(viewer: Viewer, snapshot: Snapshot) -> dict[str, Json]:
    """Anthropic's list: all of it on one page, whatever page was asked for."""
    data = [anthropic_model(name, model) for name, model in usable(viewer, snapshot)]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"data": data, "has_more": False, "first_id": first, "last_id": last}


def anthropic_model(name: str, model: Model) -> dict[str, Json]:
    """One entry of it."""
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


_VERBS: Final[Mapping[str, list[Json]]] = {
    "chat": ["generateContent", "streamGenerateContent", "countTokens"],
    "embedding": ["embedContent", "batchEmbedContents"],
}


def google_model(name: str, model: Model) -> dict[str, Json]:
    """One entry of it; limits only where they are known."""
    found: dict[str, Json] = {"name": f"models/{name}", "version": "", "displayName": model.name}
    limits = {"inputTokenLimit": model.abilities.context, "outputTokenLimit": model.abilities.max_output}
    found |= {key: limit for key, limit in limits.items() if limit is not None}
    return found | {"supportedGenerationMethods": _VERBS.get(model.kind, [])}


Page = Callable[[Viewer, Snapshot], dict[str, Json]]
LISTS: Final[Mapping[Family, Page]] = {
    "openai": openai_models,
    "anthropic": anthropic_models,
    "google": google_models,
}
ENTRIES: Final[Mapping[Family, Callable[[str, Model], dict[str, Json]]]] = {
    "openai": openai_model,
    "anthropic": anthropic_model,
    "google": google_model,
}
