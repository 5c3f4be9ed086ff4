"""Lists of models, as the SDKs of each family read them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from anthropic.types import ModelInfo
from openai.types import Model as OpenAIModel

from gateway.core.catalog import Model
from gateway.core.posture import Posture, Training
from gateway.views.catalogue import Viewer
from gateway.views.listings import (
    ENTRIES,
    LISTS,
    anthropic_model,
    anthropic_models,
    google_model,
    google_models,
    model_entry,
    openai_model,
    openai_models,
    usable,
)
from gateway.views.offers import ModelOffer, offer_terms
from tests.builders import (
    TODAY,
    a_model,
    a_policy,
    a_posture,
    a_provider,
    a_route,
    a_snapshot,
    demanded_by,
    facts_of,
    some_abilities,
    some_means,
)

TRAINS = a_provider("beta", facts=facts_of(a_posture(training=Training.YES)))
LARGE = a_model("large", aliases=("big",))
SNAPSHOT = a_snapshot(
    a_route("alpha"),
    a_route(TRAINS),
    a_route(TRAINS, LARGE),
    a_route("gamma", LARGE, variant="fast"),
    aliases={"big": "large"},
)
NO_TRAINING = demanded_by(a_policy("no-training", bound=Posture(training=Training.NO)))
NAMES = ["small", "alpha/small", "large", "gamma/large"]


def an_offer(model: Model, name: str = "") -> ModelOffer:
    """A model with one route, at `alpha`."""
    return ModelOffer(name or model.id, model, (a_route(model=model),))


def a_viewer(*providers: str) -> Viewer:
    return Viewer(NO_TRAINING, some_means(*providers), TODAY)


def test_models_are_those_this_caller_can_use_now_bare_and_pinned() -> None:
    offers = list(usable(a_viewer(), SNAPSHOT))
    assert [offer.name for offer in offers] == NAMES
    assert [offer.model.id for offer in offers] == ["small", "small", "large", "large"]
    assert [[str(route.id) for route in offer.routes] for offer in offers] == [
        ["alpha/small"],
        ["alpha/small"],
        ["gamma/large@fast"],
        ["gamma/large@fast"],
    ]
    assert list(usable(a_viewer("beta"), SNAPSHOT)) == []


def test_a_provider_with_several_variants_is_listed_once() -> None:
    snapshot = a_snapshot(a_route(variant="a"), a_route(variant="b"))
    offers = list(usable(a_viewer(), snapshot))
    assert [(offer.name, len(offer.routes)) for offer in offers] == [("small", 2), ("alpha/small", 2)]


def test_every_family_lists_the_same_models() -> None:
    openai: Any = openai_models(a_viewer(), SNAPSHOT)
    anthropic: Any = anthropic_models(a_viewer(), SNAPSHOT)
    google: Any = google_models(a_viewer(), SNAPSHOT)
    assert openai["object"] == "list"
    assert [entry["id"] for entry in openai["data"]] == NAMES
    assert [entry["id"] for entry in anthropic["data"]] == NAMES
    assert [entry["name"] for entry in google["models"]] == [f"models/{name}" for name in NAMES]
    assert (anthropic["first_id"], anthropic["last_id"], anthropic["has_more"]) == ("small", "gamma/large", False)


def test_a_caller_that_may_use_nothing_gets_an_empty_list() -> None:
    nobody = a_viewer("beta")
    assert openai_models(nobody, SNAPSHOT) == {"object": "list", "data": []}
    assert anthropic_models(nobody, SNAPSHOT) == {"data": [], "has_more": False, "first_id": None, "last_id": None}
    assert google_models(nobody, SNAPSHOT) == {"models": []}


def test_there_is_a_list_and_an_entry_for_each_family() -> None:
    assert set(LISTS) == set(ENTRIES) == {"openai", "anthropic", "google"}


UNKNOWN = a_model("dark", abilities=some_abilities(context=None, max_output=None), kind="transcription")
MODELS = [a_model(released="2026-03-01"), a_model(released="2026-03"), UNKNOWN, a_model("vectors", kind="embedding")]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id + m.released)
def test_each_entry_is_what_the_official_sdks_read(model: Model) -> None:
    name = f"alpha/{model.id}"
    offer = an_offer(model, name)
    terms = offer_terms(offer, SNAPSHOT, TODAY)
    read = OpenAIModel.model_validate(openai_model(offer, terms), strict=True)
    assert (read.id, read.owned_by, read.created) == (name, "lab", 0)
    info = ModelInfo.model_validate_json(orjson.dumps(anthropic_model(offer, terms)), strict=True)
    assert (info.id, info.display_name, info.type, info.lifecycle) == (name, model.name, "model", "active")


@pytest.mark.parametrize(
    ("released", "said"),
    [("2026-03-01", "2026-03-01T00:00:00Z"), ("2026-03", "1970-01-01T00:00:00Z"), ("", "1970-01-01T00:00:00Z")],
)
def test_a_day_that_is_not_known_is_never_made_up(released: str, said: str) -> None:
    assert anthropic_model(an_offer(a_model(released=released)), {})["created_at"] == said


def test_limits_stand_where_they_are_known() -> None:
    known, unknown = anthropic_model(an_offer(a_model()), {}), anthropic_model(an_offer(UNKNOWN), {})
    assert (known["max_input_tokens"], known["max_tokens"]) == (128_000, 16_384)
    assert (unknown["max_input_tokens"], unknown["max_tokens"]) == (None, None)
    assert google_model(an_offer(a_model()), {}) == {
        "name": "models/small",
        "version": "",
        "displayName": "Small",
        "inputTokenLimit": 128_000,
        "outputTokenLimit": 16_384,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    }
    assert set(google_model(an_offer(UNKNOWN), {})) == {"name", "version", "displayName", "supportedGenerationMethods"}


@pytest.mark.parametrize(
    ("kind", "methods"),
    [
        ("chat", ["generateContent", "streamGenerateContent", "countTokens"]),
        ("embedding", ["embedContent", "batchEmbedContents"]),
        ("transcription", []),
    ],
)
def test_google_is_told_what_a_model_is_for(kind: str, methods: list[str]) -> None:
    assert google_model(an_offer(a_model(kind=kind)), {})["supportedGenerationMethods"] == methods


def test_every_shape_carries_price_context_abilities_and_treatment_beside_its_own_members() -> None:
    """A picker that knows one of the three shapes finds the members of every other picker there too."""
    terms = offer_terms(an_offer(a_model(), "alpha/small"), SNAPSHOT, TODAY)
    for family in LISTS:
        entry = model_entry(family, an_offer(a_model(), "alpha/small"), a_viewer(), SNAPSHOT)
        assert {**entry, **terms} == entry
        assert entry in _entries(LISTS[family](a_viewer(), SNAPSHOT))
    assert model_entry("openai", an_offer(a_model(), "alpha/small"), a_viewer(), SNAPSHOT)["name"] == "Small (Alpha)"


def _entries(page: dict[str, Any]) -> list[dict[str, Any]]:
    return list(page["data"] if "data" in page else page["models"])
