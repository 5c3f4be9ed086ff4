from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.stores.keys.keys import digest_of
from gateway.telemetry.events import KeyRevoked, KeyRotated
from tests.asgi.test_admin import ME, Office, an_office, error_of
from tests.builders import NOW


async def rotated(office: Office, key_id: str, **stated: Any) -> Any:
    return await office.client.post(f"/keys/{key_id}/rotate", json={"overlap_s": 3_600, **stated})


async def test_a_rotated_key_opens_with_both_secrets_for_a_while(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        made = (await office.create(label="laptop", classes=["personal"], budgets=["50/month"])).json()
        answer = await rotated(office, made["id"])
        assert answer.status_code == 201
        fresh = answer.json()
        assert fresh == {**made, "secret": fresh["secret"], "replaced_until": "2026-11-24T13:00:00+00:00"}
        found, old = office.keys.find(digest_of(fresh["secret"])), office.keys.find(digest_of(made["secret"]))
        assert found is not None
        assert old is not None
        assert (found.state(NOW), old.state(NOW)) == ("active", "active")
        assert (found.budgets, found.classes) == (old.budgets, old.classes)
        assert office.heard[-1] == KeyRotated(made["id"], "research", ME)
        assert fresh["secret"] not in (await office.client.get("/keys")).text


async def test_without_an_overlap_the_old_secret_opens_nothing_from_now_on(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        made = (await office.create()).json()
        fresh = (await rotated(office, made["id"], overlap_s=0, expires_at="2027-01-01T00:00:00+00:00")).json()
        assert (fresh["replaced_until"], fresh["expires_at"]) == (None, "2027-01-01T00:00:00+00:00")
        old = office.keys.find(digest_of(made["secret"]))
        assert old is not None
        assert old.state(NOW) == "revoked"


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"overlap_s": -1}, "overlap_s"),
        ({"overlap_s": 366 * 86_400 + 1}, "overlap_s"),
        ({"overlap_s": "7d"}, "overlap_s"),
        ({"overlap_s": True}, "overlap_s"),
        ({"overlap_s": None}, "overlap_s"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"team": "research"}, None),
    ],
)
async def test_a_rotation_that_was_not_understood_is_not_made(
    tmp_path: Path, stated: dict[str, Any], field: str | None
) -> None:
    async with an_office(tmp_path) as office:
        made = (await office.create()).json()
        answer = await rotated(office, made["id"], **stated)
        assert error_of(answer) == (400, "invalid_request")
        assert answer.json()["error"].get("field") == field
        assert len(await office.keys.all()) == 1


async def test_a_revocation_that_holds_here_alone_is_refused_and_logged(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        made = (await office.create()).json()
        office.journal.close()
        assert error_of(await office.client.post(f"/keys/{made['id']}/revoke")) == (503, "keys_unavailable")
        assert office.heard[-1] == KeyRevoked(made["id"], "research", ME)
        told_before = len(office.heard)
        assert error_of(await office.client.post("/keys/key_none/revoke")) == (503, "keys_unavailable")
        assert len(office.heard) == told_before


async def test_neither_an_unknown_nor_a_revoked_key_is_rotated(tmp_path: Path) -> None:
    async with an_office(tmp_path) as office:
        assert error_of(await rotated(office, "key_none")) == (404, "not_found")
        made = (await office.create()).json()
        await office.client.post(f"/keys/{made['id']}/revoke")
        assert error_of(await rotated(office, made["id"])) == (400, "invalid_request")
