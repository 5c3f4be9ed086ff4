"""What was used and what it cost, summed over the receipts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import focus
from gateway.commands.asked import Asked, state_options
from gateway.commands.kept import kept
from gateway.commands.printing import write_rows
from gateway.commands.stop import MISUSED, Stop
from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.usage import CLASSES, Usage

if TYPE_CHECKING:
    from gateway.stores.books import UsageRow


def arguments(parser: argparse.ArgumentParser) -> None:
    groups = "day, team, key, model, provider, route, region, policy, organisation, currency"
    parser.add_argument("--by", default="day", metavar="G,…", help=groups)
    parser.add_argument("--since", metavar="DAY", help="from this day on, in UTC, such as 2026-11-01")
    parser.add_argument("--until", metavar="DAY", help="up to and with this day")
    parser.add_argument("--key", metavar="ID", help="only this key's id")
    parser.add_argument("--csv", action="store_true", help="print CSV: the groups, exchanges, every count, the cost")
    parser.add_argument("--focus", metavar="FILE", help="write FOCUS 1.2 charges as CSV there, by day and every group")
    state_options(parser)


def run(asked: Asked) -> int:
    options = asked.options
    if options.csv and (options.json or options.focus):
        raise Stop("--csv stands alone", "leave out --json and --focus, or --csv", code=MISUSED)
    by = list(focus.GROUPED) if options.focus else _groups(options.by)
    ledger = kept(asked)
    rows = ledger.usage(by, _day(options.since, "--since"), _day(options.until, "--until"), options.key)
    if options.focus:
        return _export(asked, list(focus.charges(rows)))
    currency = next((str(receipt["currency"]) for receipt in ledger.newest(1)), "")
    if options.csv:
        asked.out.rows((*by, "exchanges", *CLASSES, "cost", "currency"), [_line(row, currency) for row in rows])
        return 0
    asked.out.value({"by": by, "currency": currency or None, "data": [*(_plain(by, row) for row in rows)]})
    cells = [(*row.group, str(row.exchanges), *_counts(row.usage), f"{money(row.cost)} {currency}") for row in rows]
    asked.out.table((*by, "exchanges>", "tokens in>", "tokens out>", "cost>"), cells)
    if not rows:
        asked.out.line("There is no receipt in that time.")
    return 0


def _export(asked: Asked, charges: Sequence[tuple[focus.Cell, ...]]) -> int:
    path = Path(asked.options.focus)
    if path.suffix.lower() != ".csv":
        raise Stop("FOCUS is written as CSV", "name a file that ends in .csv", code=MISUSED)
    with path.open("w", encoding="utf-8", newline="") as file:
        write_rows(file, focus.COLUMNS, charges)
    asked.out.value({"file": str(path), "focus": focus.VERSION, "charges": len(charges)})
    asked.out.line(f"{len(charges)} charges are in {path}, as FOCUS {focus.VERSION}.")
    return 0


def _groups(stated: str) -> list[str]:
    from gateway.stores.ledger import GROUPS

    by = [word.strip() for word in stated.split(",") if word.strip()]
    if not by or any(word not in GROUPS for word in by) or len({*by}) < len(by):
        do = f"use one or more of {', '.join(GROUPS)}, each once, with commas between"
        raise Stop("--by names no group, or one twice", do, code=MISUSED)
    return by


def _plain(by: Sequence[str], row: UsageRow) -> dict[str, Json]:
    """As `/v1/usage` tells it."""
    told: dict[str, Json] = {"exchanges": row.exchanges, "usage": dict(row.usage), "cost": money(row.cost)}
    return {**dict(zip(by, row.group, strict=True)), **told}


def _line(row: UsageRow, currency: str) -> tuple[str | int, ...]:
    return (*row.group, row.exchanges, *(row.usage.get(name, 0) for name in CLASSES), money(row.cost), currency)


def _counts(usage: Mapping[str, int]) -> tuple[str, str]:
    """Tokens of both sides."""
    used = Usage(**usage)
    return f"{used.context:,}", f"{used.generated:,}"


def _day(stated: str | None, option: str) -> date | None:
    if not stated:
        return None
    try:
        return date.fromisoformat(stated)
    except ValueError:
        pass
    raise Stop(f"{option} is no day", "write it as 2026-11-24", code=MISUSED)
