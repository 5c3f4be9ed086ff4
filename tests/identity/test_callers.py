"""From a credential to a principal: keys today, and a second kind of caller beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from gateway.core.errors import Unauthenticated
from gateway.core.organisation import Budget
from gateway.core.principal import Caller, CallerId, Callers, Principal
from gateway.dialects.prompt import PLAIN
from gateway.exchange.lifecycle import Exchange
from gateway.exchange.services import Arrival
from gateway.identity.callers import KeyCallers, identify
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of
from tests.builders import NOW, a_key
from tests.exchange.desk import BODY, SECRET, Client, Desk, a_desk
from tests.exchange.test_lifecycle import GOOD
from tests.scripted import Provider


def principal_of(desk: Desk, callers: Callers, credential: str, at: datetime = NOW) -> Principal:
    return identify(credential, callers, at, desk.in_force.plans.principal)


async def test_only_an_active_key_is_a_caller(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        callers = desk.services.callers
        principal = identify(SECRET, callers, NOW, desk.in_force.plans.principal)
        assert principal.caller == desk.key
        with pytest.raises(Unauthenticated):
            principal_of(desk, callers, SECRET + "x")
        await desk.keys.revoke(desk.key.id, NOW)
        with pytest.raises(Unauthenticated):
            principal_of(desk, callers, SECRET)


async def test_a_key_calls_until_it_expires(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, "process")
    try:
        keys = SqliteKeys(journal)
        end = NOW + timedelta(hours=1)
        await keys.create(a_key(digest=digest_of("a-secret"), expires_at=end))
        callers = KeyCallers(keys)
        assert callers.find("a-secret", end - timedelta(microseconds=1)) is not None
        assert callers.find("a-secret", end) is None
    finally:
        journal.close()


async def test_a_caller_whose_team_is_not_declared_is_refused_like_a_wrong_key(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        await desk.keys.create(a_key("key_2", digest=digest_of("another"), team="gone"))
        with pytest.raises(Unauthenticated):
            principal_of(desk, desk.services.callers, "another")


# --- a second kind of caller -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Workload:
    """A job in a cluster, known by a token that its platform signed."""

    kind: ClassVar[str] = "workload"
    id: CallerId
    team: str
    policy: str
    credential: str = "sha256-of-a-token"
    classes: frozenset[str] = frozenset()
    budgets: tuple[Budget, ...] = ()

    @property
    def account(self) -> str:
        return f"workload/{self.id}"


@dataclass(frozen=True, slots=True)
class Workloads:
    """Every workload by its token; any other credential may be that of a key."""

    known: dict[str, Workload]
    others: Callers

    def find(self, credential: str, at: datetime) -> Caller | None:
        return self.known.get(credential) or self.others.find(credential, at)

    def holder(self, credential: str, at: datetime) -> Caller | None:
        own = (workload for workload in self.known.values() if workload.credential == credential)
        return next(own, None) or self.others.holder(credential, at)

    async def obstacle(self) -> str:
        return await self.others.obstacle()


async def test_a_workload_calls_beside_keys_and_pays_from_its_own_account(tmp_path: Path) -> None:
    nightly = Workload("wl_nightly", "research", "open", budgets=(Budget(10**12, "day"),))
    body = json.dumps(BODY).encode()
    async with Provider(GOOD, GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        callers = Workloads({"a-token": nightly}, desk.services.callers)
        services = replace(desk.services, callers=callers)
        for credential, name in (("a-token", "wl_nightly"), (SECRET, desk.key.id)):
            principal = identify(credential, callers, NOW, desk.in_force.plans.principal)
            client = Client()
            await Exchange(services, desk.in_force, principal, Arrival("openai_chat", PLAIN)).run(body, client)
            assert client.error is None
            assert desk.receipts()[0]["key"] == name
        workload = identify("a-token", callers, NOW, desk.in_force.plans.principal)
        assert workload.accounts == ("organisation/acme", "team/research", "workload/wl_nightly")
        assert ("workload/wl_nightly", nightly.budgets[0]) in workload.budgets
