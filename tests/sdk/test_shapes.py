"""The scripted providers are what the SDKs take them for: each SDK against its maker's shapes, without a gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest

from tests.sdk.expected import asked, shown, through
from tests.sdk.faults import BROKEN, class_of, refusal
from tests.sdk.scenarios import SCENARIOS
from tests.sdk.shapes.vectors import VECTORS
from tests.sdk.stage import CLIENTS, DIALECT_OF, EMBEDDERS, Stage

UNHAPPY: Final = ("error", "broken")
MODEL: Final = "scripted-1"
TOO_LONG: Final[Mapping[str, str]] = {
    "openai_chat": "context_length_exceeded",
    "openai_responses": "context_length_exceeded",
    "anthropic_messages": "invalid_request_error",
    "google_generate": "INVALID_ARGUMENT",
}
"""What a maker's own API calls a request that is too long."""


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in UNHAPPY])
def test_an_sdk_reads_its_makers_shapes_and_the_provider_reads_the_sdks(
    stage: Stage, client: str, scenario: str
) -> None:
    result = stage.plays(client, scenario, MODEL)
    assert replace(result, headers={}) == shown(scenario)
    requests = stage.seen()
    assert {dialect for dialect, _ in requests} == {DIALECT_OF[client]}
    told = [seen for _, seen in requests]
    assert told == [through(client, DIALECT_OF[client], seen) for seen in asked(scenario, MODEL)]
    if scenario == "disconnect":
        stage.left()


@pytest.mark.parametrize("client", CLIENTS)
def test_an_sdk_tells_its_user_that_a_request_is_refused(stage: Stage, client: str) -> None:
    refused = refusal(stage.plays(client, "error", MODEL))
    assert refused == (class_of(client, 400), 400, TOO_LONG[DIALECT_OF[client]])


@pytest.mark.parametrize("client", CLIENTS)
def test_an_sdk_tells_its_user_that_a_stream_broke(stage: Stage, client: str) -> None:
    name, *_ = refusal(stage.plays(client, "broken", MODEL))
    assert name == BROKEN[client]


@pytest.mark.parametrize("client", EMBEDDERS)
def test_an_sdk_reads_its_makers_vectors(stage: Stage, client: str) -> None:
    assert stage.tells(client, "embeddings", MODEL) == list(VECTORS.values())
    assert len(stage.asked) == 1
