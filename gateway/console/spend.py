"""Spend: stacked bars by day, the table that says the same, budgets, and the table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.console.page import Audience, ConsolePage, Download, PageAnswer, PageReport, Visit
from gateway.console.queries import address, members_of, without_empty

DIMENSIONS: Final = ("team", "key", "model", "provider", "route", "policy", "countries")
_COLUMNS: Final = ("cost", "unreported", "requests", "tokens_in", "tokens_out")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet reads a cell that begins so as a formula."""


def spend_pages(report: PageReport, budgets: PageReport) -> Iterable[ConsolePage]:
    """`/console/spend`, and its table as a file."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        snapshot, view = visit.in_force.snapshot, await report(visit)
        choices = {
            "by": list(DIMENSIONS),
            "team": sorted(snapshot.teams),
            "model": sorted(snapshot.models),
            "provider": sorted(visit.in_force.means.credentials),
        }
        table = address(f"{visit.path}/table.csv", members_of(visit))
        return {**view, "budgets": await budgets(visit), "choices": choices, "csv": table}

    async def save(visit: Visit) -> PageAnswer:
        view = await report(visit)
        return Download("spend.csv", "text/csv; charset=utf-8", spend_csv(view))

    yield ConsolePage("/spend", "spend.html", show, Audience.SIGNED_IN, label="Spend")
    yield ConsolePage("/spend/table.csv", "spend.html", save, Audience.SIGNED_IN, has_json=False)


def spend_csv(view: Mapping[str, Any]) -> bytes:
    """The table with the same numbers: the groups, every sum, the currency."""
    by: Sequence[str] = view["by"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*by, *_COLUMNS, "currency"))
    for line in view["data"]:
        writer.writerow((*(_cell(line[name]) for name in by), *(line[name] for name in _COLUMNS), view["currency"]))
    return out.getvalue().encode()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
