"""Spend: stacked bars by day, the table that says the same, budgets, and the table as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from gateway.console.page import Audience, ConsolePage, Download, PageAnswer, PageReport, Visit
from gateway.console.queries import address, members_of, teams_seen, without_empty

DIMENSIONS: Final = ("team", "key", "model", "provider", "route", "policy", "countries")
_COLUMNS: Final = ("cost", "unreported", "requests", "tokens_in", "tokens_out")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet reads a cell that begins so as a formula."""
_AMOUNT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CSV: Final = "text/csv; charset=utf-8"


ChargeReport: TypeAlias = Callable[[Visit], Awaitable[Sequence[Sequence[str | int]]]]
"""The columns of FOCUS, then every charge."""


def spend_pages(report: PageReport, budgets: PageReport, charges: ChargeReport) -> Iterable[ConsolePage]:
    """`/console/spend`, and its table and its charges as files."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        snapshot, view = visit.in_force.snapshot, await report(visit)
        choices = {
            "by": list(DIMENSIONS),
            "team": teams_seen(visit),
            "model": sorted(snapshot.models),
            "provider": sorted(visit.in_force.means.credentials),
        }
        table = address(f"{visit.path}/table.csv", members_of(visit))
        focus = address(f"{visit.path}/focus.csv", members_of(visit))
        return {**view, "budgets": await budgets(visit), "choices": choices, "csv": table, "focus": focus}

    async def save(visit: Visit) -> PageAnswer:
        view = await report(visit)
        return Download("spend.csv", _CSV, spend_csv(view))

    async def save_charges(visit: Visit) -> PageAnswer:
        return Download("focus.csv", _CSV, _written(await charges(visit)))

    yield ConsolePage("/spend", "spend.html", show, Audience.SIGNED_IN, label="Spend")
    yield ConsolePage("/spend/focus.csv", "spend.html", save_charges, Audience.SIGNED_IN, has_json=False)
    yield ConsolePage("/spend/table.csv", "spend.html", save, Audience.SIGNED_IN, has_json=False)


def spend_csv(view: Mapping[str, Any]) -> bytes:
    """The table with the same numbers: the groups, every sum, the currency."""
    by: Sequence[str] = view["by"]
    columns = (*by, *_COLUMNS)
    lines = [(*(line[name] for name in columns), view["currency"]) for line in view["data"]]
    return _written([(*columns, "currency"), *lines])


def _written(rows: Iterable[Sequence[str | int]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _cell(cell: str | int) -> str | int:
    """The cell as a spreadsheet reads it: text that begins as a formula does is marked as text."""
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _AMOUNT.fullmatch(cell):
        return f"'{cell}"
    return cell
