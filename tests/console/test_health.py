from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.health import health_page
from gateway.console.page import ConsolePage
from gateway.core.catalog import RouteId
from gateway.core.health import FaultScope, RouteFault
from tests.builders import a_receipt
from tests.console.house import a_house, text_of


def pages(reports: ConsoleReports, _: ReportSources) -> Iterable[ConsolePage]:
    yield health_page(reports.health)


async def test_an_outage_is_shown_with_its_reason_and_the_figures_of_the_hour(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(a_receipt())
        services = house.door.desk.services
        fault = RouteFault(FaultScope.CREDENTIAL, status=401)
        services.health.failed(RouteId("alpha/small"), fault, services.clock.monotonic())
        page = (await (await house.signed_in()).get("/console/health")).text
        words = text_of(page)
        assert "1 of 3 providers is not serving." in words
        assert "The provider refused our credential (401). Renew SAFECONDUCT_PROVIDER_ALPHA_KEY, then reload." in words
        assert "180 ms" in words
        assert "live.js" in page


async def test_only_an_administrator_sees_the_stores(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        own, admin = await house.signed_in(), await house.administrator()
        assert (await own.json("/console/health"))["stores"] == []
        assert "Stores of this gateway" not in text_of((await own.get("/console/health")).text)
        words = text_of((await admin.get("/console/health")).text)
        for store in ("Books and journal In order", "Keys In order", "Ledger In order", "1,048,576 MB free"):
            assert store in words


async def test_figures_are_worked_out_once_for_readers_who_ask_again_and_again(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        reader = await house.signed_in()
        first = await reader.json("/console/health")
        await house.settle(a_receipt())
        assert (await reader.json("/console/health"))["providers"] == first["providers"]
