from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.page import ConsolePage
from gateway.console.policies import policies_page
from tests.builders import a_receipt
from tests.console.house import a_house, text_of


def pages(reports: ConsoleReports, _: ReportSources) -> Iterable[ConsolePage]:
    yield policies_page(reports.cards, reports.draft, reports.why)


async def test_a_draft_is_worked_out_and_stands_there_as_a_file(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(a_receipt())
        reader = await house.signed_in()
        words = text_of((await reader.get("/console/policies")).text)
        assert "open" in words
        assert "Choose a limit, then work it out" in words
        page = (await reader.get("/console/policies?training=no&processed_in=EU&model=small")).text
        assert '<option value="no" selected>No</option>' in page
        words = text_of(page)
        assert "1 of 1 routes 1 of 1 models" in words
        assert 'processed_in = ["EU"] training = "no"' in words
        assert "draft ( request )" in words.replace("(request)", "( request )")
        assert "May serve, no. 1" in words


async def test_the_question_why_takes_the_narrowing_of_a_request_and_keeps_every_value(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        admin = await house.administrator()
        page = (await admin.get("/console/policies?model=small&processed_in=EU&processed_in=SE&training=no")).text
        asked = page.partition('id="why"')[2]
        assert '<input type="hidden" name="processed_in" value="EU">' in asked
        assert '<option value="SE" selected>' in asked
        assert 'id="w-training"' in asked
        assert "draft (request)" in text_of(page)


async def test_an_address_that_is_not_understood_is_refused_and_empty_fields_go(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        reader = await house.signed_in()
        for query, status in (("MARKER=1", 400), ("training=MARKER", 400), ("model=small&team=research", 403)):
            answer = await reader.get(f"/console/policies?{query}")
            assert (answer.status_code, "MARKER" in text_of(answer.text)) == (status, False)
        answer = await reader.get("/console/policies?training=no&dpa=")
        assert answer.headers["location"] == "/console/policies?training=no"


async def test_only_an_administrator_picks_teams_and_keys(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        own, admin = await house.signed_in(), await house.administrator()
        assert (await own.json("/console/policies"))["people"] == []
        assert [key["id"] for key in (await admin.json("/console/policies"))["people"]] == ["key_1"]
        words = text_of((await admin.get("/console/policies?model=small&key_id=key_1")).text)
        assert "Under open (organisation), open (team), open (key):" in words
