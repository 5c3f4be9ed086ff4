"""What SDKs ask beside conversations: lists of models, counts of tokens, vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from tests.sdk.gateway import EMBEDDING, ROUTES, Running, model_of
from tests.sdk.shapes.vectors import VECTORS
from tests.sdk.stage import EMBEDDERS, Stage

LISTING: Final[Mapping[str, str]] = {
    "python-openai-small": "",
    "python-anthropic-small": "",
    "python-google-small": "models/",
    "node-openai-small": "",
    "node-anthropic-small": "",
    "node-google-small": "models/",
}
"""The clients, and what their dialect puts before a model's name."""


@pytest.mark.parametrize("client", LISTING)
def test_an_sdk_lists_the_models_and_finds_each(stage: Stage, gateway: Running, client: str) -> None:
    names = {LISTING[client] + model_of(dialect) for dialect in ROUTES}
    listed = stage.tells(client, "models", "", base_url=gateway.base_url, key=gateway.key)
    assert names <= set(listed)
    assert len(listed) == len(set(listed))
    for dialect in ROUTES:
        model = model_of(dialect)
        found = stage.tells(client, "model", model, base_url=gateway.base_url, key=gateway.key)
        assert found == LISTING[client] + model


@pytest.mark.parametrize("client", LISTING)
@pytest.mark.parametrize("route", ROUTES)
def test_an_sdk_counts_tokens_without_asking_a_provider(
    stage: Stage, gateway: Running, client: str, route: str
) -> None:
    counted = stage.tells(client, "count", model_of(route), base_url=gateway.base_url, key=gateway.key)
    assert 4 <= counted <= 12, "four words and a mark"
    assert stage.asked == []


@pytest.mark.parametrize("client", EMBEDDERS)
@pytest.mark.parametrize("route", EMBEDDING)
def test_an_sdk_gets_the_same_vectors_from_every_route(stage: Stage, gateway: Running, client: str, route: str) -> None:
    model = model_of(route, "embedding")
    found = stage.tells(client, "embeddings", model, base_url=gateway.base_url, key=gateway.key)
    assert found == list(VECTORS.values())
    assert len(stage.asked) == 1
