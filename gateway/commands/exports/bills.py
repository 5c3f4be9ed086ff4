"""Providers' exports of usage and cost, read line by line: the shapes of their reports, and a CSV of ours."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an export. `model` and `credential` as the provider names them, "" where it groups by neither.

    `cost` in units of `currency`. None: the export does not state it.
    """

    day: date
    model: str = ""
    credential: str = ""
    requests: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    generation: str = ""
    """The provider's id of the one generation that the line is of; empty for a line of several."""


class Unreadable(ValueError):
    """The file is not of the shape that was named. The text says what was missing, and nothing of the file."""


def lines(path: Path, shape: str) -> list[Line]:
    """Every line of the export. Raises Unreadable, OSError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return list(SHAPES[shape](text))
    except KeyError as fault:
        raise Unreadable(f"a line lacks {fault.args[0]}") from None
    except (ValueError, TypeError, AttributeError, InvalidOperation, OverflowError):
        raise Unreadable(f"it must be a {shape} export") from None


def _pages(text: str) -> Iterator[Mapping[str, Any]]:
    """The buckets of one answer, or of several in a list, as one gets who collects every page."""
    value = json.loads(text)
    for page in value if isinstance(value, list) else [value]:
        yield from page["data"]


def _openai(text: str) -> Iterator[Line]:
    """Organisation usage (completions, embeddings) or costs, per day. Cached and audio tokens are within the counts."""
    for bucket in _pages(text):
        day = datetime.fromtimestamp(int(bucket["start_time"]), UTC).date()
        for result in bucket["results"]:
            named = result.get("model") or (result.get("line_item") or "").partition(",")[0]
            known = day, named, result.get("api_key_id") or ""
            if "amount" in result:
                amount = result["amount"]
                yield Line(*known, cost=Decimal(str(amount["value"])), currency=str(amount["currency"]).upper())
            else:
                sides = int(result["input_tokens"]), int(result.get("output_tokens") or 0)
                yield Line(*known, int(result["num_model_requests"]), *sides)


_ANTHROPIC_IN: Final = ("uncached_input_tokens", "cache_read_input_tokens")


def _anthropic(text: str) -> Iterator[Line]:
    """The usage report of messages, or the cost report, whose amounts are in hundredths."""
    for bucket in _pages(text):
        day = _day(bucket["starting_at"])
        for result in bucket["results"]:
            known = day, result.get("model") or "", result.get("api_key_id") or ""
            if "amount" in result:
                yield Line(*known, cost=Decimal(str(result["amount"])) / 100, currency=str(result["currency"]).upper())
            else:
                written = (result.get("cache_creation") or {}).values()
                taken = sum(int(result[name]) for name in _ANTHROPIC_IN) + sum(map(int, written))
                yield Line(*known, tokens_in=taken, tokens_out=int(result["output_tokens"]))


_MISTRAL_SIDES: Final = {"input": "tokens_in", "cached": "tokens_in", "output": "tokens_out"}


def _mistral(text: str) -> Iterator[Line]:
    """The usage of a month as the admin console loads it: an entry per model, side and time, and a price of each."""
    export = json.loads(text)
    prices = {
        (price["billing_metric"], price["billing_group"]): Decimal(str(price["price"])) for price in export["prices"]
    }
    for name, sides in export["completion"]["models"].items():
        for side, measure in _MISTRAL_SIDES.items():
            for entry in sides.get(side) or ():
                yield _mistral_line(name.rpartition("::")[2], measure, entry, prices, export["currency"])


def _mistral_line(
    model: str, measure: str, entry: Mapping[str, Any], prices: Mapping[tuple[str, str], Decimal], currency: str
) -> Line:
    """`value_paid` is what of `value` costs anything."""
    price = prices.get((entry["billing_metric"], entry["billing_group"]), Decimal(0))
    paid = entry["value"] if entry.get("value_paid") is None else entry["value_paid"]
    counts: dict[str, Any] = {"tokens_in": 0, "tokens_out": 0, measure: int(entry["value"])}
    return Line(_day(entry["timestamp"]), model, cost=paid * price, currency=currency.upper(), **counts)


def _csv(text: str) -> Iterator[Line]:
    """Columns `day`, and as there are: `model`, `credential`, `generation`, `requests`, `tokens_in`, `tokens_out`,
    `cost`, `currency`."""
    for row in csv.DictReader(text.splitlines(), strict=True):
        cells = {name: cell for name, cell in row.items() if cell}
        requests, taken, written = (_count(cells, name) for name in ("requests", "tokens_in", "tokens_out"))
        cost = Decimal(cells["cost"]) if "cost" in cells else None
        if cost is not None and not cost.is_finite():
            raise Unreadable("a cost must be a number")
        known = _day(cells["day"]), cells.get("model", ""), cells.get("credential", "")
        currency = "" if cost is None else cells["currency"].upper()
        yield Line(*known, requests, taken, written, cost, currency, cells.get("generation", ""))


def _count(cells: Mapping[str, str], name: str) -> int | None:
    return int(cells[name]) if name in cells else None


def _day(text: str) -> date:
    """Of a day, or of a moment in any zone, in UTC."""
    if len(text) == len("2026-11-24"):
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date()


BillShape: TypeAlias = Callable[[str], Iterable[Line]]
SHAPES: Final[Mapping[str, BillShape]] = {"openai": _openai, "anthropic": _anthropic, "mistral": _mistral, "csv": _csv}
