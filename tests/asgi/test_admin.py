"""The operator's endpoints, over the Unix socket that commands use."""

from __future__ import annotations

import asyncio
import json
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.asgi.admin import Admin
from gateway.asgi.admin_keys import KeyNews, key_view
from gateway.core.organisation import Budget, DataClass
from gateway.exchange.services import InForce
from gateway.http.drain import Drain
from gateway.http.server import Listener, bind_unix, serve
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of
from gateway.stores.ledger.repricing import Repricer
from gateway.telemetry.events import KeyCreated, KeyRevoked, Repriced
from tests.builders import NOW, a_key, a_provider, a_route, a_snapshot, an_organisation, some_means
from tests.exchange.test_lifecycle import play

SNAPSHOT = a_snapshot(organisation=an_organisation(classes={"personal": DataClass("personal", "open")}))
KEY = {"team": "research", "policy": "open"}


class Office:
    """The admin application with a journal of its own; `faults` is what a reload finds."""

    def __init__(self, journal: Journal, client: httpx.AsyncClient) -> None:
        self.journal, self.keys, self.client = journal, SqliteKeys(journal), client
        self.in_force = InForce(SNAPSHOT, some_means("alpha", "beta"), {})
        self.faults: list[str] = []
        self.heard: list[KeyNews | Repriced] = []

    async def reload(self) -> list[str]:
        if not self.faults:
            self.in_force = InForce(a_snapshot(digest="6" * 64), some_means("alpha"), {})
        return self.faults

    async def create(self, **wanted: Any) -> httpx.Response:
        return await self.client.post("/keys", json={**KEY, **wanted})


@asynccontextmanager
async def an_office(state: Path, default_policy: str = "") -> AsyncIterator[Office]:
    journal, drain, started = Journal.open(state, "process"), Drain(), asyncio.Event()
    with tempfile.TemporaryDirectory() as short:  # the name of a Unix socket has a hundred bytes at most
        path = Path(short) / "admin.sock"
        async with httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://gateway", timeout=20
        ) as client:
            office = Office(journal, client)
            admin = Admin(
                office.keys,
                lambda: office.in_force,
                office.reload,
                lambda: NOW,
                default_policy,
                office.heard.append,
                Repricer(journal),
                metrics=lambda: "counted\n",
            )
            listener = Listener(admin.app(), bind_unix(path))
            serving = asyncio.ensure_future(serve([listener], drain, grace_s=0, ready=started.set))
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


def with_office(tmp_path: Path, told: Callable[[Office], Awaitable[None]], default_policy: str = "") -> None:
    async def story() -> None:
        async with an_office(tmp_path, default_policy) as office:
            await told(office)

    play(story)


def test_a_key_is_created_shown_once_and_opens(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
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

    with_office(tmp_path, told)


def test_a_secret_finds_its_key_by_digest(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        first, second = (await office.create()).json(), (await office.create()).json()
        assert first["secret"] != second["secret"]
        found = (await office.client.get("/keys", params={"digest": digest_of(second["secret"])})).json()["keys"]
        assert [key["id"] for key in found] == [second["id"]]
        assert (await office.client.get("/keys", params={"digest": "0" * 64})).json() == {"keys": []}

    with_office(tmp_path, told)


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
def test_a_key_that_was_not_understood_is_not_made(tmp_path: Path, wanted: dict[str, Any], field: str | None) -> None:
    """A restriction that was mistyped must never become a key without it."""

    async def told(office: Office) -> None:
        answer = await office.create(**wanted)
        assert error_of(answer) == (400, "invalid_request")
        assert answer.json()["error"].get("field") == field
        assert await office.keys.all() == ()

    with_office(tmp_path, told)


def test_names_that_are_not_declared_get_near_ones_or_all(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        assert (await office.create(team="reserch")).json()["error"]["near"] == ["research"]
        assert (await office.create(policy="zzzzzz")).json()["error"]["near"] == ["open"]

    with_office(tmp_path, told)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"team": NaN}'])
def test_only_an_object_makes_a_key(tmp_path: Path, body: bytes) -> None:
    async def told(office: Office) -> None:
        assert error_of(await office.client.post("/keys", content=body)) == (400, "invalid_request")

    with_office(tmp_path, told)


def test_the_sandbox_alone_has_a_policy_for_those_who_name_none(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        made = await office.client.post("/keys", json={"team": "research"})
        assert made.json()["policy"] == "open"

    with_office(tmp_path, told, default_policy="open")


def test_a_key_is_revoked_once_and_stays_so(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        made = (await office.create()).json()
        for _ in range(2):
            revoked = await office.client.post(f"/keys/{made['id']}/revoke")
            assert revoked.status_code == 200
            assert (revoked.json()["state"], revoked.json()["revoked_at"]) == ("revoked", "2026-11-24T12:00:00+00:00")
        found = office.keys.find(digest_of(made["secret"]))
        assert found is not None
        assert found.state(NOW) == "revoked"
        assert error_of(await office.client.post("/keys/key_none/revoke")) == (404, "not_found")
        revocation = KeyRevoked(made["id"], "research")
        assert office.heard == [KeyCreated(made["id"], "research", "open"), revocation, revocation]

    with_office(tmp_path, told)


def test_a_reload_says_what_is_in_force_now(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        office.faults = ["config/teams.toml: teams.x: wrong"]
        kept = await office.client.post("/reload")
        assert (kept.status_code, kept.json()) == (
            409,
            {"reloaded": False, "faults": office.faults, "snapshot": "5" * 64},
        )
        office.faults = []
        done = await office.client.post("/reload")
        assert (done.status_code, done.json()) == (200, {"reloaded": True, "faults": [], "snapshot": "6" * 64})

    with_office(tmp_path, told)


def test_the_status_names_snapshot_providers_and_sandbox(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        expected = {"status": "running", "snapshot": "5" * 64, "sandbox": False, "providers": ["alpha", "beta"]}
        assert (await office.client.get("/status")).json() == expected
        office.in_force = InForce(a_snapshot(a_route(a_provider(sandbox=True))), some_means("alpha"), {})
        assert (await office.client.get("/status")).json()["sandbox"] is True

    with_office(tmp_path, told)


def test_other_addresses_and_methods_are_answered_as_json(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        assert error_of(await office.client.get("/nothing")) == (404, "not_found")
        assert error_of(await office.client.delete("/keys")) == (405, "method_not_allowed")
        assert error_of(await office.client.get("/reload")) == (405, "method_not_allowed")

    with_office(tmp_path, told)


def test_without_a_journal_no_key_is_made(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        office.keys._journal.close()
        assert error_of(await office.create()) == (503, "keys_unavailable")
        assert await office.keys.all() == ()

    with_office(tmp_path, told)


def test_a_view_of_a_key_has_no_digest() -> None:
    view = key_view(a_key(expires_at=NOW - timedelta(days=1)), NOW)
    assert view["state"] == "expired"
    assert "d" * 64 not in json.dumps(view)


REPRICING = {"since": "2026-11-24", "until": "2026-11-24"}


def test_exchanges_are_rated_again_at_the_prices_in_force(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        answer = await office.client.post("/reprice", json={**REPRICING, "provider": "alpha", "dry_run": False})
        nothing = {"exchanges": 0, "corrected": 0, "difference": "0"}
        assert answer.json() == {**nothing, "currency": "USD", "snapshot": SNAPSHOT.digest}
        days = ("2026-11-24", "2026-11-24")
        assert office.heard == [Repriced(*days, "alpha", 0, 0, 0, "USD", SNAPSHOT.digest)]
        await office.client.post("/reprice", json=REPRICING)
        assert len(office.heard) == 1  # nothing was written

    with_office(tmp_path, told)


@pytest.mark.parametrize(
    "changed", [{"since": "MARKER"}, {"until": None}, {"provider": "MARKER"}, {"provider": 1}, {"MARKER": 1}]
)
def test_days_and_providers_that_are_none_are_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    async def told(office: Office) -> None:
        answer = await office.client.post("/reprice", json={**REPRICING, **changed})
        assert error_of(answer) == (400, "invalid_request")
        assert "MARKER" not in answer.text

    with_office(tmp_path, told)


def test_what_events_add_up_to_is_there_for_prometheus(tmp_path: Path) -> None:
    async def told(office: Office) -> None:
        answered = await office.client.get("/metrics")
        assert (answered.status_code, answered.text) == (200, "counted\n")
        assert answered.headers["content-type"].startswith("text/plain; version=0.0.4")

    with_office(tmp_path, told)
