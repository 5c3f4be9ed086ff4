"""ExpiringToken endpoints: bounded, direct or through the proxy, and only where they may be asked."""

from __future__ import annotations

import pytest

from gateway.upstream.egress import Egress, proxy
from gateway.upstream.tokens.endpoint import (
    MAX_ANSWER,
    TokenAnswer,
    TokenEndpoint,
    TokenFault,
    TokenRequest,
    clock_skew,
)
from tests.scripted import Connection, Provider, Script, hangs, replies, reply
from tests.upstream.calling import LOOPBACK_PEM, a_provider, run


async def ask(url: str, endpoint: TokenEndpoint | None = None) -> TokenAnswer:
    request = TokenRequest("POST", f"{url}/token", (("x-secret", "hush"),), b"grant=hush")
    return await (endpoint or TokenEndpoint(within_s=5.0)).ask(request)


async def fault_of(url: str, endpoint: TokenEndpoint | None = None) -> TokenFault:
    with pytest.raises(TokenFault) as caught:
        await ask(url, endpoint)
    assert "hush" not in f"{caught.value!r}{caught.value.__cause__!r}"
    return caught.value


def test_a_request_is_sent_as_it_is_and_hidden() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(body=b"yes"))) as provider:
            answer = await ask(provider.url)
            assert answer.body == b"yes"
            [received] = provider.requests
            assert received.line == "POST /token HTTP/1.1"
            assert (received.header("x-secret"), received.body) == ("hush", b"grant=hush")
            assert received.header("user-agent") == "safeconduct"
            assert received.header("accept-encoding") == "identity"

    run(scenario())
    assert "hush" not in repr(TokenRequest("POST", "https://a.example", (("x", "hush"),), b"hush"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "refused"), (401, "refused"), (302, "refused"), (429, "unreachable"), (500, "unreachable")],
)
def test_another_status_is_a_fault_and_no_redirect_is_followed(status: int, kind: str) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(status, headers=[("location", "/elsewhere")]))) as provider:
            fault = await fault_of(provider.url)
            assert (fault.kind, fault.status) == (kind, status)
            assert len(provider.requests) == 1

    run(scenario())


@pytest.mark.parametrize("script", [hangs(), hangs(reply(length=99))])
def test_an_endpoint_that_hangs_is_unreachable_at_its_deadline(script: Script) -> None:
    async def scenario() -> None:
        async with Provider(script) as provider:
            assert (await fault_of(provider.url, TokenEndpoint(within_s=0.2))).kind == "unreachable"
            await provider.quiet()

    run(scenario())


def test_an_answer_beyond_the_limit_is_malformed() -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(body=b"x" * (MAX_ANSWER + 1)))) as provider:
            assert (await fault_of(provider.url)).kind == "malformed"

    run(scenario())


@pytest.mark.parametrize(
    "url",
    [
        "http://sts.example",
        "http://169.254.169.253",
        "https://user:hush@sts.example",
        "ftp://127.0.0.1",
        "https://",
        "http://169.254.169.254.example",
        "http://[::ffff:10.0.0.1]",
    ],
)
def test_an_address_without_tls_is_asked_only_on_loopback_and_metadata_hosts(url: str) -> None:
    async def scenario() -> None:
        assert (await fault_of(url)).kind == "forbidden"

    run(scenario())


def test_nobody_at_the_address_is_unreachable() -> None:
    async def scenario() -> None:
        async with Provider(replies()) as provider:
            url = provider.url
        assert (await fault_of(url)).kind == "unreachable"

    run(scenario())


def test_the_roots_of_the_operator_are_trusted_and_no_others() -> None:
    async def scenario() -> None:
        async with a_provider(replies(reply(body=b"yes")), tls=True) as provider:
            trusting = TokenEndpoint(Egress(authorities=LOOPBACK_PEM))
            assert (await ask(provider.url, trusting)).body == b"yes"
            assert (await fault_of(provider.url)).kind == "unreachable"

    run(scenario())


def _tunnel_refused(connection_lines: list[str]) -> Script:
    async def script(connection: Connection) -> None:
        request = await connection.request()
        connection_lines.append(f"{request.line} {request.header('proxy-authorization')}")
        await connection.send(reply(502))

    return script


def test_the_proxy_is_asked_for_hosts_outside_and_never_for_metadata() -> None:
    async def scenario() -> None:
        lines: list[str] = []
        async with Provider(_tunnel_refused(lines)) as provider:
            through = TokenEndpoint(
                Egress(proxy=proxy(provider.url.replace("//", "//user:pass@")), direct=("direct.invalid",)),
                within_s=2.0,
            )
            for url in ("https://sts.invalid", "https://direct.invalid", "http://metadata.google.internal"):
                assert (await fault_of(url, through)).kind == "unreachable"
        assert lines == ["CONNECT sts.invalid:443 HTTP/1.1 Basic dXNlcjpwYXNz"]

    run(scenario())


def test_the_clock_of_the_endpoint_is_measured_by_its_date() -> None:
    async def scenario() -> None:
        dated = reply(body=b"yes", headers=[("date", "Thu, 01 Jan 1970 01:00:00 GMT")])
        async with Provider(replies(dated)) as provider:
            answer = await ask(provider.url, TokenEndpoint(clock=lambda: 3_000.0))
            assert (answer.at_s, answer.skew_s) == (3_600.0, 600.0)

    run(scenario())
    assert clock_skew({}, 0.0) is None
    assert clock_skew({"date": "yesterday"}, 0.0) is None
    assert clock_skew({"date": "Thu, 01 Jan 1970 01:00:00 GMT"}, 3_601.0) == 0.0
