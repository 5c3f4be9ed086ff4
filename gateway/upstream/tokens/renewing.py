"""The credential of a record that takes tokens: one secret in use, renewed by one loop.

A renewal begins before the end of the secret, and at once when the provider refuses it. On failure: the secret in use
serves until shortly before its end; then the record has no credential, and no other record notices.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Generic, Protocol

from gateway.upstream.credentials import Headers, Refusal, UnsignedRequest
from gateway.upstream.faults import UpstreamFault
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault, clock_skew
from gateway.upstream.tokens.token import CredentialChange, ExpiringToken, S, TokenScheme, TokenSource

SKEW_S: Final = 60.0
"""Seconds by which a clock must differ before a signature follows it. Providers accept five minutes."""

RENEWAL_S: Final = 12.0
"""Seconds that a refused call waits for a renewal."""

REFUSED_S: Final = 10.0
"""Seconds in which a secret that a refusal obtained is not renewed by another refusal."""


def _unobserved(_: CredentialChange) -> None:
    """Nobody listens before `run`."""


class TokenClock(Protocol):
    """The clocks of a credential."""

    def time(self) -> float:
        """Seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds that no correction of the clock moves: the event loop's time."""
        ...


@dataclass(frozen=True, slots=True)
class RenewalPace:
    """The rhythm of renewals, in seconds.

    A secret is renewed after 80 % of its life, or `early_s` before its end if that is later. It is used until
    `margin_s` before its end, or 5 % of its life. After a failure the next try waits for `first_s`, doubled up to
    `longest_s`.
    """

    early_s: float = 300.0
    margin_s: float = 30.0
    first_s: float = 1.0
    longest_s: float = 60.0

    def renewal_after_s(self, token: ExpiringToken[object]) -> float:
        """Seconds from obtaining a secret to its renewal, varied so that many processes do not renew together."""
        waits = [] if token.again_s is None else [token.again_s]
        if token.life_s is not None:
            waits.append(max(0.8 * token.life_s, token.life_s - self.early_s) * (1 - 0.05 * random.random()))
        return min(waits, default=float("inf"))

    def use_s(self, token: ExpiringToken[object]) -> float:
        """Seconds for which a secret is used."""
        life_s = token.life_s
        return float("inf") if life_s is None else life_s - min(self.margin_s, 0.05 * life_s)

    def pause_s(self, failures: int) -> float:
        """Seconds to the next try after so many failures in a row."""
        return float(min(self.first_s * 2.0 ** min(failures - 1, 30), self.longest_s))


@dataclass(frozen=True, slots=True)
class _InUse(Generic[S]):
    secret: S = field(repr=False)
    since: float
    usable_until: float
    by_refusal: bool


class RenewingCredential(Generic[S]):
    """`credentials.Credential` over a source and a scheme. Belongs to the event loop that awaits `run`."""

    renewable: Final = True

    def __init__(
        self,
        source: TokenSource[S],
        scheme: TokenScheme[S],
        endpoint: TokenEndpoint,
        *,
        pace: RenewalPace = RenewalPace(),
        clock: TokenClock = time,
    ) -> None:
        self._source, self._scheme, self._endpoint = source, scheme, endpoint
        self._pace, self._clock = pace, clock
        self._in_use: _InUse[S] | None = None
        self._tell: Callable[[CredentialChange], None] = _unobserved
        self._skew_s = 0.0
        self._failures = 0
        self._rounds = 0
        self._is_running = False
        self._wanted_by_refusal = False
        self._demand = asyncio.Event()
        self._finished_round = asyncio.Condition()

    def headers(self, request: UnsignedRequest) -> Headers:
        """The headers that authorise `request`. Raises UpstreamFault ("credential", "nothing") without a secret."""
        in_use = self._in_use
        if in_use is None or self._clock.monotonic() >= in_use.usable_until:
            raise UpstreamFault("credential", "nothing")
        return self._scheme.headers(in_use.secret, request, self._clock.time() + self._skew_s)

    async def renew(self, refusal: Refusal) -> bool:
        """Whether the request may be sent again: the clock was learnt, or a newer secret is in use."""
        if self._learns_clock(clock_skew(refusal.headers, self._clock.time())):
            return True
        in_use = self._in_use
        if not self._scheme.refuses_secret(refusal.status, refusal.headers) or not self._is_running:
            return False
        if in_use is not None and in_use.since > refusal.sent_at:
            return True  # another call's refusal renewed it meanwhile
        if self._failures or (in_use is not None and self._was_refused_lately(in_use)):
            return False
        self._wanted_by_refusal = True
        self._demand.set()
        await self._next_round()
        now = self._in_use
        return now is not None and (in_use is None or now.secret != in_use.secret)

    async def run(self, tell: Callable[[CredentialChange], None]) -> None:
        """Obtain the secret and renew it, until cancelled. `tell` receives what changes."""
        self._is_running, self._tell = True, tell
        try:
            while True:
                pause_s = await self._obtain()
                self._demand.clear()
                self._wanted_by_refusal = False
                async with self._finished_round:
                    self._rounds += 1
                    self._finished_round.notify_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(pause_s, 86_400.0)):
                        await self._demand.wait()
        finally:
            self._is_running, self._tell = False, _unobserved

    async def first_round(self) -> None:
        """Return after the first try to obtain the secret, whatever came of it."""
        async with self._finished_round:
            await self._finished_round.wait_for(lambda: self._rounds > 0)

    async def _next_round(self) -> None:
        rounds = self._rounds
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEWAL_S), self._finished_round:
                await self._finished_round.wait_for(lambda: self._rounds > rounds)

    async def _obtain(self) -> float:
        """One try. Returns the seconds until the next one."""
        before = self._in_use
        try:
            token = await self._source.obtain(self._endpoint)
        except TokenFault as fault:
            return self._failed(fault)
        self._failures = 0
        self._learns_clock(token.skew_s)
        now, changed = self._clock.monotonic(), before is None or before.secret != token.secret
        since = now if before is None or changed else before.since
        self._in_use = _InUse(token.secret, since, now + self._pace.use_s(token), self._wanted_by_refusal and changed)
        if changed:
            self._tell(CredentialChange("renewed", left_s=None if token.life_s is None else self._pace.use_s(token)))
        return self._pace.renewal_after_s(token)

    def _failed(self, fault: TokenFault) -> float:
        self._failures += 1
        pause_s = self._pace.pause_s(self._failures)
        left_s = 0.0 if self._in_use is None else self._in_use.usable_until - self._clock.monotonic()
        if left_s <= 0:
            self._tell(CredentialChange("ended", fault.kind, fault.status))
            return pause_s
        self._tell(CredentialChange("failing", fault.kind, fault.status, left_s))
        return min(pause_s, left_s)

    def _learns_clock(self, skew_s: float | None) -> bool:
        if not self._scheme.signs_time or skew_s is None or abs(skew_s - self._skew_s) < SKEW_S:
            return False
        self._skew_s = skew_s
        self._tell(CredentialChange("skewed", skew_s=skew_s))
        return True

    def _was_refused_lately(self, in_use: _InUse[S]) -> bool:
        return in_use.by_refusal and self._clock.monotonic() - in_use.since < REFUSED_S
