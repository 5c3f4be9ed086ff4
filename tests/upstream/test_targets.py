"""Targets: where a provider record is called, and with which credential."""

from __future__ import annotations

import pytest

from gateway.core.catalog import Auth
from gateway.upstream.address import Origin
from gateway.upstream.credentials import NO_CREDENTIAL, UnsignedRequest
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.targets import Target, static_credential, target
from tests.builders import a_connection, a_provider

REQUEST = UnsignedRequest("POST", "a.example", "/v1/chat", (), b"{}")


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        (Auth.BEARER, ("authorization", "Bearer hush")),
        (Auth.X_API_KEY, ("x-api-key", "hush")),
        (Auth.API_KEY, ("api-key", "hush")),
        (Auth.X_GOOG_API_KEY, ("x-goog-api-key", "hush")),
    ],
)
def test_the_credential_stands_in_the_header_that_the_record_names(auth: Auth, header: tuple[str, str]) -> None:
    provider = a_provider(connection=a_connection(auth=auth))
    assert static_credential(provider.connection, "hush").headers(REQUEST) == (header,)


def test_a_provider_without_authorisation_gets_no_credential() -> None:
    provider = a_provider(connection=a_connection(auth=Auth.NONE))
    assert static_credential(provider.connection, "hush") is NO_CREDENTIAL


def test_a_credential_never_shows_in_a_repr() -> None:
    made = target(a_provider(), static_credential(a_connection(), "hush"), {})
    assert "hush" not in repr((made, made.credential))


def test_settings_complete_the_address() -> None:
    azure = a_provider(
        connection=a_connection(base_url="https://{resource}.example/openai/v1/", settings=("resource",))
    )
    made = target(azure, NO_CREDENTIAL, {"resource": "ours"})
    assert (made.address.origin, made.address.path) == (Origin("ours.example", 443, True), "/openai/v1")
    with pytest.raises(KeyError):
        target(azure, NO_CREDENTIAL, {})


def test_a_record_with_an_http_address_is_called_without_tls() -> None:
    ours = a_provider(connection=a_connection(base_url="http://vllm.internal:8000/v1"))
    assert target(ours, NO_CREDENTIAL, {}).address.origin == Origin("vllm.internal", 8000, False)


@pytest.mark.parametrize(
    ("base_url", "kind"), [("http://vllm.internal/v1", "plaintext"), ("https://our resource.example", "unsendable")]
)
def test_an_address_that_cannot_be_called_refuses_each_call(base_url: str, kind: str) -> None:
    made = Target(base_url)
    for _ in range(2):
        with pytest.raises(UpstreamFault) as caught:
            made.address  # noqa: B018  # reading it raises
        assert (caught.value.kind, caught.value.sent) == (kind, "nothing")
