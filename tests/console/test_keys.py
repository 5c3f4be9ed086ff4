"""Keys as pages: seen by their owner, made, rotated and revoked by an operator."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.keys import keys_pages
from gateway.console.page import ConsolePage
from gateway.core.organisation import Budget
from gateway.stores.keys.keys import digest_of
from tests.builders import a_receipt
from tests.console.house import House, a_house, text_of


def pages(reports: ConsoleReports, sources: ReportSources) -> Iterable[ConsolePage]:
    return keys_pages(reports.keys, sources.desk)


def secret_in(html: str) -> str:
    found = re.search(r'<output id="secret">([^<]*)</output>', html)
    assert found is not None, text_of(html)
    return unescape(found[1])


def known(house: House, secret: str) -> str:
    """State of the key with this secret."""
    key = house.door.desk.keys.find(digest_of(secret))
    assert key is not None
    return key.state(house.now)


async def test_a_key_sees_itself_with_its_budgets_and_its_last_day(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.another_key("sc_" + "y" * 43, label="laptop", budgets=(Budget(5_000_000_000, "month"),))
        await house.settle(a_receipt("A", key="key_2"))
        reader = await house.signed_in("sc_" + "y" * 43)
        words = text_of((await reader.get("/console/keys")).text)
        assert "1 key, the newest first" in words
        assert "laptop" in words
        assert "$5.00 of $5.00 per month" in words
        assert "24 November 2026" in words
        assert "Make a key" not in words
        assert "key_1" not in words


async def test_an_operator_makes_a_key_and_its_secret_is_shown_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        admin = await house.administrator()
        answer = await admin.send(
            "/console/keys",
            team="research",
            policy="open",
            label="<b>new</b>",
            expires="30",
            budgets="5/month 4/day,soft",
        )
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
        secret = secret_in(answer.text)
        key = house.door.desk.keys.find(digest_of(secret))
        assert key is not None
        assert (key.team, key.policy, key.label, len(key.budgets)) == ("research", "open", "<b>new</b>", 2)
        assert key.expires_at is not None
        assert "<b>new</b>" not in answer.text
        for path in ("/console/keys", f"/console/keys/{key.id}"):
            assert secret not in (await admin.get(path)).text
            assert secret not in (await admin.get(f"{path}?format=json")).text


async def test_an_operator_rotates_a_key_and_revokes_it_after_a_question(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.another_key("sc_" + "y" * 43)
        admin = await house.administrator()
        answer = await admin.send("/console/keys/key_2", overlap="24")
        secret = secret_in(answer.text)
        assert (known(house, secret), known(house, "sc_" + "y" * 43)) == ("active", "active")
        assert "Every secret of this key stops at once" in text_of((await admin.get("/console/keys/key_2/revoke")).text)
        assert known(house, secret) == "active"
        assert (await admin.send("/console/keys/key_2/revoke")).headers["location"] == "/console/keys"
        assert {known(house, each) for each in (secret, "sc_" + "y" * 43)} == {"revoked"}


async def test_a_holder_rotates_the_own_key_which_then_ends_when_it_ended_before(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        ends = house.now + timedelta(days=2)
        await house.another_key("sc_" + "y" * 43, label="laptop", created_at=house.now, expires_at=ends)
        reader = await house.signed_in("sc_" + "y" * 43)
        words = text_of((await reader.get("/console/keys/key_2")).text)
        assert "Rotate" in words
        assert "Revoke" not in words
        secret = secret_in((await reader.send("/console/keys/key_2", overlap="24")).text)
        fresh = house.door.desk.keys.find(digest_of(secret))
        assert fresh is not None
        assert (fresh.id, fresh.team, fresh.expires_at) == ("key_2", "research", ends)
        again = await reader.send("/console/keys/key_2", overlap="0")
        assert again.status_code == 403
        assert "newest secret" in text_of(again.text)
        newest = await house.signed_in(secret)
        last = secret_in((await newest.send("/console/keys/key_2", overlap="0")).text)
        assert {known(house, each) for each in (secret, "sc_" + "y" * 43)} == {"revoked"}
        assert known(house, last) == "active"
        assert (await newest.get("/console/keys")).status_code == 303


async def test_a_key_cannot_change_keys_and_a_form_without_its_token_changes_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.another_key("sc_" + "y" * 43)
        reader, admin = await house.signed_in(), await house.administrator()
        others = ("/console/keys/key_2", "/console/keys/key_2/revoke", "/console/keys/nobody")
        for path in (*others, "/console/keys/key_1/revoke"):
            assert (await reader.get(path)).status_code == 404
        token = re.search(r'name="csrf" value="([^"]*)"', (await reader.get("/console/keys")).text)
        assert token is not None
        made = await reader.post("/console/keys", csrf=token[1], team="research", policy="open")
        assert made.status_code == 404
        turned = await reader.post("/console/keys/key_2", csrf=token[1], overlap="0")
        assert turned.status_code == 404
        assert (await admin.post("/console/keys/key_2/revoke")).status_code == 403
        assert known(house, "sc_" + "y" * 43) == "active"
        assert (await admin.get("/console/keys/nobody")).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"team": "MARKER"},
        {"policy": "MARKER"},
        {"expires": "7"},
        {"budgets": "much"},
        {"classes": "x"},
        {"label": "x" * 300},
    ],
)
async def test_a_form_that_is_not_understood_makes_no_key(tmp_path: Path, wrong: dict[str, str]) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        admin = await house.administrator()
        answer = await admin.send("/console/keys", **{"team": "research", "policy": "open", **wrong})
        assert answer.status_code == 400
        assert "MARKER" not in answer.text
        assert len(await house.door.desk.keys.all()) == 1
        assert (await admin.send("/console/keys/key_1", overlap="9")).status_code == 400
