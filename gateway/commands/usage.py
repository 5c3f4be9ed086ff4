"""Usage and cost, summed over the receipts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.commands.access.receipts_access import open_ledger
from gateway.commands.exports import parquet
from gateway.commands.terminal.context import CommandContext, state_options
from gateway.commands.terminal.printing import write_rows
from gateway.commands.terminal.stop import MISUSED, Stop
from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.selection import Selection
from gateway.core.usage import CLASSES, Usage
from gateway.views import focus

if TYPE_CHECKING:
    from gateway.stores.books.books import UsageRow


def arguments(parser: argparse.ArgumentParser) -> None:
    groups = (
        "day, team, key, model, provider, route, region, policy, organisation, currency, end_user, countries, outcome"
    )
    parser.add_argument("--by", default="day", metavar="G,…", help=groups)
    parser.add_argument("--since", metavar="DAY", help="from this day on, in UTC, such as 2026-11-01")
    parser.add_argument("--until", metavar="DAY", help="up to and with this day, in UTC")
    parser.add_argument("--key", metavar="ID", help="only this key's id")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="print CSV: the groups, exchanges, sent, every count, the cost, the held part of it",
    )
    parser.add_argument("--focus", metavar="FILE", help="write FOCUS 1.2 charges there, as CSV or Parquet")
    state_options(parser)


def run(context: CommandContext) -> int:
    options = context.options
    if options.csv and (options.json or options.focus):
        raise Stop("--csv stands alone", "leave out --json and --focus, or --csv", code=MISUSED)
    by = list(focus.GROUPED) if options.focus else _groups(options.by)
    ledger = open_ledger(context)
    where = {"key": options.key} if options.key else {}
    within = Selection(_day(options.since, "--since"), _day(options.until, "--until"), where)
    rows = ledger.usage(by, within)
    if options.focus:
        return _export(context, rows)
    currency = _currency(by, [row.group[0] for row in ledger.usage(("currency",), within)])
    if options.csv:
        own = {} if "currency" in by else {"currency": currency}
        context.out.rows((*by, *_COUNTED, *own), [(*_line(row), *own.values()) for row in rows])
    else:
        _tell(context, by, rows, currency)
    return 0


def _tell(context: CommandContext, by: Sequence[str], rows: Sequence[UsageRow], currency: str) -> None:
    context.out.value({"by": [*by], "currency": currency or None, "data": [*(_plain(by, row) for row in rows)]})
    cells = [
        (
            *(*row.group, str(row.exchanges), str(row.sent), *_counts(row.usage)),
            *(f"{money(amount)} {currency}".strip() for amount in (row.unreported, row.cost)),
        )
        for row in rows
    ]
    context.out.table((*by, "exchanges>", "sent>", "tokens in>", "tokens out>", "of it held>", "cost>"), cells)
    if not rows:
        context.out.line("No receipt falls in that time.")
    elif "day" in by:
        context.out.line("Days are those of UTC.")


def _currency(by: Sequence[str], currencies: Sequence[str]) -> str:
    """The currency of all receipts of the time; "" without receipts, or where each row names its own."""
    if len(currencies) > 1 and "currency" not in by:
        do = f"sum by it too: --by {','.join(by)},currency"
        raise Stop("that time has costs in several currencies", do, code=MISUSED)
    return currencies[0] if len(currencies) == 1 else ""


def _export(context: CommandContext, rows: Sequence[UsageRow]) -> int:
    path = Path(context.options.focus)
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        do = f"name a file that ends in {' or '.join(_WRITERS)}"
        raise Stop("FOCUS is written as CSV or Parquet", do, code=MISUSED)
    charges = list(focus.charges(rows, context.today))
    write(path, charges)
    context.out.value({"file": str(path), "focus": focus.VERSION, "charges": len(charges)})
    context.out.line(f"{len(charges)} charges are in {path}, as FOCUS {focus.VERSION}.")
    return 0


def _write_csv(path: Path, charges: Sequence[Sequence[focus.FocusCell]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        write_rows(file, focus.COLUMNS, charges)


_WRITERS: Final = {".csv": _write_csv, ".parquet": parquet.write}
"""By how the file's name ends."""


def _groups(text: str) -> list[str]:
    from gateway.stores.ledger.ledger import GROUPS

    by = [word.strip() for word in text.split(",") if word.strip()]
    if not by or any(word not in GROUPS for word in by) or len({*by}) < len(by):
        do = f"use one or more of {', '.join(GROUPS)}, each once, with commas between"
        raise Stop("--by names no group, or one twice", do, code=MISUSED)
    return by


def _plain(by: Sequence[str], row: UsageRow) -> dict[str, Json]:
    """As `/v1/usage` tells it."""
    value: dict[str, Json] = {
        "exchanges": row.exchanges,
        "sent": row.sent,
        "usage": dict(row.usage),
        "cost": money(row.cost),
        "held": money(row.unreported),
    }
    return {**dict(zip(by, row.group, strict=True)), **value}


_COUNTED: Final = ("exchanges", "sent", *CLASSES, "cost", "held")


def _line(row: UsageRow) -> tuple[str | int, ...]:
    """The group, then as _COUNTED."""
    counts = (row.usage.get(name, 0) for name in CLASSES)
    return (*row.group, row.exchanges, row.sent, *counts, money(row.cost), money(row.unreported))


def _counts(usage: Mapping[str, int]) -> tuple[str, str]:
    """Tokens of both sides."""
    used = Usage(**usage)
    return f"{used.context:,}", f"{used.generated:,}"


def _day(text: str | None, option: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    raise Stop(f"{option} must be a date (YYYY-MM-DD)", "write a date such as 2026-11-24", code=MISUSED)
