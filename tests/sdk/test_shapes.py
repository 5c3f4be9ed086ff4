"""The scripted providers are what the SDKs take them for: each SDK against its maker's shapes, without a gateway."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.sdk.expected import asked, shown
from tests.sdk.scenarios import SCENARIOS
from tests.sdk.stage import CLIENTS, DIALECT_OF, Stage

UNHAPPY: Final = ("error", "broken")
MODEL: Final = "scripted-1"
REFUSED: Final[dict[str, tuple[str, str]]] = {
    "python-openai-chat": ("BadRequestError", "context_length_exceeded"),
    "python-openai-responses": ("BadRequestError", "context_length_exceeded"),
    "python-anthropic": ("BadRequestError", "invalid_request_error"),
    "python-google": ("ClientError", "INVALID_ARGUMENT"),
    "node-openai-chat": ("BadRequestError", "context_length_exceeded"),
    "node-openai-responses": ("BadRequestError", "context_length_exceeded"),
    "node-anthropic": ("BadRequestError", "invalid_request_error"),
    "node-google": ("ApiError", "INVALID_ARGUMENT"),
    "node-ai-openai": ("APICallError", "context_length_exceeded"),
    "node-ai-openai-compatible": ("APICallError", "context_length_exceeded"),
    "node-ai-anthropic": ("APICallError", "invalid_request_error"),
    "node-ai-google": ("APICallError", "INVALID_ARGUMENT"),
}
"""The class and the code that a client's user sees of a request that is too long."""
BROKEN: Final[dict[str, str]] = {
    "python-openai-chat": "APIError",
    "python-openai-responses": "APIError",
    "python-anthropic": "APIStatusError",
    "python-google": "ServerError",
    "node-openai-chat": "APIError",
    "node-openai-responses": "APIError",
    "node-anthropic": "APIError",
    "node-google": "ApiError",
    "node-ai-openai": "StreamProviderError",
    "node-ai-openai-compatible": "StreamProviderError",
    "node-ai-anthropic": "StreamProviderError",
    "node-ai-google": "StreamProviderError",
}
"""The class that a client's user sees of a stream that ends with an error event."""


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
    assert told == [_as_told(client, seen) for seen in asked(scenario, MODEL)]
    if scenario == "disconnect":
        stage.left()


def _as_told(client: str, seen: Any) -> Any:
    """Chat Completions has no place for a signature."""
    return replace(seen, signatures=()) if DIALECT_OF[client] == "openai_chat" else seen


@pytest.mark.parametrize("client", CLIENTS)
def test_an_sdk_tells_its_user_that_a_request_is_refused(stage: Stage, client: str) -> None:
    error = stage.plays(client, "error", MODEL).error
    assert error is not None
    assert (error["class"], error["code"]) == REFUSED[client]
    assert error["status"] == 400


@pytest.mark.parametrize("client", CLIENTS)
def test_an_sdk_tells_its_user_that_a_stream_broke(stage: Stage, client: str) -> None:
    error = stage.plays(client, "broken", MODEL).error
    assert error is not None
    assert error["class"] == BROKEN[client]
