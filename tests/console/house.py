"""Pages on a real socket: the desk of an exchange behind them, and a reader with a browser's manners."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from gateway.asgi.insight import unshared
from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.application import Console, ConsoleServices
from gateway.console.page import ConsolePage, DocumentsInForce
from gateway.console.sign_in import sign_in_pages
from gateway.core.receipt import Receipt
from gateway.core.snapshot import Snapshot
from gateway.http.drain import Drain
from gateway.identity.key_desk import KeyDesk
from gateway.identity.operators import local_operator
from gateway.identity.sessions import Sessions
from gateway.stores.books.disk import Disk
from gateway.stores.keys.keys import digest_of
from gateway.stores.sessions.session_files import SessionFiles
from tests.asgi.gate import Door, a_door
from tests.builders import NOW, a_key
from tests.exchange.desk import SECRET, Desk

FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}


class House:
    """The pages of a gateway. `reported`: every fault that a page met. `now`: the time of sessions, to be moved."""

    def __init__(self) -> None:
        self.door: Door
        self.sessions: Sessions
        self.now: datetime = NOW
        self.reported: list[BaseException] = []
        self.clients: list[httpx.AsyncClient] = []

    def reader(self, **headers: str) -> Reader:
        """A person who is not signed in. `headers`: by name with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        base = f"http://127.0.0.1:{self.door.port}"
        self.clients.append(httpx.AsyncClient(base_url=base, timeout=20, trust_env=False, headers=named))
        return Reader(self.clients[-1])

    async def signed_in(self, secret: str = SECRET) -> Reader:
        """A person who signed in with that key."""
        reader = self.reader()
        answer = await reader.send("/console/sign-in", key=secret)
        assert answer.status_code == 303, answer.text
        return reader

    async def administrator(self, secret: str = "") -> Reader:
        """An administrator who signed in by a one-time link; with a secret also under that key."""
        reader = self.reader()
        link = self.sessions.link(local_operator(1000), digest_of(secret) if secret else "")
        assert (await reader.send(f"/console/enter/{link}")).status_code == 303
        return reader

    async def settle(self, *receipts: Receipt) -> None:
        """Write receipts, as exchanges that ended do."""
        for receipt in receipts:
            await self.door.desk.services.books.settle(receipt)

    async def another_key(self, secret: str, **changed: Any) -> None:
        await self.door.desk.keys.create(a_key(**{"id": "key_2", "digest": digest_of(secret), **changed}))


class Reader:
    """One browser without scripts: it keeps its cookie, and sends forms with their hidden fields."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.get(path, headers=named)

    async def json(self, path: str) -> Any:
        """The page as JSON."""
        answer = await self.get(f"{path}{'&' if '?' in path else '?'}format=json")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Fill in the form of a page and send it."""
        page = await self.get(path)
        token = hidden(page.text, "csrf")
        return await self.post(path, **({"csrf": token} if token else {}), **fields)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data=fields, headers=FORM)


def hidden(html: str, name: str) -> str:
    """The value of a hidden field of the page's own form; empty without one."""
    main = html.partition("<main")[2]
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', main)
    return unescape(found[1]) if found else ""


def text_of(html: str) -> str:
    """The words of the main part of a page, with single spaces."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", "<" + main))).strip()


@asynccontextmanager
async def a_house(
    state: Path,
    *pages: ConsolePage,
    reported: Callable[[ConsoleReports, ReportSources], Iterable[ConsolePage]] | None = None,
    public: bool = True,
    snapshot: Snapshot | None = None,
    **door: Any,
) -> AsyncIterator[House]:
    """`pages`: before those of the sign-in, in the order of the navigation; the first one is the front.

    `reported`: pages of the reports on what this desk did, in front of them.
    """
    house = House()

    def console(desk: Desk, drain: Drain) -> Console:
        house.sessions = Sessions(
            SessionFiles(state / "sessions", lambda: house.now),
            SessionFiles(state / "sessions/links", lambda: house.now),
            desk.services.callers,
            lambda: house.now,
        )
        services = ConsoleServices(
            in_force=lambda: standing_of(desk),
            sessions=house.sessions,
            now=lambda: house.now,
            public=public,
            draining=lambda: drain.draining,
            report=house.reported.append,
        )
        sources = sources_of(desk, lambda: house.now)
        shown = [*(reported(ConsoleReports(sources), sources) if reported else ()), *pages]
        front = f"/console{shown[0].path}" if shown else "/console/sign-in"
        own: Sequence[ConsolePage] = [*shown, *sign_in_pages(house.sessions, desk.services.clock.monotonic, front)]
        return Console(services, own)

    if snapshot is not None:
        door["snapshot"] = snapshot
    async with a_door(state, *door.pop("providers", ()), console=console, **door) as house.door:
        try:
            yield house
        finally:
            for client in house.clients:
                await client.aclose()


def sources_of(desk: Desk, now: Callable[[], datetime]) -> ReportSources:
    key_desk = KeyDesk(desk.keys, lambda: desk.in_force.snapshot, now, "", desk.services.log.emit)
    disk = Disk(lambda: 2**40, 2**20)
    return ReportSources(desk.services, desk.ledger, desk.keys, key_desk, disk, unshared(desk.services))


def standing_of(desk: Desk) -> DocumentsInForce:
    health = desk.services.health.view(desk.services.clock.monotonic())
    return DocumentsInForce(desk.in_force.snapshot, desk.in_force.means, NOW, health)
