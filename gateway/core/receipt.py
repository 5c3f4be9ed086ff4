"""The record of one exchange: what was decided on which facts, where it went, what it cost.

No content, and no digest of content.

Serialised canonically (RFC 8785: sorted keys, no spaces, UTF-8; whole numbers and strings only, so that no float is
ever printed), chained by SHA-256: a deleted or changed receipt breaks every digest after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Literal, NamedTuple, NewType, TypeAlias

from gateway.core.errors import Json
from gateway.core.frozen import frozen

ReceiptId = NewType("ReceiptId", str)
"""A ULID: sorts by time, says nothing else."""

Outcome: TypeAlias = Literal["served", "refused", "failed", "client_left", "interrupted", "corrected"]
"""`interrupted`: the process died while the exchange was under way; its holds stand. `corrected`: no exchange, but what
is added to the cost of the one that `demand.corrects` names, and began then."""
CORRECTED: Final = "corrected"


@frozen
class AttemptRecord:
    """One try on one route. `outcome`: `served`, `failed`, `timeout`, `refused`, `left`, `interrupted`.

    `cost` and `hold` in nano-units of the ledger's currency; `status` the provider's HTTP status, 0 if none came.
    `over_hold`: charged more than was held. Times in whole ms after the exchange began; -1 if it never happened.
    """

    route: str
    outcome: str
    dialect: str = ""
    """In which the route was asked."""
    hold_id: str = ""
    status: int = 0
    hold: int = 0
    cost: int = 0
    usage: Mapping[str, int] = field(default_factory=dict)
    usage_source: str = ""
    reported: Mapping[str, int] = field(default_factory=dict)
    suspect: str = ""
    over_hold: bool = False
    price: str = ""
    began_ms: int = 0
    first_event_ms: int = -1
    ended_ms: int = 0


@frozen
class Receipt:
    """One exchange. `began_at` is RFC 3339 in UTC with milliseconds. Lists of reasons are codes, not tables.

    `chain`, `sequence` and `previous` are set in what the writer of the chain commits.
    """

    id: ReceiptId
    began_at: str
    organisation: str
    team: str
    key: str
    dialect: str
    endpoint: str
    model: str
    outcome: Outcome
    code: str
    policy: Mapping[str, str]
    """Layer -> policy name, for each layer that applied; a request's own narrowing appears as `request`."""
    snapshot: str
    demand: Mapping[str, Json]
    plan: tuple[str, ...]
    rejections: Mapping[str, tuple[str, ...]]
    attempts: tuple[AttemptRecord, ...] = ()
    route: str = ""
    posture: Mapping[str, Json] = field(default_factory=dict)
    posture_digest: str = ""
    evidence_from: str = ""
    """The oldest date among the facts of the served route's posture."""
    region: str = ""
    """What the provider reported, or else `declared:` and the countries of its record."""
    currency: str = "USD"
    cost: int = 0
    dropped: tuple[str, ...] = ()
    duration_ms: int = 0
    end_user: str = ""
    """The pseudonym of whom the client named, where the team's document says so; never the name itself."""
    chain: str = ""
    sequence: int = 0
    previous: str = ""

    def used(self) -> dict[str, int]:
        """The counts of every attempt that used something, added up."""
        if len(self.attempts) == 1:
            return dict(self.attempts[0].usage)
        total: dict[str, int] = {}
        for attempt in self.attempts:
            for name, count in attempt.usage.items():
                total[name] = total.get(name, 0) + count
        return total


_NAMES: Final = tuple(f.name for f in fields(Receipt))
_LATER: Final = frozenset({"end_user"})
"""What the first receipts do not have."""
_ATTEMPT_NAMES: Final = tuple(f.name for f in fields(AttemptRecord))


def as_json(receipt: Receipt) -> dict[str, Json]:
    """The receipt as plain values, in the order of its fields."""
    plain: dict[str, Json] = {name: _plain(getattr(receipt, name)) for name in _NAMES}
    plain["attempts"] = [{n: _plain(getattr(a, n)) for n in _ATTEMPT_NAMES} for a in receipt.attempts]
    return plain


def _plain(value: object) -> Json:
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return value  # type: ignore[return-value]  # the fields hold nothing else


def canonical(value: Mapping[str, Json]) -> bytes:
    """RFC 8785 bytes of a value without floats. Keys are ASCII here: code point order is the standard's."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def genesis(chain: str) -> str:
    """What stands as `previous` in the first receipt of a chain."""
    return digest(b"safeconduct chain " + chain.encode())


def _canonically(receipt: Receipt, link: Link) -> bytes:
    return canonical(as_json(receipt) | link._asdict())


class Link(NamedTuple):
    """The place of a receipt in its chain."""

    chain: str
    sequence: int
    previous: str


def linked(receipt: Receipt, link: Link, written: Callable[[Receipt, Link], bytes] = _canonically) -> tuple[bytes, str]:
    """The canonical bytes of the receipt in this place, and their digest: the next one's `previous`.

    `written`: another way to the same canonical bytes, such as a store's faster one.
    """
    data = written(receipt, link)
    return data, digest(data)


def from_json(plain: Mapping[str, Json]) -> Receipt:
    """The inverse of `as_json`. KeyError or TypeError for what is not a receipt."""
    values: dict[str, Json] = {name: plain[name] for name in _NAMES if name in plain or name not in _LATER}
    attempts = tuple(AttemptRecord(**a) for a in values["attempts"])  # type: ignore[union-attr, arg-type]
    rejections = {route: tuple(codes) for route, codes in values["rejections"].items()}  # type: ignore[union-attr, arg-type]
    values |= {"attempts": attempts, "rejections": rejections}  # type: ignore[dict-item]
    for name in ("plan", "dropped"):
        values[name] = tuple(values[name])  # type: ignore[arg-type]
    return Receipt(**values)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain does not hold."""

    sequence: int
    what: str


def verify(chain: str, links: Iterable[tuple[bytes, str]], head: str = "") -> Broken | None:
    """Check (canonical bytes, digest) pairs, in order from the first, of one chain; None if it holds.

    `head`: the digest that a signed head names. Without one, receipts missing from the end cannot be observed.
    """
    previous, expected = genesis(chain), 0
    reached = head in ("", previous)
    for expected, (data, stated) in enumerate(links, start=1):
        if digest(data) != stated:
            return Broken(expected, "the receipt was changed after it was written")
        named, place, before = _link(data)
        if (named, place) != (chain, expected):
            return Broken(expected, "a receipt is missing or was moved")
        if before != previous:
            return Broken(expected, "the receipt before this one was changed or removed")
        previous, reached = stated, reached or stated == head
    return None if reached else Broken(expected + 1, "receipts up to the signed head are missing")


def _link(data: bytes) -> tuple[object, ...]:
    """Chain, sequence and previous digest; None for each in what is no receipt at all."""
    try:
        plain = json.loads(data)
    except ValueError:
        plain = {}
    named = plain if isinstance(plain, dict) else {}
    return tuple(named.get(name) for name in ("chain", "sequence", "previous"))
