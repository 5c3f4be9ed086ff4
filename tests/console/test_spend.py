from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gateway.compose.console_reports import ConsoleReports, ReportSources
from gateway.console.page import ConsolePage
from gateway.console.spend import spend_csv, spend_pages
from gateway.core.organisation import Budget
from tests.builders import a_receipt, an_attempt
from tests.console.house import a_house, text_of

HELD = an_attempt(usage_source="held", cost=1_000_000)


def pages(reports: ConsoleReports, _: ReportSources) -> Iterable[ConsolePage]:
    return spend_pages(reports.spend, reports.budgets, reports.focus)


async def test_the_sums_the_chart_and_the_file_have_the_same_numbers(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(a_receipt("A"), a_receipt("B", attempts=(HELD,), cost=1_000_000, model="large"))
        reader = await house.signed_in()
        page = (await reader.get("/console/spend?by=model")).text
        assert "$0.00204 for 2 requests. Of this, $0.001 rests on holds and estimates" in text_of(page)
        assert 'class="chart"' in page
        assert "No budget is set." in text_of(page)
        file = await reader.get((await reader.json("/console/spend?by=model"))["csv"])
        assert file.headers["content-disposition"] == 'attachment; filename="spend.csv"'
        assert file.text == (
            "model,cost,unreported,requests,tokens_in,tokens_out,currency\r\n"
            "small,0.00104,0,1,1000,20,USD\r\n"
            "large,0.001,0.001,1,1000,20,USD\r\n"
        )


async def test_the_charges_are_saved_for_cost_tools(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        await house.settle(a_receipt("A"), a_receipt("B", key="key_2"))
        reader = await house.signed_in()
        file = await reader.get((await reader.json("/console/spend?by=model"))["focus"])
        assert file.headers["content-disposition"] == 'attachment; filename="focus.csv"'
        columns, *charges = file.text.splitlines()
        assert columns.startswith("BilledCost,")
        assert len(charges) == 1


async def test_a_key_sees_its_budget_and_an_administrator_sees_all(tmp_path: Path) -> None:
    async with a_house(tmp_path, reported=pages) as house:
        secret = "sc_" + "y" * 43
        await house.another_key(secret, budgets=(Budget(5_000_000_000, "month"),), label="laptop")
        assert "No budget is set." in text_of((await (await house.signed_in()).get("/console/spend")).text)
        for reader in (await house.signed_in(secret), await house.administrator()):
            assert "laptop Key, hard month $0 $0 $5.00" in text_of((await reader.get("/console/spend")).text)


def test_no_cell_of_the_file_is_a_formula() -> None:
    view = {
        "by": ["model"],
        "currency": "USD",
        "data": [{"model": "=cmd()", "cost": "-1", "unreported": "0", "requests": 1, "tokens_in": 1, "tokens_out": 1}],
    }
    assert spend_csv(view).splitlines()[1] == b"'=cmd(),-1,0,1,1,1,USD"
