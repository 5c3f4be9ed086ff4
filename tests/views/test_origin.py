"""The gateway's address as a sender reached it."""

from __future__ import annotations

import pytest

from gateway.views.origin import origin_of


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"host": "llm.example.org"}, "http://llm.example.org"),
        ({"host": "llm.example.org:8443", "x-forwarded-proto": "https, http"}, "https://llm.example.org:8443"),
        ({"host": "[::1]:8080"}, "http://[::1]:8080"),
        ({"host": "a b"}, "http://localhost"),
        ({"host": "a'; rm -rf /"}, "http://localhost"),
        ({"host": "a\nb"}, "http://localhost"),
        ({}, "http://localhost"),
    ],
)
def test_the_address_is_that_of_the_host_header_where_it_can_be_one(headers: dict[str, str], url: str) -> None:
    assert origin_of(headers).url == url


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1:1", True), ("localhost", True), ("[::1]", True), ("127.0.0.1.example", False)]
)
def test_loopback_is_this_machine(host: str, here: bool) -> None:
    assert origin_of({"host": host}).on_loopback is here
