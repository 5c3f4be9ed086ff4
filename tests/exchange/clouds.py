"""Records of clouds as they are shipped, with a scripted provider and a scripted token endpoint in their place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from gateway.core.catalog import Provider as Record
from gateway.core.catalog import Route
from gateway.core.snapshot import Snapshot
from gateway.declarations.load import load
from gateway.exchange.services import InForce
from gateway.upstream.targets import target
from gateway.upstream.tokens.endpoint import TokenEndpoint
from gateway.upstream.tokens.renewing import RenewingCredential
from gateway.upstream.tokens.token import BearerScheme, TokenSource
from tests.builders import a_snapshot
from tests.exchange.desk import Desk, a_desk
from tests.scripted import Connection, Provider, Received, reply

ROOT = Path(__file__).parents[2]


@cache
def shipped() -> Snapshot:
    """The shipped documents."""
    snapshot = load(ROOT / "config", ROOT / "policies", today=date(2026, 12, 1)).snapshot
    assert snapshot is not None
    return snapshot


class Cloud:
    """Lends the tokens `hush1`, `hush2`, … and gives `answers` one after another, the last for ever.

    `lives_s` of each token. `refused`: requests with a token older than `demands`.
    """

    def __init__(self, *answers: bytes, lives_s: float = 3600) -> None:
        self._answers, self._lives_s = list(answers), lives_s
        self.lent = self.refused = 0
        self.demands = 1
        """The number of the oldest token that is accepted."""

    async def __call__(self, connection: Connection) -> None:
        while True:
            request = await connection.request()
            if "token" in urlsplit(request.line.split(" ")[1]).path:
                self.lent += 1
                body = {"access_token": f"hush{self.lent}", "expires_in": self._lives_s, "token_type": "Bearer"}
                answer = reply(body=json.dumps(body).encode(), headers=[("metadata-flavor", "Google")])
            elif self._number(request) < self.demands:
                self.refused += 1
                answer = reply(401, body=b'{"error":{"code":401,"status":"UNAUTHENTICATED"}}')
            else:
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            await connection.send(answer)

    @staticmethod
    def _number(request: Received) -> int:
        kind, _, token = (request.header("authorization") or "").partition(" ")
        return int(token.removeprefix("hush")) if kind == "Bearer" and token.startswith("hush") else 0


def called(provider: Provider) -> list[Received]:
    """The requests that carried a prompt."""
    return [request for request in provider.requests if "token" not in request.line]


@asynccontextmanager
async def a_cloud_desk(
    state: Path,
    *providers: Provider,
    route: str,
    source_of: Callable[[str], TokenSource[str]],
    settings: Mapping[str, str],
) -> AsyncIterator[Desk]:
    """`alpha` is the shipped `route` at the first provider, which lends its tokens too (`source_of` its address). Every
    other one speaks Chat Completions."""
    async with a_desk(state, *providers) as desk:
        now = desk.in_force
        routes = [
            _shipped(own, route, providers[0].url, settings) if own.provider.id == "alpha" else own
            for own in now.snapshot.routes.values()
        ]
        credential = RenewingCredential(source_of(providers[0].url), BearerScheme(), TokenEndpoint())
        running = asyncio.create_task(credential.run(lambda _: None))
        try:
            await credential.first_round()
            snapshot = a_snapshot(*routes, policies=tuple(now.snapshot.policies.values()), teams=now.snapshot.teams)
            record: Record = routes[0].provider
            desk.in_force = InForce(snapshot, now.means, {**now.targets, "alpha": target(record, credential, {})})
            yield desk
        finally:
            running.cancel()
            await asyncio.wait([running])


def _shipped(own: Route, name: str, url: str, settings: Mapping[str, str]) -> Route:
    """`own` with the wire of the shipped route, at another host."""
    known = next(route for route in shipped().routes.values() if route.id == name)
    connection = known.provider.connection
    path = urlsplit(connection.base_url.format_map(settings)).path
    provider = replace(own.provider, connection=replace(connection, base_url=url + path))
    return replace(own, provider=provider, upstream_model=known.upstream_model, dialect=known.dialect, also=known.also)
