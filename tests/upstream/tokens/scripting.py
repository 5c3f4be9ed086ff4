"""Sources, clocks and listeners for the tests of tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.upstream.credentials import Refusal
from gateway.upstream.tokens.endpoint import TokenEndpoint, TokenFault
from gateway.upstream.tokens.renewing import RenewingCredential
from gateway.upstream.tokens.token import CredentialChange, ExpiringToken


class ScriptedSource:
    """Obtains `steps` one after another, the last for ever. `obtained` counts."""

    def __init__(self, *steps: ExpiringToken[str] | TokenFault) -> None:
        self._steps = list(steps)
        self.obtained = 0

    async def obtain(self, endpoint: TokenEndpoint) -> ExpiringToken[str]:  # noqa: ARG002  # no endpoint is asked
        self.obtained += 1
        await asyncio.sleep(0)
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        if isinstance(step, TokenFault):
            raise step
        return step


class ManualClock:
    """Both clocks, which stand until they are set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def refusal(self, status: int = 401, **headers: str) -> Refusal:
        return Refusal(status, headers, self.now)


class News:
    """What a credential told, in order."""

    def __init__(self) -> None:
        self.changes: list[CredentialChange] = []
        self._told = asyncio.Event()

    def __call__(self, change: CredentialChange) -> None:
        self.changes.append(change)
        self._told.set()

    @property
    def states(self) -> list[str]:
        return [change.state for change in self.changes]

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not reached():
                self._told.clear()
                await self._told.wait()


@asynccontextmanager
async def running(credential: RenewingCredential[str]) -> AsyncIterator[News]:
    """The credential after its first round, while its loop runs."""
    news = News()
    task = asyncio.create_task(credential.run(news))
    try:
        await credential.first_round()
        yield news
    finally:
        task.cancel()
        await asyncio.wait([task])
