"""What was used and what it cost, summed over the receipts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import date

from gateway.commands.asked import Asked, state_options
from gateway.commands.kept import kept
from gateway.commands.stop import MISUSED, Stop
from gateway.core.cost import money
from gateway.core.errors import Json
from gateway.core.usage import Usage


def arguments(parser: argparse.ArgumentParser) -> None:
    groups = "day, team, key, model, provider, route, region, policy"
    parser.add_argument("--by", default="day", metavar="G,…", help=groups)
    parser.add_argument("--since", metavar="DAY", help="from this day on, in UTC, such as 2026-11-01")
    parser.add_argument("--until", metavar="DAY", help="up to and with this day")
    parser.add_argument("--key", metavar="ID", help="only this key's id")
    state_options(parser)


def run(asked: Asked) -> int:
    from gateway.stores.ledger import GROUPS

    options = asked.options
    by = [word.strip() for word in options.by.split(",") if word.strip()]
    if not by or any(word not in GROUPS for word in by):
        raise Stop("--by names no group", f"use one or more of {', '.join(GROUPS)}, with commas between", code=MISUSED)
    ledger = kept(asked)
    rows = ledger.usage(by, _day(options.since, "--since"), _day(options.until, "--until"), options.key)
    currency = next((str(receipt["currency"]) for receipt in ledger.newest(1)), "")
    listed: list[Json] = [
        {
            **dict(zip(by, row.group, strict=True)),
            "exchanges": row.exchanges,
            "usage": dict(row.usage),
            "cost": money(row.cost),
        }
        for row in rows
    ]
    asked.out.value({"by": by, "currency": currency or None, "data": listed})
    cells = [(*row.group, str(row.exchanges), *_counts(row.usage), f"{money(row.cost)} {currency}") for row in rows]
    asked.out.table((*by, "exchanges>", "tokens in>", "tokens out>", "cost>"), cells)
    if not rows:
        asked.out.line("There is no receipt in that time.")
    return 0


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
