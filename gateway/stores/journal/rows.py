"""Receipts as rows: the record itself, and the columns that reports read, each derived from the record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from gateway.core.destinations import Destination, destinations
from gateway.core.errors import Json
from gateway.core.receipt import SECTIONS, Kept, Receipt, from_json, opened
from gateway.stores.holds import LARGEST_AMOUNT

RECORD: Final = ("data", "digest", *SECTIONS)
"""The columns of the record: the head (of schema 0 the whole receipt), its digest, and each section with its salt in
front; NULL for a section that was erased, and for all of schema 0."""

SELECT_RECORD: Final = ", ".join(RECORD)

_DECIDED: Final = (
    "CAST(decided || COALESCE((SELECT body FROM decisions WHERE number = receipts.decision), X'') AS BLOB) AS decided"
)
SECTIONS_IN_JOURNAL: Final = ", ".join(_DECIDED if name == "decided" else name for name in SECTIONS)
"""The columns of the sections in a query on the journal, which keeps the body of a shared decision once."""

RECORD_IN_JOURNAL: Final = f"data, digest, {SECTIONS_IN_JOURNAL}"
"""The columns of the record in a query on the journal."""

DERIVED: Final = (
    *("id", "day", "organisation", "team", "key", "model", "provider", "route", "region", "policy", "outcome"),
    *("currency", "cost", "usage", "end_user", "schema", "chain", "sequence", "sent", "places"),
    *("countries", "code", "unreported"),
)
"""The columns that `derived` gives a value to."""

_INNERMOST_FIRST: Final = ("data_class", "key", "team", "organisation")


def kept_in(record: Sequence[Any]) -> Kept:
    """The receipt in the values of `RECORD`."""
    head, own, *sections = record
    return Kept(bytes(head), own, dict(zip(SECTIONS, map(_bytes, sections), strict=True)))


def plain_in(record: Sequence[Any]) -> dict[str, Json]:
    """The receipt in the values of `RECORD`, as plain values. ValueError for what is not a receipt."""
    kept = kept_in(record)
    return opened(kept.head, kept.sections)


def receipt_in(record: Sequence[Any]) -> Receipt:
    """As `plain_in`."""
    return from_json(plain_in(record))


def derived(receipt: Receipt, chain: str, sequence: int) -> tuple[str | int | None, ...]:
    """The columns of a receipt with that place in its chain, in the order of `DERIVED`: `verify` compares them with the
    row.

    `provider`, `route`, `region`, `countries`: the destination where the exchange counts. `sent`: attempts whose prompt
    left. `unreported`: the cost that no provider reported.
    `places`: every destination with its share, where there are several; else NULL, and the row is the one place.
    """
    places = destinations(receipt)
    own = places[0]
    policy = next((receipt.policy[layer] for layer in _INNERMOST_FIRST if layer in receipt.policy), "")
    several = len(places) > 1
    return (
        receipt.id,
        receipt.began_at[:10],
        receipt.organisation,
        receipt.team,
        receipt.key,
        receipt.model,
        own.provider,
        own.route,
        own.region,
        policy,
        receipt.outcome,
        receipt.currency,
        min(receipt.cost, LARGEST_AMOUNT),
        _text(receipt.used() if several else own.usage),
        receipt.end_user,
        receipt.schema,
        chain,
        sequence,
        sum([place.sent for place in places]),
        _text([_place(place) for place in places]) if several else None,
        own.countries,
        receipt.code,
        min(sum([place.unreported for place in places]), LARGEST_AMOUNT),
    )


def _as_derived(_: str, value: Any) -> Any:
    return value


def differing(receipt: Receipt, row: Mapping[str, Any], stored: Callable[[str, Any], Any] = _as_derived) -> list[str]:
    """Names of the columns that say something else than the record. An erased section vouches for none of its columns.

    NULL stands in the rows of schema 0 for columns that came later. `stored`: name and derived value -> the value that
    this store keeps.
    """
    unknown = {name for section in receipt.erased for name in _OF_SECTION.get(section, ())}
    later = LATER if not receipt.schema else frozenset()
    return [
        name
        for name, value in zip(DERIVED, derived(receipt, receipt.chain, receipt.sequence), strict=True)
        if name not in unknown
        and not (row[name] is None and name in later)
        and _value(row[name]) != _value(stored(name, value))
    ]


_OF_SECTION: Final[Mapping[str, tuple[str, ...]]] = {
    "asked": ("model",),
    "decided": ("policy",),
    "went": (
        *("provider", "route", "region", "outcome", "currency", "cost", "usage", "sent", "places"),
        *("countries", "code", "unreported"),
    ),
    "who": ("organisation", "team", "key", "end_user"),
}
LATER: Final = frozenset({"region", "currency", "end_user", "sent", "places", "countries", "code", "unreported"})
"""Columns that schema 0 does not fill."""


def _value(cell: object) -> object:
    """JSON is compared by value: its bytes are not part of the record."""
    if isinstance(cell, str) and cell[:1] in ("{", "["):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell


def _place(place: Destination) -> dict[str, Any]:
    amounts = {name: min(getattr(place, name), LARGEST_AMOUNT) for name in ("cost", "unreported")}
    return {"provider": place.provider, **place._asdict(), **amounts, "usage": dict(place.usage)}


def _bytes(section: object) -> bytes | None:
    return None if section is None else bytes(section)  # type: ignore[call-overload]  # a BLOB


def _text(value: object) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a count beyond 64 bits
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
