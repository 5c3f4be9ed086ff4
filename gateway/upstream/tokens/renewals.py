"""The running credentials of one process: one loop for each record that takes tokens, across reloads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

from gateway.upstream.egress import Egress
from gateway.upstream.tokens.endpoint import TokenEndpoint
from gateway.upstream.tokens.sources import TokenCredential, TokenSpec, credential_of
from gateway.upstream.tokens.token import CredentialChange

FIRST_S: Final = 5.0
"""Seconds that a start or a reload waits for the first secrets. Later ones come in the background."""

TellCredential: TypeAlias = Callable[[TokenSpec, CredentialChange], None]
"""Receives the news of each credential."""


class Renewals:
    """Makes the credentials of records that take tokens, and renews them while `run` is awaited.

    A reload that leaves the spec of a record as it is keeps its credential, with the secret in use. Belongs to one
    event loop.
    """

    def __init__(self, egress: Egress) -> None:
        self._endpoint = TokenEndpoint(egress)
        self._credentials: dict[str, tuple[TokenSpec, TokenCredential]] = {}
        self._tasks: dict[TokenCredential, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    def credential(self, spec: TokenSpec) -> TokenCredential:
        """The credential of a record: the running one if its spec is the same, else a new one that `run` starts."""
        known = self._credentials.get(spec.provider)
        if known is not None and known[0] == spec:
            return known[1]
        credential = credential_of(spec, self._endpoint)
        self._credentials[spec.provider] = (spec, credential)
        self._changed.set()
        return credential

    def retain(self, providers: Collection[str]) -> None:
        """Stop the credential of every other record. Calls under way go on with the secret that is in use."""
        for provider in self._credentials.keys() - set(providers):
            del self._credentials[provider]
            self._changed.set()

    async def run(self, tell: TellCredential) -> None:
        """Renew every credential, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._changed.clear()
                    current = {credential: spec for spec, credential in self._credentials.values()}
                    for credential in self._tasks.keys() - current.keys():
                        self._tasks.pop(credential).cancel()
                    for credential in current.keys() - self._tasks.keys():
                        running = credential.run(partial(tell, current[credential]))
                        self._tasks[credential] = group.create_task(running)
                    await self._changed.wait()
        finally:
            self._tasks.clear()

    async def first_round(self, within_s: float = FIRST_S) -> None:
        """Return once every credential was tried for, or after `within_s`. `run` must be awaited meanwhile."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                for _, credential in [*self._credentials.values()]:
                    await credential.first_round()
