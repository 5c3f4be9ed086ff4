"""Receipts, newest first: where each exchange went, under which policy, and what it cost."""

from __future__ import annotations

import argparse

from gateway.commands.asked import Asked, state_options
from gateway.commands.printing import Toned
from gateway.commands.stop import MISUSED, Stop
from gateway.core.cost import money
from gateway.core.errors import Json

_TONES = {"served": "good", "refused": "bad", "failed": "bad"}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="one receipt, whole")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: 20)")
    parser.add_argument("--key", metavar="ID", help="only those of this key's id")
    state_options(parser)


def run(asked: Asked) -> int:
    from gateway.stores.journal import JOURNAL_FILE
    from gateway.stores.ledger import SqliteLedger

    options = asked.options
    if options.limit < 1:
        raise Stop("--limit must be at least 1", "say how many receipts you want", code=MISUSED)
    ledger = SqliteLedger(asked.settings().state / JOURNAL_FILE)
    if options.id:
        return _one(asked, ledger.receipt(options.id))
    found = ledger.newest(options.limit, options.key)
    asked.out.value(found)
    asked.out.table(
        ("receipt", "began", "outcome", "model", "route", "region", "policy", "cost>", "ms>"), map(_row, found)
    )
    if not found:
        asked.out.line("There is no receipt yet: no request has come with a valid key.")
    return 0


def _row(receipt: dict[str, Json]) -> tuple[str | Toned, ...]:
    outcome, code = str(receipt["outcome"]), str(receipt["code"])
    policy = receipt["policy"]
    layers = policy.values() if isinstance(policy, dict) else ()
    return (
        str(receipt["id"]),
        str(receipt["began_at"]),
        Toned(f"{outcome}: {code}" if code else outcome, _TONES.get(outcome, "quiet")),  # type: ignore[arg-type]
        str(receipt["model"]),
        str(receipt["route"]),
        str(receipt["region"]).removeprefix("declared:"),
        " + ".join(dict.fromkeys(map(str, layers))),
        _amount(receipt["cost"], str(receipt["currency"])),
        str(receipt["duration_ms"]),
    )


def _one(asked: Asked, receipt: dict[str, Json] | None) -> int:
    if receipt is None:
        raise Stop("there is no receipt of that id", "`safeconduct receipts` lists the newest", code=MISUSED)
    asked.out.value(receipt)
    rows = [
        (name, "\n".join(_lines(name, value, receipt))) for name, value in receipt.items() if value not in ("", [], {})
    ]
    asked.out.table(("field", "value"), rows)
    return 0


def _lines(name: str, value: Json, receipt: dict[str, Json]) -> list[str]:
    if name == "cost":
        return [_amount(value, str(receipt["currency"]))]
    if name == "attempts" and isinstance(value, list):
        return [_attempt(a, str(receipt["currency"])) for a in value if isinstance(a, dict)]
    if isinstance(value, dict):
        return [f"{key}: {_words(inner)}" for key, inner in value.items() if inner not in (None, [], "")]
    return [_words(value)]


def _attempt(attempt: dict[str, Json], currency: str) -> str:
    usage = attempt["usage"]
    counts = ", ".join(f"{n} {c}" for n, c in usage.items()) if isinstance(usage, dict) else ""
    known = f"{counts} ({attempt['usage_source']})" if counts else str(attempt["usage_source"] or "nothing used")
    cost, hold = _amount(attempt["cost"], currency), _amount(attempt["hold"], currency)
    return f"{attempt['route']}: {attempt['outcome']}, {known}, cost {cost} of {hold} held"


def _words(value: Json) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _amount(nano: Json, currency: str) -> str:
    return f"{money(nano)} {currency}" if isinstance(nano, int) else str(nano)
