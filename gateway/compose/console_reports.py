"""Reports for the pages: the stores of this process, asked on behalf of a page's reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, TypeVar

import anyio

from gateway.console.page import View, Visit
from gateway.console.queries import first_members, members_of
from gateway.core.errors import Json, Unavailable
from gateway.core.frozen import frozen
from gateway.core.policy import Policy
from gateway.core.principal import Key
from gateway.exchange.services import Services
from gateway.identity.key_desk import KeyDesk
from gateway.identity.sessions import Visitor
from gateway.reports.budgets import budgets, budgets_seen
from gateway.reports.focus import MEMBERS as FOCUS_MEMBERS
from gateway.reports.focus import focus_rows
from gateway.reports.health import LastHour, SharedReports, health_report, last_hour
from gateway.reports.places import places
from gateway.reports.policies import WHY, WhyQuestion, cards_seen, draft, why
from gateway.reports.receipts import receipt, receipts
from gateway.reports.sight import Sight
from gateway.reports.spend import LedgerDay, spend
from gateway.stores.books.books import Ledger
from gateway.stores.books.disk import Disk
from gateway.stores.keys.keys import KeyStore
from gateway.views.drafts import Judge
from gateway.views.key_cards import key_rows
from gateway.views.receipts import ReceiptNames
from gateway.views.store_health import StoreNames, disk_row, store_row

T = TypeVar("T")
_FIGURES_S: Final = 10.0
_READERS_MOST: Final = 100


@frozen
class ReportSources:
    """The stores that reports read, and what pages and API share."""

    services: Services
    ledger: Ledger
    keys: KeyStore
    desk: KeyDesk
    disk: Disk
    shared: SharedReports
    names: StoreNames = StoreNames()


class ConsoleReports:
    """One method for each report of a page. Every ledger is read in a worker thread."""

    def __init__(self, sources: ReportSources) -> None:
        self._sources = sources
        self._hours: dict[str, tuple[float, LastHour]] = {}

    async def receipts(self, visit: Visit) -> View:
        names, sight = await self._names(visit), sight_of(visit.visitor)
        return await _in_thread(partial(receipts, self._sources.ledger, members_of(visit), sight, names))

    async def receipt(self, visit: Visit) -> View:
        names, sight = await self._names(visit), sight_of(visit.visitor)
        return await _in_thread(partial(receipt, self._sources.ledger, visit.parts["id"], sight, names))

    async def places(self, visit: Visit) -> View:
        sight, snapshot = sight_of(visit.visitor), visit.in_force.snapshot
        return await _in_thread(
            partial(places, self._sources.ledger, members_of(visit), sight, snapshot, visit.now.date())
        )

    async def spend(self, visit: Visit) -> View:
        labels, sight = labels_of(await self._keys(visit)), sight_of(visit.visitor)
        day = LedgerDay(visit.now.date(), visit.in_force.snapshot.fx.ledger)
        return await _in_thread(partial(spend, self._sources.ledger, members_of(visit), sight, labels, day))

    async def focus(self, visit: Visit) -> list[tuple[str | int, ...]]:
        """The columns of FOCUS, then every charge."""
        members = {name: value for name, value in members_of(visit).items() if name in FOCUS_MEMBERS}
        sight, today = sight_of(visit.visitor), visit.now.date()
        return await _in_thread(partial(focus_rows, self._sources.ledger, members, sight, today))

    async def budgets(self, visit: Visit) -> View:
        keys, snapshot = await self._keys(visit), visit.in_force.snapshot
        seen = budgets_seen(sight_of(visit.visitor), snapshot, keys)
        return await budgets(self._sources.services.books, seen, snapshot, keys, visit.now)

    async def cards(self, visit: Visit) -> View:
        """The declared policies, and for an operator the keys to pick from."""
        people = await self._keys(visit) if visit.visitor.operator is not None else ()
        cards = await _in_thread(partial(self._sources.shared.cards.of, _judge(visit)))
        names = {str(key.id): key.label or str(key.id) for key in people}
        return {
            "cards": cards_seen(cards, sight_of(visit.visitor)),
            "people": [{"id": id, "words": words} for id, words in names.items()],
        }

    async def draft(self, visit: Visit, policy: Policy) -> dict[str, Json]:
        sight = sight_of(visit.visitor)
        return await _in_thread(partial(draft, self._sources.ledger, policy, _judge(visit), sight))

    async def why(self, visit: Visit, limits: Policy | None) -> dict[str, Json] | None:
        keys, health = await self._keys(visit), visit.in_force.health
        members = {name: value for name, value in first_members(visit).items() if name in WHY}
        question = WhyQuestion(members, limits)
        return await _in_thread(partial(why, question, sight_of(visit.visitor), _judge(visit), keys, health))

    async def keys(self, visit: Visit) -> View:
        """Every key that the reader may know of, with its last day and its budgets."""
        keys, snapshot = await self._keys(visit), visit.in_force.snapshot
        last_days = await _in_thread(self._sources.ledger.last_days)
        seen = list(dict.fromkeys((key.account, budget) for key in keys for budget in key.budgets))
        view = await budgets(self._sources.services.books, seen, snapshot, keys, visit.now)
        rows = view["data"]
        own = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        return {"currency": view["currency"], "data": key_rows(keys, visit.now, last_days, own)}

    async def health(self, visit: Visit) -> View:
        """The health of this moment. The stores are shown to an operator alone."""
        in_force, snapshot = visit.in_force, visit.in_force.snapshot
        hour, workers = await self._last_hour(visit), await self._sources.shared.outages()
        return {
            **health_report(snapshot, in_force.means.credentials, workers, hour, visit.now),
            "stores": await self._stores() if visit.visitor.operator is not None else [],
            "documents": {
                "digest": snapshot.digest,
                "since": in_force.since.strftime("%Y-%m-%d %H:%M UTC"),
                "routes": len(snapshot.routes),
                "models": len(snapshot.models),
                "policies": len(snapshot.policies),
            },
        }

    async def _last_hour(self, visit: Visit) -> LastHour:
        """Worked out at most every ten seconds for each reader: pages that are looked at ask again and again."""
        sight, monotonic = sight_of(visit.visitor), self._sources.services.clock.monotonic()
        name = sight.caller.caller.id if sight.caller is not None else ""
        known = self._hours.get(name)
        if known is None or monotonic - known[0] > _FIGURES_S:
            if len(self._hours) >= _READERS_MOST:
                self._hours.clear()
            hour = await _in_thread(partial(last_hour, self._sources.ledger, sight, visit.now))
            known = self._hours[name] = (monotonic, hour)
        return known[1]

    async def _stores(self) -> list[Json]:
        services, disk = self._sources.services, self._sources.disk
        free = await _in_thread(disk.look)
        ledger = await _in_thread(self._ledger_obstacle)
        names, books = self._sources.names, await services.books.obstacle()
        return [
            store_row(names.books, books),
            store_row(names.keys, await services.callers.obstacle()),
            store_row(names.ledger, ledger),
            disk_row(free, disk.low),
        ]

    def _ledger_obstacle(self) -> str:
        try:
            self._sources.ledger.newest(1)
        except Unavailable as unknown:
            return unknown.code
        return ""

    async def _names(self, visit: Visit) -> ReceiptNames:
        return ReceiptNames(labels_of(await self._keys(visit)), visit.in_force.snapshot.regions)

    async def _keys(self, visit: Visit) -> tuple[Key, ...]:
        """The keys that the reader may know of: an administrator every key, else the own one."""
        if visit.visitor.operator is not None:
            return await self._sources.keys.all()
        caller = visit.visitor.principal.caller if visit.visitor.principal is not None else None
        return (caller,) if isinstance(caller, Key) else ()


def sight_of(visitor: Visitor) -> Sight:
    """An operator sees everybody's receipts, everyone else those of the own key. The visitor is signed in."""
    if visitor.operator is not None:
        return Sight()
    assert visitor.principal is not None, "the audience of these pages is signed in"
    return Sight(visitor.principal)


def labels_of(keys: Iterable[Key]) -> dict[str, str]:
    """Labels by the keys' ids."""
    return {str(key.id): key.label for key in keys if key.label}


def _judge(visit: Visit) -> Judge:
    return Judge(visit.in_force.snapshot, visit.in_force.means, visit.now.date())


async def _in_thread(report: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(report)
