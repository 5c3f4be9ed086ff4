"""Credentials: a static key, a token that is renewed after a refusal, and a signature over the body."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

import pytest

from gateway.upstream.calls import ProviderCall
from gateway.upstream.client import ProviderClient
from gateway.upstream.credentials import (
    NO_CREDENTIAL,
    Credential,
    Headers,
    Refusal,
    StaticCredential,
    UnsignedRequest,
)
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.targets import Target
from tests.scripted import Connection, Provider, Script, hangs, replies, reply
from tests.upstream.calling import CONNECT_S, PROMPT, an_upstream, asked, cancel, fault_of, run, turns, whole

REQUEST = UnsignedRequest("POST", "a.example", "/v1/chat", (), b"{}")


class Signing:
    """Signs method, host, path, headers and body, as SigV4 does. `skew_s` follows the provider's clock."""

    renewable = True

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.skew_s = 0

    def headers(self, request: UnsignedRequest) -> Headers:
        return (("x-date", str(1000 + self.skew_s)), ("authorization", self.signature(request)))

    def signature(self, request: UnsignedRequest) -> str:
        parts = (request.method, request.host, request.path, *(f"{n}:{v}" for n, v in request.headers))
        canonical = "\n".join((*parts, str(1000 + self.skew_s), hashlib.sha256(request.body).hexdigest()))
        return hmac.new(self._secret, canonical.encode(), "sha256").hexdigest()

    async def renew(self, refusal: Refusal) -> bool:
        learned = int(refusal.headers["date"]) - 1000 if refusal.status == 403 else self.skew_s
        changed, self.skew_s = learned != self.skew_s, learned
        return changed


class Token:
    """An access token from an endpoint that answers `tokens` one after another; None: it has none any more."""

    renewable = True

    def __init__(self, *tokens: str | None) -> None:
        self._tokens = list(tokens)
        self.renewals = 0

    def headers(self, request: UnsignedRequest) -> Headers:  # noqa: ARG002  # the same for every request
        if self._tokens[0] is None:
            raise UpstreamFault("credential", "nothing")
        return (("authorization", f"Bearer {self._tokens[0]}"),)

    async def renew(self, refusal: Refusal) -> bool:  # noqa: ARG002  # any refusal
        self.renewals += 1
        await asyncio.sleep(0)
        del self._tokens[:1]
        return self._tokens[0] is not None


def _a_call(provider: Provider, credential: Credential, body: bytes = PROMPT) -> ProviderCall:
    return ProviderCall(Target(f"{provider.url}/v1", credential), "/chat%3A1", (("x-beta", "b"),), body)


def _accepts(*tokens: str) -> Script:
    """Answer 200 to the tokens, 401 to every other."""

    async def script(connection: Connection) -> None:
        while True:
            request = await connection.request()
            accepted = request.header("authorization") in {f"Bearer {token}" for token in tokens}
            await connection.send(reply(200 if accepted else 401, body=b"yes" if accepted else b"no"))

    return script


async def _status_of(upstream: ProviderClient, call: ProviderCall) -> int:
    answer = await upstream.send(call, CONNECT_S)
    await answer.whole(1000)
    await answer.close()
    return answer.status


def test_a_static_key_is_the_same_on_every_request_and_hidden() -> None:
    async def scenario() -> None:
        key = StaticCredential((("x-api-key", "hush"),))
        assert key.headers(REQUEST) == (("x-api-key", "hush"),)
        assert not key.renewable
        assert await key.renew(Refusal(401, {}, 0.0)) is False
        assert "hush" not in repr(key)
        assert NO_CREDENTIAL.headers(REQUEST) == ()

    run(scenario())


def test_a_static_key_that_is_refused_is_not_sent_again() -> None:
    async def scenario() -> None:
        async with Provider(_accepts("new")) as provider, an_upstream() as upstream:
            key = StaticCredential((("authorization", "Bearer old"),))
            assert await _status_of(upstream, _a_call(provider, key)) == 401
            assert len(provider.requests) == 1

    run(scenario())


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_signature_covers_the_request_as_it_is_sent(size: int) -> None:
    async def scenario() -> None:
        async with Provider(replies(reply(body=b"yes"))) as provider, an_upstream() as upstream:
            signing, body = Signing(b"secret"), b"x" * size
            assert await whole(await upstream.send(_a_call(provider, signing, body), CONNECT_S)) == b"yes"
            [received] = provider.requests
            method, path, _ = received.line.split(" ")
            ours = {"host", "user-agent", "accept-encoding", "content-length", "x-date", "authorization"}
            fields = tuple(header for header in received.headers if header[0] not in ours)
            again = UnsignedRequest(method, received.header("host") or "", path, fields, received.body)
            assert path == "/v1/chat%3A1"
            assert received.header("authorization") == signing.signature(again)
            tampered = UnsignedRequest(method, again.host, path, fields, received.body + b" ")
            assert received.header("authorization") != signing.signature(tampered)

    run(scenario())


def test_a_signature_is_made_again_once_with_the_clock_of_the_provider() -> None:
    async def scenario() -> None:
        skewed = reply(403, headers=[("date", "1300")])
        async with Provider(replies(skewed)) as provider, an_upstream() as upstream:
            assert await _status_of(upstream, _a_call(provider, Signing(b"secret"))) == 403
            assert [r.header("x-date") for r in provider.requests] == ["1000", "1300"]

    run(scenario())


def test_a_token_that_is_refused_is_renewed_and_the_call_sent_once_more() -> None:
    async def scenario() -> None:
        async with Provider(_accepts("new")) as provider, an_upstream() as upstream:
            token = Token("old", "new")
            assert await _status_of(upstream, _a_call(provider, token)) == 200
            assert await _status_of(upstream, _a_call(provider, token)) == 200
            assert token.renewals == 1
            assert [r.body for r in provider.requests] == [PROMPT] * 3

    run(scenario())


def test_a_token_that_is_refused_twice_leaves_the_refusal() -> None:
    async def scenario() -> None:
        async with Provider(_accepts("newest")) as provider, an_upstream() as upstream:
            assert await _status_of(upstream, _a_call(provider, Token("old", "new", "newest"))) == 401
            assert len(provider.requests) == 2

    run(scenario())


def test_a_refusal_without_a_new_token_can_still_be_read() -> None:
    async def scenario() -> None:
        async with Provider(_accepts()) as provider, an_upstream() as upstream:
            answer = await upstream.send(_a_call(provider, Token("old", None)), CONNECT_S)
            assert (answer.status, await whole(answer)) == (401, b"no")
            assert len(provider.requests) == 1

    run(scenario())


def test_no_secret_no_call() -> None:
    async def scenario() -> None:
        async with Provider(_accepts()) as provider, an_upstream() as upstream:
            fault = await fault_of(upstream, _a_call(provider, Token(None)))
            assert (fault.kind, fault.sent) == ("credential", "nothing")
            assert provider.connections == 0

    run(scenario())


class _Hanging(Token):
    async def renew(self, refusal: Refusal) -> bool:  # noqa: ARG002  # waits for ever
        self.renewals += 1
        return bool(await asyncio.get_running_loop().create_future())


def test_cancelling_a_renewal_closes_the_refusal() -> None:
    async def scenario() -> None:
        async with Provider(hangs(reply(401, length=99))) as provider, an_upstream() as upstream:
            token = _Hanging("old")
            call = asyncio.create_task(upstream.send(_a_call(provider, token), CONNECT_S))
            await asked(provider, 1)
            while not token.renewals:
                await turns(1)
            await cancel([call])
            await provider.quiet()
            assert provider.open == 0

    run(scenario())


def test_a_credential_renewed_in_the_background_is_used_by_the_next_call() -> None:
    """No head is cached: neither under a secret nor beyond its life."""

    async def scenario() -> None:
        async with Provider(replies(reply())) as provider, an_upstream() as upstream:
            token = Token("one", "two")
            await whole(await upstream.send(_a_call(provider, token), CONNECT_S))
            await token.renew(Refusal(401, {}, 0.0))
            await whole(await upstream.send(_a_call(provider, token), CONNECT_S))
            assert [r.header("authorization") for r in provider.requests] == ["Bearer one", "Bearer two"]
            assert provider.connections == 1

    run(scenario())
