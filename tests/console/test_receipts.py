"""Receipts as pages: of the reader's own key, or of everybody for an administrator."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.page import ConsolePage
from gateway.console.receipts import receipts_pages
from tests.builders import a_receipt, an_attempt
from tests.console.house import a_house, text_of
from tests.exchange.desk import SECRET

HOSTILE = "<script>alert(1)</script>"
KEPT = tuple(a_receipt(f"01JD{number:02}", key="key_2" if number == 7 else "key_1") for number in range(52))


def pages(reports: ConsoleReports, _: ReportSources) -> Iterable[ConsolePage]:
    return receipts_pages(reports.receipts, reports.receipt)


async def test_a_list_shows_its_filters_and_leads_to_older_receipts(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(*KEPT)
        reader = await house.signed_in(SECRET)
        page = await reader.get("/console/receipts?outcome=served")
        assert 'selected value="served"' in page.text
        further = (await reader.json("/console/receipts?outcome=served"))["further"]
        assert further == "/console/receipts?outcome=served&before=01JD01"
        assert [line["id"] for line in (await reader.json(further))["data"]] == ["01JD00"]
        assert (await reader.get("/console/receipts?outcome=&team=x")).headers["location"] == "/console/receipts?team=x"
        assert "No receipt matches" in text_of((await reader.get("/console/receipts?team=x")).text)
        assert (await reader.get("/console/receipts?MARKER=x")).status_code == 400


async def test_a_receipt_is_found_by_its_id(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(*KEPT)
        reader = await house.signed_in(SECRET)
        answer = await reader.get("/console/receipts?outcome=&id=+01JD00%2F%3Fx+")
        assert answer.headers["location"] == "/console/receipts?id=+01JD00%2F%3Fx+"
        answer = await reader.get(answer.headers["location"])
        assert answer.headers["location"] == "/console/receipts/01JD00%2F%3Fx"
        assert (await reader.get(answer.headers["location"])).status_code == 404


async def test_two_people_see_their_own_receipts_and_an_administrator_sees_both(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(*KEPT)
        await house.another_key("sc_" + "y" * 43)
        one, other, admin = (
            await house.signed_in(SECRET),
            await house.signed_in("sc_" + "y" * 43),
            await house.administrator(),
        )
        assert [line["id"] for line in (await other.json("/console/receipts"))["data"]] == ["01JD07"]
        assert "01JD07" not in (await one.get("/console/receipts?limit=200")).text
        assert len((await admin.json("/console/receipts?limit=200"))["data"]) == 52
        assert (await admin.get("/console/receipts/01JD07")).status_code == 200
        foreign, unknown = await one.get("/console/receipts/01JD07"), await one.get("/console/receipts/nobody")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert text_of(foreign.text) == text_of(unknown.text)
        assert (await house.reader().get("/console/receipts/01JD07")).headers["location"].startswith("/console/sign-in")


async def test_one_receipt_is_a_page_in_words_and_hostile_names_are_text(tmp_path: Path) -> None:
    refused = an_attempt(
        route=f"{HOSTILE}/small", outcome="failed", status=500, cost=0, usage={}, upstream_code=HOSTILE
    )
    receipt = a_receipt(
        attempts=(refused, an_attempt()),
        model=HOSTILE,
        rejections={"beta/small": ("posture:training@team:eu",), HOSTILE: (f"posture:{HOSTILE}@team:{HOSTILE}",)},
    )
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(receipt)
        page = await (await house.signed_in()).get(f"/console/receipts/{receipt.id}")
        words = text_of(page.text)
        assert "Served by alpha/small after 1 failed attempt. The prompt left 2 times." in words
        assert "Trained on: less careful than eu (team) demands" in words
        assert "Not signed by this version" in words
        assert HOSTILE not in page.text
        assert HOSTILE in words
        assert page.headers["cache-control"] == "no-store"
