"""Every SDK against every route: what its user sees does not depend on what the route speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.sdk.expected import asked, metered, shown, through
from tests.sdk.faults import BROKEN, class_of, refusal
from tests.sdk.gateway import ROUTES, UPSTREAM_MODEL, Running, model_of, route_of
from tests.sdk.results import Result
from tests.sdk.scenarios import SCENARIOS
from tests.sdk.stage import CLIENTS, DIALECT_OF, Stage

SERVED: Final = [name for name in SCENARIOS if name not in ("error", "broken", "disconnect")]
VERSIONS: Final = [
    (client, version)
    for clients, versions in (
        (("python-anthropic", "node-anthropic"), ("2023-06-01", "2026-10-21")),
        (("python-google", "node-google"), ("v1", "v1beta")),
    )
    for client in clients
    for version in versions
]
WORDS: Final[Mapping[str, tuple[Any, Any, Any]]] = {
    "openai_chat": ("context_length_exceeded", "unknown_key", "model_not_found"),
    "openai_responses": ("context_length_exceeded", "unknown_key", "model_not_found"),
    "anthropic_messages": ("invalid_request_error", "authentication_error", "not_found_error"),
    "google_generate": ("INVALID_ARGUMENT", "UNAUTHENTICATED", "NOT_FOUND"),
}
"""By the client's dialect: the word for a request that the provider refuses, for an unknown key, an unknown model."""


def plays(stage: Stage, gateway: Running, client: str, route: str, scenario: str) -> Result:
    return stage.plays(client, scenario, model_of(route), base_url=gateway.base_url, key=gateway.key)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("scenario", SERVED)
def test_a_client_is_served_alike_whatever_its_route_speaks(
    stage: Stage, gateway: Running, client: str, route: str, scenario: str
) -> None:
    result = plays(stage, gateway, client, route, scenario)
    assert replace(result, headers={}) == shown(scenario, route)
    assert result.headers["x-safeconduct-route"] == route_of(route)
    (attempt,) = gateway.receipt(result.headers["x-safeconduct-receipt"])["attempts"]
    assert (attempt["usage"], attempt["usage_source"]) == (metered(scenario, route), "provider")
    requests = stage.seen()
    assert {dialect for dialect, _ in requests} == {route}
    assert [seen for _, seen in requests] == [through(client, route, seen) for seen in asked(scenario, UPSTREAM_MODEL)]


@pytest.mark.parametrize(("client", "version"), VERSIONS)
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("scenario", ["plain", "stream", "tools", "structured", "tool_round"])
def test_every_version_of_an_api_is_served_alike(
    stage: Stage, gateway: Running, client: str, version: str, route: str, scenario: str
) -> None:
    where = {"base_url": gateway.base_url, "key": gateway.key}
    result = stage.plays(client, scenario, model_of(route), version=version, **where)
    assert replace(result, headers={}) == shown(scenario, route)
    if route == DIALECT_OF[client] == "anthropic_messages":
        assert set(stage.told("anthropic-version")) == {version}, "passed on to a provider that speaks it"


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_request_that_the_provider_refuses_is_refused_in_the_clients_words(
    stage: Stage, gateway: Running, client: str, route: str
) -> None:
    refused = refusal(plays(stage, gateway, client, route, "error"))
    assert refused == (class_of(client, 400), 400, WORDS[DIALECT_OF[client]][0])


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_stream_that_breaks_off_is_an_error_and_no_end(
    stage: Stage, gateway: Running, client: str, route: str
) -> None:
    name, *_ = refusal(plays(stage, gateway, client, route, "broken"))
    assert name == BROKEN[client]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("route", ROUTES)
def test_a_provider_is_left_when_the_client_leaves(stage: Stage, gateway: Running, client: str, route: str) -> None:
    result = plays(stage, gateway, client, route, "disconnect")
    assert (result.text, result.finish) == (shown("disconnect").text, "left")
    stage.left()


@pytest.mark.parametrize("client", CLIENTS)
def test_an_unknown_key_is_refused_in_the_clients_words(stage: Stage, gateway: Running, client: str) -> None:
    result = stage.plays(client, "plain", model_of("openai_chat"), base_url=gateway.base_url, key="sc_" + "y" * 43)
    assert refusal(result) == (class_of(client, 401), 401, WORDS[DIALECT_OF[client]][1])
    assert stage.seen() == []


@pytest.mark.parametrize("client", CLIENTS)
def test_an_unknown_model_is_refused_in_the_clients_words(stage: Stage, gateway: Running, client: str) -> None:
    result = stage.plays(client, "plain", "no-such-model", base_url=gateway.base_url, key=gateway.key)
    assert refusal(result) == (class_of(client, 404), 404, WORDS[DIALECT_OF[client]][2])
    assert stage.seen() == []
