"""The seam of credentials with an end."""

from __future__ import annotations

from gateway.upstream.credentials import UnsignedRequest
from gateway.upstream.tokens.token import BearerScheme, ExpiringToken

REQUEST = UnsignedRequest("POST", "a.example", "/v1/chat", (), b"{}")


def test_a_bearer_token_stands_in_its_header_and_only_401_speaks_of_it() -> None:
    scheme = BearerScheme()
    assert scheme.headers("t0ken", REQUEST, 0.0) == (("authorization", "Bearer t0ken"),)
    assert scheme.refuses_secret(401, {})
    assert not scheme.refuses_secret(403, {})


def test_a_token_is_hidden() -> None:
    assert "hush" not in repr(ExpiringToken("hush", 3600.0))
