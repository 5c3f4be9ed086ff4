from __future__ import annotations

import pytest

from gateway.console.browser import Browser, path_within
from gateway.core.errors import NotAllowed

TOKEN = "t" * 43


@pytest.mark.parametrize(
    ("headers", "origin", "may_sign_in"),
    [
        ({"host": "127.0.0.1:8080"}, "http://127.0.0.1:8080", True),
        ({"host": "localhost"}, "http://localhost", True),
        ({"host": "[::1]:8080"}, "http://[::1]:8080", True),
        ({"host": "llm.example.org"}, "http://llm.example.org", False),
        ({"host": "127.0.0.1.evil.example"}, "http://127.0.0.1.evil.example", False),
        ({"host": "llm.example.org", "x-forwarded-proto": "https, http"}, "https://llm.example.org", True),
        ({"host": 'a"><script>'}, "http://localhost", True),
        ({}, "http://localhost", True),
    ],
)
def test_a_session_needs_tls_or_the_machine_itself(headers: dict[str, str], origin: str, may_sign_in: bool) -> None:
    browser = Browser(headers)
    assert (browser.origin, browser.may_sign_in) == (origin, may_sign_in)


@pytest.mark.parametrize(
    ("cookie", "token"),
    [(f"sc={TOKEN}", TOKEN), (f"a=b; sc={TOKEN}; c", TOKEN), (f"__Host-sc={TOKEN}", ""), ("sc=short", ""), ("", "")],
)
def test_the_cookie_of_the_connection_alone_is_read(cookie: str, token: str) -> None:
    assert Browser({"host": "127.0.0.1", "cookie": cookie}).token == token
    secured = cookie.replace("__Host-sc", "x").replace("sc=", "__Host-sc=")
    assert Browser({"host": "127.0.0.1", "cookie": secured, "x-forwarded-proto": "https"}).token == token


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"origin": "http://127.0.0.1:8080"}, True),
        ({"origin": "http://127.0.0.1:9090"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_forms_of_other_sites_are_refused(headers: dict[str, str], passes: bool) -> None:
    browser = Browser({"host": "127.0.0.1:8080", **headers})
    if passes:
        browser.check_sender()
    else:
        with pytest.raises(NotAllowed):
            browser.check_sender()


@pytest.mark.parametrize("path", ["/console/models?q=a&lab=b", "/console/receipts/01J"])
def test_a_page_of_this_gateway_may_be_led_to(path: str) -> None:
    assert path_within(path, "/x") == path


@pytest.mark.parametrize("path", ["/v1/models", "//evil", "/console//evil", "/console/\nx", "/console/é", ""])
def test_nothing_else_may(path: str) -> None:
    assert path_within(path, "/x") == "/x"
