"""Addresses and credentials of providers."""

from __future__ import annotations

import pytest

from gateway.core.catalog import Auth
from gateway.upstream.targets import Target, plain_origins, target
from tests.builders import a_connection, a_provider


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (Auth.BEARER, ("authorization", "Bearer hush")),
        (Auth.X_API_KEY, ("x-api-key", "hush")),
        (Auth.API_KEY, ("api-key", "hush")),
        (Auth.X_GOOG_API_KEY, ("x-goog-api-key", "hush")),
    ],
)
def test_the_credential_goes_where_the_provider_wants_it(auth: Auth, header: tuple[str, str]) -> None:
    assert header in target(a_provider(connection=a_connection(auth=auth)), "hush", {}).headers


def test_a_provider_that_wants_none_gets_none() -> None:
    assert "hush" not in str(target(a_provider(connection=a_connection(auth=Auth.NONE)), "hush", {}).headers)


def test_a_credential_never_shows_in_a_repr() -> None:
    assert "hush" not in repr(target(a_provider(), "hush", {}))


def test_settings_complete_the_address() -> None:
    azure = a_provider(
        connection=a_connection(base_url="https://{resource}.example/openai/v1/", settings=("resource",))
    )
    assert target(azure, "hush", {"resource": "ours"}).url("/chat/completions") == (
        "https://ours.example/openai/v1/chat/completions"
    )
    with pytest.raises(KeyError):
        target(azure, "hush", {})


def test_plain_origins_are_those_without_tls() -> None:
    targets = {
        "a": Target("https://a.example/v1", ()),
        "b": Target("http://vllm.internal:8000/v1", ()),
    }
    assert plain_origins(targets) == {"http://vllm.internal:8000"}
