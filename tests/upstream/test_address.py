"""What the calls of a route share: where they may go, and the bytes of their head."""

from __future__ import annotations

import pytest

from gateway.upstream.address import Origin, address, plain_origin
from gateway.upstream.calls import UpstreamFault

KEY = "sk-the-operators-own-key"


def _outcome(url: str, plain_http: tuple[str, ...]) -> str:
    """Whether a call may go there, or the kind of fault."""
    try:
        address(url, (("x-api-key", KEY),), frozenset(map(plain_origin, plain_http)))
    except UpstreamFault as fault:
        return f"{fault.kind}, {fault.sent}"
    return "prepared"


@pytest.mark.parametrize(
    ("url", "plain_http", "outcome"),
    [
        ("https://api.provider.example/v1", (), "prepared"),
        ("http://127.0.0.1:8000/v1", (), "prepared"),
        ("http://[::1]:8000/v1", (), "prepared"),
        ("http://localhost/v1", (), "prepared"),
        ("http://api.provider.example/v1", (), "plaintext, nothing"),
        ("http://127.0.0.1.provider.example/v1", (), "plaintext, nothing"),
        ("http://localhost.provider.example/v1", (), "plaintext, nothing"),
        ("http://10.0.0.7:8000/v1", (), "plaintext, nothing"),
        ("http://vllm.internal:8000/v1", ("http://vllm.internal:8000",), "prepared"),
        ("http://vllm.internal/v1", ("http://VLLM.internal:80/",), "prepared"),
        ("http://vllm.internal:8001/v1", ("http://vllm.internal:8000",), "plaintext, nothing"),
        ("ftp://127.0.0.1/v1", (), "plaintext, nothing"),
        ("/v1", (), "plaintext, nothing"),
        ("https:///v1", (), "unsendable, nothing"),
        ("https://user:secret@provider.example/v1", (), "unsendable, nothing"),
        ("https://provider.example:notaport/v1", (), "unsendable, nothing"),
        ("https://provider.example/\udc80", (), "unsendable, nothing"),
    ],
)
def test_goes_without_tls_only_to_loopback_and_where_the_operator_says(
    url: str, plain_http: tuple[str, ...], outcome: str
) -> None:
    assert _outcome(url, plain_http) == outcome


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-api-key", f"{KEY}\r\nx-injected: 1"), ("x-api-key", f"{KEY}\u20ac"), ("x-api-key\r\nx", KEY), ("", KEY)],
)
def test_a_header_that_would_be_another_is_refused_without_its_words(name: str, value: str) -> None:
    with pytest.raises(UpstreamFault) as caught:
        address("https://provider.example/v1", ((name, value),))
    assert (caught.value.kind, caught.value.sent) == ("unsendable", "nothing")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "origin", "line", "host"),
    [
        ("https://a.example/v1/x", Origin("a.example", 443, True), b"/v1/x", b"a.example"),
        ("https://a.example:8443", Origin("a.example", 8443, True), b"/", b"a.example:8443"),
        ("https://a.example:443/v1?x=a b", Origin("a.example", 443, True), b"/v1?x=a%20b", b"a.example"),
        ("http://[::1]:8000/v1", Origin("::1", 8000, False), b"/v1", b"[::1]:8000"),
        ("https://bücher.example/", Origin("xn--bcher-kva.example", 443, True), b"/", b"xn--bcher-kva.example"),
    ],
)
def test_an_address_says_where_to_connect_and_what_to_ask_for(
    url: str, origin: Origin, line: bytes, host: bytes
) -> None:
    prepared = address(url, ())
    assert prepared.origin == origin
    assert prepared.head.startswith(b"POST " + line + b" HTTP/1.1\r\nhost: " + host + b"\r\n")
    assert prepared.head.endswith(b"\r\ncontent-length: ")


def test_an_address_shows_no_credential() -> None:
    prepared = address("https://a.example/", (("authorization", f"Bearer {KEY}"),))
    assert KEY.encode() in prepared.head
    assert KEY not in repr(prepared)
