"""The bytes of a request's head, and what refuses to become one."""

from __future__ import annotations

import pytest

from gateway.upstream.calls import ProviderCall
from gateway.upstream.credentials import StaticCredential
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.request import request_head
from gateway.upstream.targets import Target
from tests.upstream.calling import KEY, a_call

URL = "https://provider.example/v1"


def _refusal(call: ProviderCall) -> UpstreamFault:
    with pytest.raises(UpstreamFault) as caught:
        request_head(call)
    return caught.value


def test_a_head_holds_the_headers_of_target_dialect_and_credential() -> None:
    call = a_call(URL, path="/chat/completions", body=b"{}", x_beta="b")
    assert request_head(call) == (
        b"POST /v1/chat/completions HTTP/1.1\r\n"
        b"host: provider.example\r\nuser-agent: safeconduct\r\naccept-encoding: identity\r\n"
        b"content-type: application/json\r\nx-beta: b\r\nx-api-key: " + KEY.encode() + b"\r\n"
        b"content-length: 2\r\n\r\n"
    )


def test_a_get_has_no_length() -> None:
    head = request_head(a_call("https://provider.example", path="/models", body=b"", method="GET"))
    assert head.startswith(b"GET /models HTTP/1.1\r\n")
    assert b"content-length" not in head


def test_an_address_without_a_path_asks_for_the_root() -> None:
    assert request_head(a_call("https://provider.example")).startswith(b"POST / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("x-api-key", f"{KEY}\r\nx-injected: 1"), ("x-api-key", f"{KEY}\u20ac"), ("x-api-key\r\nx", KEY), ("", KEY)],
)
@pytest.mark.parametrize("part", ["dialect", "credential"])
def test_a_header_that_would_be_another_is_refused_without_its_words(name: str, value: str, part: str) -> None:
    header = ((name, value),)
    credential = StaticCredential(header if part == "credential" else ())
    fault = _refusal(ProviderCall(Target(URL, credential), "/chat", header if part == "dialect" else (), b"{}"))
    assert (fault.kind, fault.sent) == ("unsendable", "nothing")
    assert fault.__context__ is None


@pytest.mark.parametrize(
    "path", ["/a b", "/a\r\nx: y", "/a#b", "/\u00fc", "/\x7f", "/\t"], ids=["blank", "line", "#", "ü", "del", "tab"]
)
def test_a_path_that_is_not_encoded_is_refused(path: str) -> None:
    assert _refusal(a_call(URL, path=path)).kind == "unsendable"


def test_an_encoded_path_is_written_as_it_is() -> None:
    path = "/model/eu.anthropic.claude%3A0/converse?alt=sse"
    assert request_head(a_call(URL, path=path)).startswith(b"POST /v1" + path.encode() + b" HTTP/1.1\r\n")


def test_a_target_that_cannot_be_called_refuses_its_calls() -> None:
    assert _refusal(a_call("http://provider.example")).kind == "plaintext"
