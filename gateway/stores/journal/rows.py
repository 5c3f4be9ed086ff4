"""Receipts as rows: the record itself, and the columns that reports read, each derived from the record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from gateway.core.errors import Json
from gateway.core.receipt import SECTIONS, Kept, Receipt, from_json, opened
from gateway.stores.holds import LARGEST_AMOUNT

RECORD: Final = ("data", "digest", *SECTIONS)
"""The columns of the record: the head (of schema 0 the whole receipt), its digest, and each section with its salt in
front; NULL for a section that was erased, and for all of schema 0."""

SELECT_RECORD: Final = ", ".join(RECORD)

DERIVED: Final = (
    *("id", "day", "organisation", "team", "key", "model", "provider", "route", "region", "policy", "outcome"),
    *("currency", "cost", "usage", "end_user", "schema", "chain", "sequence"),
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


def derived(receipt: Receipt) -> dict[str, str | int]:
    """The columns of a receipt, by name: what `verify` compares with the row."""
    policy = next((receipt.policy[layer] for layer in _INNERMOST_FIRST if layer in receipt.policy), "")
    return {
        "id": receipt.id,
        "day": receipt.began_at[:10],
        "organisation": receipt.organisation,
        "team": receipt.team,
        "key": receipt.key,
        "model": receipt.model,
        "provider": receipt.route.partition("/")[0],
        "route": receipt.route,
        "region": receipt.region,
        "policy": policy,
        "outcome": receipt.outcome,
        "currency": receipt.currency,
        "cost": min(receipt.cost, LARGEST_AMOUNT),
        "usage": _counts_text(receipt.used()),
        "end_user": receipt.end_user,
        "schema": receipt.schema,
        "chain": receipt.chain,
        "sequence": receipt.sequence,
    }


def _bytes(section: object) -> bytes | None:
    return None if section is None else bytes(section)  # type: ignore[call-overload]  # a BLOB


def _counts_text(counts: Mapping[str, int]) -> str:
    try:
        return orjson.dumps(counts, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a count beyond 64 bits
        return json.dumps(counts, separators=(",", ":"), sort_keys=True)
