"""ExpiringToken endpoints: one small HTTP request at a time, by the operator's rules for the way out.

Why httpx here and not the transport of calls: these requests are rare, and carry no prompt. Each has a client of its
own, so that neither a cookie nor a connection outlives it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final, Literal, TypeAlias

import httpx

from gateway.upstream.address import Origin
from gateway.upstream.credentials import Headers
from gateway.upstream.dialer import tls_context
from gateway.upstream.egress import DIRECT, Egress

METADATA_HOSTS: Final = frozenset(
    {
        "169.254.169.254",  # instance metadata: AWS, Azure, Google
        "fd00:ec2::254",  # the same on AWS, by IPv6
        "169.254.170.2",  # container credentials: AWS ECS
        "169.254.170.23",  # pod identity: AWS EKS
        "fd00:ec2::23",  # the same, by IPv6
        "metadata.google.internal",
    }
)
"""The hosts that may be asked without TLS, beside loopback. A proxy is never asked for them."""

MAX_ANSWER: Final = 64 * 1024
WITHIN_S: Final = 10.0
"""Seconds for one request to a token endpoint, connection included."""

TokenFaultKind: TypeAlias = Literal[
    "unreachable",  # no answer in time, 429 or 5xx
    "refused",  # another status: the endpoint does not accept the request
    "malformed",  # the answer is no token
    "file",  # a file cannot be read, or does not hold a secret
    "program",  # the configuration names a program to run; programs are never run
    "forbidden",  # an address that must not be asked, such as one without TLS
    "ended",  # the secret had ended when it was obtained
]


class TokenFault(Exception):
    """No token. Carries no byte of a request or an answer. `status` of the endpoint, 0 where none came."""

    def __init__(self, kind: TokenFaultKind, status: int = 0) -> None:
        super().__init__(kind, status)
        self.kind: TokenFaultKind = kind
        self.status = status


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request for a token. Everything but method and address may be secret."""

    method: Literal["GET", "POST", "PUT"]
    url: str
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """`at_s`: seconds since 1970 by the endpoint's clock; by this machine's where the endpoint states none."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    at_s: float
    skew_s: float | None = None
    """Seconds that the endpoint's clock is ahead of this machine's; None where it states no time."""


class TokenEndpoint:
    """Asks token endpoints. `within_s`: as WITHIN_S. `clock`: seconds since 1970."""

    def __init__(
        self, egress: Egress = DIRECT, *, within_s: float = WITHIN_S, clock: Callable[[], float] = time.time
    ) -> None:
        self._egress, self._within_s, self._clock = egress, within_s, clock
        self._tls: ssl.SSLContext | None = None

    async def ask(self, request: TokenRequest) -> TokenAnswer:
        """The answer with status 200. No redirect is followed, nothing is decoded. Raises TokenFault."""
        url = _url(request.url)
        try:
            async with asyncio.timeout(self._within_s), self._client(url) as client:
                sent = client.build_request(
                    request.method, url, headers=[*_OWN, *request.headers], content=request.body or None
                )
                reply = await client.send(sent, stream=True)
                try:
                    body = await _bounded(reply)
                finally:
                    await reply.aclose()
        except (httpx.HTTPError, TimeoutError, OSError, ValueError):  # ValueError: a header that cannot be written
            raise TokenFault("unreachable") from None
        if reply.status_code != 200:
            is_passing = reply.status_code == 429 or reply.status_code >= 500
            raise TokenFault("unreachable" if is_passing else "refused", reply.status_code)
        if body is None:
            raise TokenFault("malformed", 200)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        now = self._clock()
        skew_s = clock_skew(headers, now)
        return TokenAnswer(headers, body, now + (skew_s or 0.0), skew_s)

    def _client(self, url: httpx.URL) -> httpx.AsyncClient:
        if self._tls is None:
            self._tls = tls_context(self._egress.authorities)
        origin = Origin(url.host, url.port or (443 if url.scheme == "https" else 80), url.scheme == "https")
        proxy = None if url.host in METADATA_HOSTS else self._egress.proxy_for(origin)
        through = None
        if proxy is not None:
            scheme, host = ("https" if proxy.origin.tls else "http"), proxy.origin.host
            through = httpx.Proxy(
                httpx.URL(scheme=scheme, host=host, port=proxy.origin.port),
                headers={"proxy-authorization": proxy.authorization} if proxy.authorization else {},
                ssl_context=self._tls if proxy.origin.tls else None,
            )
        transport = httpx.AsyncHTTPTransport(verify=self._tls, proxy=through, trust_env=False)
        return httpx.AsyncClient(transport=transport, timeout=None, follow_redirects=False, trust_env=False)


_OWN: Final[Headers] = (("user-agent", "safeconduct"), ("accept-encoding", "identity"), ("accept", "*/*"))


def clock_skew(headers: Mapping[str, str], now_s: float) -> float | None:
    """Seconds by which the clock of an answer's `date` is ahead of `now_s`; 0 within a second, None without a date."""
    try:
        ahead = parsedate_to_datetime(headers.get("date", "")).timestamp() - now_s
    except (TypeError, ValueError, OverflowError):
        return None
    return ahead if abs(ahead) > 1.5 else 0.0  # the field counts whole seconds, and was written a moment ago


def _url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise TokenFault("forbidden") from None
    may_be_plain = url.host in METADATA_HOSTS or Origin(url.host, 80, False).is_loopback
    if not url.host or url.userinfo or not (url.scheme == "https" or (url.scheme == "http" and may_be_plain)):
        raise TokenFault("forbidden")
    return url


async def _bounded(reply: httpx.Response) -> bytes | None:
    """The body as it came; None beyond MAX_ANSWER."""
    body = bytearray()
    async for piece in reply.aiter_raw():
        body += piece
        if len(body) > MAX_ANSWER:
            return None
    return bytes(body)
