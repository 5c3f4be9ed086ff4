"""The operator's rules: the proxy's address, and the hosts that are reached without it."""

from __future__ import annotations

import base64

import pytest

from gateway.upstream.address import Origin
from gateway.upstream.egress import DIRECT, Egress, Proxy, proxy

COMPANY = Proxy(Origin("proxy.example", 3128, False))


@pytest.mark.parametrize(
    ("url", "origin", "login"),
    [
        ("http://proxy.example:3128", Origin("proxy.example", 3128, False), ""),
        ("http://proxy.example/", Origin("proxy.example", 80, False), ""),
        ("https://proxy.example", Origin("proxy.example", 443, True), ""),
        ("http://[::1]:8080", Origin("::1", 8080, False), ""),
        ("http://us%40er:p%3Ass@proxy.example:3128", Origin("proxy.example", 3128, False), "us@er:p:ss"),
        ("http://user@proxy.example:3128", Origin("proxy.example", 3128, False), "user:"),
    ],
)
def test_a_proxy_is_an_origin_and_a_login(url: str, origin: Origin, login: str) -> None:
    parsed = proxy(url)
    assert parsed.origin == origin
    assert base64.b64decode(parsed.authorization.removeprefix("Basic ")).decode() == login
    assert "Basic" not in repr(parsed)


@pytest.mark.parametrize(
    "url",
    ["", "proxy.example:3128", "socks5://p:1", "http://", "http://p:none", "http://p/path", "http://p?q", "http://é:1"],
)
def test_a_url_that_names_no_proxy_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="proxy") as caught:
        proxy(url)
    assert str(caught.value).startswith("a proxy ")


@pytest.mark.parametrize(
    ("host", "direct", "is_proxied"),
    [
        ("api.provider.example", (), True),
        ("127.0.0.1", (), False),
        ("localhost", (), False),
        ("::1", (), False),
        ("vllm.internal", ("internal",), False),
        ("VLLM.internal.", (".Internal",), False),
        ("internal", ("internal",), False),
        ("notinternal", ("internal",), True),
        ("10.0.0.7", ("10.0.0.7",), False),
        ("10.0.0.7", ("10.0.0.0/8",), False),
        ("11.0.0.7", ("10.0.0.0/8", "0.0.7"), True),
        ("fd00::1", ("fd00::/8",), False),
    ],
)
def test_loopback_and_named_hosts_are_reached_without_the_proxy(
    host: str, direct: tuple[str, ...], is_proxied: bool
) -> None:
    chosen = Egress(proxy=COMPANY, direct=direct).proxy_for(Origin(host, 443, True))
    assert chosen == (COMPANY if is_proxied else None)


def test_without_a_proxy_everything_is_reached_directly() -> None:
    assert DIRECT.proxy_for(Origin("api.provider.example", 443, True)) is None
