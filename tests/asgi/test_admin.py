"""The operator's endpoints, over the Unix socket that commands use."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.asgi.admin import OperatorOf, admin_application, operator_by_peer
from gateway.asgi.admin_keys import KeyRoom
from gateway.asgi.admin_prices import PriceRoom
from gateway.asgi.admin_process import ProcessRoom, ReloadResult
from gateway.asgi.admin_settlement import SettlementRoom
from gateway.asgi.downstream import render_error
from gateway.core.organisation import Budget, DataClass
from gateway.exchange.services import InForce
from gateway.http.drain import Drain
from gateway.http.listeners import Listener, bind_unix
from gateway.http.server import serve
from gateway.identity.key_desk import KeyDesk, KeyNews
from gateway.identity.operators import ADMIN, Act, Operator, OperatorRole
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of
from gateway.stores.ledger.repricing import Repricer
from gateway.stores.ledger.settling import Settler
from gateway.telemetry.events import CostsSettled, KeyCreated, KeyRevoked, Repriced
from tests.builders import NOW, a_snapshot, an_organisation, some_means

SNAPSHOT = a_snapshot(organisation=an_organisation(classes={"personal": DataClass("personal", "open")}))
KEY = {"team": "research", "policy": "open"}
ME = f"uid:{os.geteuid()}"


class Office:
    """The admin application with a journal of its own; `faults` and `restart` are the result of a reload."""

    def __init__(self, journal: Journal, client: httpx.AsyncClient) -> None:
        self.journal, self.keys, self.client = journal, SqliteKeys(journal), client
        self.in_force = InForce(SNAPSHOT, some_means("alpha", "beta"), {})
        self.faults: list[str] = []
        self.restart: list[str] = []
        self.heard: list[KeyNews | Repriced | CostsSettled] = []

    async def reload(self, operator: Operator) -> ReloadResult:
        assert operator == Operator(ADMIN, ME)
        result = ReloadResult(tuple(self.faults), tuple(self.restart))
        if result.in_force:
            self.in_force = InForce(a_snapshot(digest="6" * 64), some_means("alpha"), {})
        return result

    async def create(self, **wanted: Any) -> httpx.Response:
        return await self.client.post("/keys", json={**KEY, **wanted})


def _desk(office: Office, default_policy: str) -> KeyDesk:
    return KeyDesk(office.keys, lambda: office.in_force.snapshot, lambda: NOW, default_policy, office.heard.append)


@asynccontextmanager
async def an_office(
    state: Path, default_policy: str = "", operator_of: OperatorOf = operator_by_peer
) -> AsyncIterator[Office]:
    journal, drain, started = Journal.open(state, "process"), Drain(0), asyncio.Event()
    with tempfile.TemporaryDirectory() as short:  # the name of a Unix socket has a hundred bytes at most
        path = Path(short) / "admin.sock"
        async with httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://gateway", timeout=20
        ) as client:
            office = Office(journal, client)
            rooms = (
                KeyRoom(office.keys, _desk(office, default_policy), lambda: NOW),
                PriceRoom(Repricer(journal), lambda: office.in_force, office.heard.append),
                SettlementRoom(Settler(journal), lambda: office.in_force, office.heard.append),
                ProcessRoom(lambda: office.in_force, office.reload, lambda: "counted\n"),
            )
            listener = Listener(admin_application(rooms, operator_of), bind_unix(path), render_error)
            serving = asyncio.ensure_future(serve([listener], drain, ready=started.set))
            try:
                await started.wait()
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
                yield office
            finally:
                drain.hurry()
                await serving
                journal.close()


def error_of(response: httpx.Response) -> tuple[int, str]:
    error = response.json()["error"]
    assert error["message"].endswith(".")
    return response.status_code, error["code"]


async def test_a_key_is_created_shown_once_and_opens(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        answer = await office.create(
            label="laptop",
            classes=["personal"],
            expires_at="2027-01-01T00:00:00+00:00",
            budgets=["50/month", "0.25/hour"],
        )
        assert answer.status_code == 201
        made = answer.json()
        secret = made.pop("secret")
        assert made == {
            "id": made["id"],
            **KEY,
            "label": "laptop",
            "classes": ["personal"],
            "budgets": ["50/month", "0.25/hour"],
            "created_at": "2026-11-24T12:00:00+00:00",
            "expires_at": "2027-01-01T00:00:00+00:00",
            "revoked_at": None,
            "state": "active",
        }
        found = office.keys.find(digest_of(secret))
        assert found is not None
        assert found.id == made["id"]
        assert found.budgets == (Budget(50 * 10**9, "month"), Budget(250_000_000, "hour"))
        listed = await office.client.get("/keys")
        assert listed.json() == {"keys": [made]}
        assert secret not in listed.text
        assert found.digest not in listed.text


async def test_a_secret_finds_its_key_by_digest(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        first, second = (await office.create()).json(), (await office.create()).json()
        assert first["secret"] != second["secret"]
        found = (await office.client.get("/keys", params={"digest": digest_of(second["secret"])})).json()["keys"]
        assert [key["id"] for key in found] == [second["id"]]
        assert (await office.client.get("/keys", params={"digest": "0" * 64})).json() == {"keys": []}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"policy": ""}, "policy"),
        ({"policy": None}, "policy"),
        ({"policy": "opne"}, "policy"),
        ({"policy": ["open"]}, "policy"),
        ({"team": ""}, "team"),
        ({"team": "reserch"}, "team"),
        ({"team": 7}, "team"),
        ({"label": {"a": 1}}, "label"),
        ({"label": "x" * 257}, "label"),
        ({"classes": ["persnal"]}, "classes"),
        ({"classes": "personal"}, "classes"),
        ({"budgets": ["50"]}, "budgets"),
        ({"budgets": ["50/month", "9/month"]}, "budgets"),
        ({"budgets": [50]}, "budgets"),
        ({"budgets": {"month": 50}}, "budgets"),
        ({"classes": [["personal"]]}, "classes"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": 1}, "expires_at"),
        ({"expires": "2027-01-01T00:00:00Z"}, None),
    ],
)
async def test_a_key_that_was_not_understood_is_not_made(
    tmp_path: Path, wanted: dict[str, Any], field: str | None
) -> None:
    """A restriction that was mistyped must never become a key without it."""

    async with an_office(tmp_path) as office:
        answer = await office.create(**wanted)
        assert error_of(answer) == (400, "invalid_request")
        assert answer.json()["error"].get("field") == field
        assert await office.keys.all() == ()


async def test_names_that_are_not_declared_get_near_ones_or_all(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        assert (await office.create(team="reserch")).json()["error"]["near"] == ["research"]
        assert (await office.create(policy="zzzzzz")).json()["error"]["near"] == ["open"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"team": NaN}'])
async def test_only_an_object_makes_a_key(tmp_path: Path, body: bytes) -> None:
    async with an_office(tmp_path) as office:
        assert error_of(await office.client.post("/keys", content=body)) == (400, "invalid_request")


async def test_the_sandbox_alone_has_a_policy_for_those_who_name_none(tmp_path: Path) -> None:
    async with an_office(tmp_path, default_policy="open") as office:
        made = await office.client.post("/keys", json={"team": "research"})
        assert made.json()["policy"] == "open"


async def test_a_key_is_revoked_once_and_stays_so(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        made = (await office.create()).json()
        for _ in range(2):
            revoked = await office.client.post(f"/keys/{made['id']}/revoke")
            assert revoked.status_code == 200
            assert (revoked.json()["state"], revoked.json()["revoked_at"]) == ("revoked", "2026-11-24T12:00:00+00:00")
        found = office.keys.find(digest_of(made["secret"]))
        assert found is not None
        assert found.state(NOW) == "revoked"
        assert error_of(await office.client.post("/keys/key_none/revoke")) == (404, "not_found")
        revocation = KeyRevoked(made["id"], "research", ME)
        assert office.heard == [KeyCreated(made["id"], "research", "open", ME), revocation, revocation]


async def test_other_addresses_and_methods_are_answered_as_json(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        assert error_of(await office.client.get("/nothing")) == (404, "not_found")
        assert error_of(await office.client.delete("/keys")) == (405, "method_not_allowed")
        assert error_of(await office.client.get("/reload")) == (405, "method_not_allowed")


async def test_without_a_journal_no_key_is_made(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        office.keys._journal.close()
        assert error_of(await office.create()) == (503, "keys_unavailable")
        assert await office.keys.all() == ()


# --- who may do what -------------------------------------------------------------------------------------------------

AUDITOR = Operator(OperatorRole("auditor", frozenset({Act.READ})), "uid:4711")


async def test_an_auditor_reads_everything_and_changes_nothing(tmp_path: Path) -> None:
    async with an_office(tmp_path, operator_of=lambda _: AUDITOR) as office:
        for path in ("/keys", "/status", "/metrics"):
            assert (await office.client.get(path)).status_code == 200
        for path in ("/keys", "/keys/key_1/rotate", "/keys/key_1/revoke", "/reprice", "/reload"):
            refused = await office.client.post(path)
            assert error_of(refused) == (403, "not_allowed")
            assert refused.json()["error"]["role"] == "auditor"
        assert await office.keys.all() == ()
        assert office.heard == []


async def test_nobody_administers_without_being_an_operator(tmp_path: Path) -> None:
    async with an_office(tmp_path, operator_of=lambda _: None) as office:
        assert error_of(await office.client.get("/keys")) == (403, "not_allowed")
        assert error_of(await office.client.post("/keys", json=KEY)) == (403, "not_allowed")


def test_a_connection_over_a_network_has_no_operator() -> None:
    assert operator_by_peer({"state": {"peer_uid": None}}) is None
    assert operator_by_peer({"state": {"peer_uid": 0}}) == Operator(ADMIN, "uid:0")
