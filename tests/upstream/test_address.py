"""Base URLs: where they lead, and where a call may go without TLS."""

from __future__ import annotations

import pytest

from gateway.upstream.address import Origin, ProviderAddress, address
from gateway.upstream.faults import UpstreamFault


def _outcome(base_url: str, *, plain_http: bool) -> str:
    """Whether a call may go there, or the kind of fault."""
    try:
        address(base_url, plain_http=plain_http)
    except UpstreamFault as fault:
        return f"{fault.kind}, {fault.sent}"
    return "called"


@pytest.mark.parametrize(
    ("base_url", "plain_http", "outcome"),
    [
        ("https://api.provider.example/v1", False, "called"),
        ("http://127.0.0.1:8000/v1", False, "called"),
        ("http://[::1]:8000/v1", False, "called"),
        ("http://localhost/v1", False, "called"),
        ("http://api.provider.example/v1", False, "plaintext, nothing"),
        ("http://127.0.0.1.provider.example/v1", False, "plaintext, nothing"),
        ("http://localhost.provider.example/v1", False, "plaintext, nothing"),
        ("http://10.0.0.7:8000/v1", False, "plaintext, nothing"),
        ("http://10.0.0.7:8000/v1", True, "called"),
        ("http://vllm.internal:8000/v1", True, "called"),
        ("ftp://127.0.0.1/v1", True, "plaintext, nothing"),
        ("/v1", True, "plaintext, nothing"),
        ("https:///v1", False, "unsendable, nothing"),
        ("https://user:secret@provider.example/v1", False, "unsendable, nothing"),
        ("https://provider.example/v1?key=secret", False, "unsendable, nothing"),
        ("https://provider.example:notaport/v1", False, "unsendable, nothing"),
        ("https://provider.example/\udc80", False, "unsendable, nothing"),
    ],
)
def test_goes_without_tls_only_to_loopback_and_to_declared_targets(
    base_url: str, plain_http: bool, outcome: str
) -> None:
    assert _outcome(base_url, plain_http=plain_http) == outcome


@pytest.mark.parametrize(
    ("base_url", "parsed"),
    [
        ("https://a.example/v1/x", ProviderAddress(Origin("a.example", 443, True), "a.example", "/v1/x")),
        ("https://a.example:8443", ProviderAddress(Origin("a.example", 8443, True), "a.example:8443", "")),
        ("https://a.example:443/v1/", ProviderAddress(Origin("a.example", 443, True), "a.example", "/v1")),
        ("http://[::1]:8000/v1", ProviderAddress(Origin("::1", 8000, False), "[::1]:8000", "/v1")),
        (
            "https://bücher.example/a b",
            ProviderAddress(Origin("xn--bcher-kva.example", 443, True), "xn--bcher-kva.example", "/a%20b"),
        ),
    ],
)
def test_an_address_holds_origin_host_and_path(base_url: str, parsed: ProviderAddress) -> None:
    assert address(base_url) == parsed


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("localhost", True), ("127.8.9.1", True), ("::1", True), ("10.0.0.1", False), ("a.localhost.example", False)],
)
def test_loopback_is_this_machine_alone(host: str, is_loopback: bool) -> None:
    assert Origin(host, 80, False).is_loopback is is_loopback
