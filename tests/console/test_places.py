from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.page import ConsolePage
from gateway.console.places import places_page
from tests.builders import a_receipt, an_attempt
from tests.console.house import a_house, text_of

US = an_attempt(route="walk-us/small", region="US", status=500, outcome="failed", cost=0, usage={})
SOMEWHERE = an_attempt(route="beta/small", region="DE+FR+SE")


def pages(reports: ConsoleReports, _: ReportSources) -> Iterable[ConsolePage]:
    yield places_page(reports.places)


async def test_the_map_and_the_table_say_the_same(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(
            a_receipt("A", attempts=(US, an_attempt())),
            a_receipt("B", attempts=(SOMEWHERE,), route="beta/small", region="declared:DE+FR+SE"),
        )
        page = (await (await house.signed_in()).get("/console/places")).text
        words = text_of(page)
        assert "3 requests left; 1 of them left the EU." in words
        assert "<title>Sweden: 1 request, perhaps more</title>" in page
        assert "<title>United States: 1 request</title>" in page
        assert "Somewhere in the EU" in words
        assert 'href="/console/receipts?countries=US&amp;since=2026-10-26&amp;until=2026-11-24"' in page
        assert 'class="chart"' in page


async def test_a_time_in_which_nothing_left_says_so(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        reader = await house.signed_in()
        page = await reader.get("/console/places")
        assert "Nothing has left this gateway in this time." in text_of(page.text)
        assert (await reader.get("/console/places?home=MOON")).status_code == 400
        location = (await reader.get("/console/places?team=&by=tokens")).headers["location"]
        assert location == "/console/places?by=tokens"
