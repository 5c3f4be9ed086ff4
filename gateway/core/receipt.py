"""The record of one exchange: what was decided on which facts, where it went, what it cost.

No content, and no digest of content.

A receipt is written as a head and four sections (`SECTIONS`), each section under a salt of its own. The head holds the
digests of the salted sections and the digest of the head before it: a section can be erased or withheld while the chain
still verifies, and no digest can be guessed.

Serialised canonically (RFC 8785: sorted keys, no spaces, UTF-8; strings and whole numbers within `EXACT` only, so that
no float is ever printed). Receipts of schema 0 were one piece, and their digest is that of the whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple, NewType, TypeAlias

from gateway.core.errors import Json
from gateway.core.frozen import frozen

SCHEMA: Final = 1
"""The form in which receipts are written."""

ReceiptId = NewType("ReceiptId", str)
"""A ULID: sorts by time, says nothing else."""

Outcome: TypeAlias = Literal["served", "refused", "failed", "client_left", "interrupted", "corrected"]
"""`interrupted`: the process died while the exchange was under way; its holds stand. `corrected`: no exchange, but what
is added to the cost of the one that `demand.corrects` names, and began then."""
CORRECTED: Final = "corrected"

EXACT: Final = 2**53 - 1
"""The largest whole number that every reader of JSON reads exactly."""


class SharedSection:
    """A section that is the same in several receipts. `encoded`: its canonical bytes, kept here by the first writer."""

    __slots__ = ("encoded",)

    def __init__(self) -> None:
        self.encoded = b""


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
    left: bool = False
    """Whether the prompt may have left this process: false only where it is certain that no byte was sent."""
    region: str = ""
    """Places of processing that the record declares: countries with `+` between, or `unknown`."""
    posture_digest: str = ""
    """Of the posture that the facts in force that day add up to."""
    evidence_from: str = ""
    """The oldest date among those facts."""
    observed: Mapping[str, str] = field(default_factory=dict)
    """Reports of the provider: `tier`, and the names of `dialects.observed`."""
    hold_id: str = ""
    status: int = 0
    fault: str = ""
    """Kind of fault on the way to the provider: a kind of `UpstreamFault`, or what was wrong with the reply."""
    upstream_code: str = ""
    """The provider's error code, where it is one of the known ones."""
    output_limit: int | None = None
    """The output limit, in tokens, that the request carried in place of the client's; None: the client's stood."""
    hold: int = 0
    cost: int = 0
    usage: Mapping[str, int] = field(default_factory=dict)
    usage_source: str = ""
    reported: Mapping[str, int] = field(default_factory=dict)
    suspect: str = ""
    over_hold: bool = False
    price: str = ""
    """Source, day and currency; behind `assumed:` whatever was charged without a known price."""
    began_ms: int = 0
    first_event_ms: int = -1
    ended_ms: int = 0


@frozen
class Receipt:
    """One exchange. `began_at` is RFC 3339 in UTC with milliseconds. Lists of reasons are codes, not tables.

    `chain`, `sequence`, `previous` and `erased` are set in what is read from a chain.
    """

    id: ReceiptId
    began_at: str
    organisation: str = ""
    team: str = ""
    key: str = ""
    end_user: str = ""
    """The pseudonym of whom the client named, where the team's document says so; never the name itself."""
    dialect: str = ""
    operation: str = ""
    model: str = ""
    demand: Mapping[str, Json] = field(default_factory=dict)
    """The request's facts as `core.replay` reads them."""
    narrowing: tuple[Mapping[str, Json], ...] = ()
    """Narrowing by the request: declared policies by name, and the request's own as a policy of declared words."""
    version: str = ""
    """Of the program."""
    documents: str = ""
    """Digest of the documents in force."""
    capabilities: str = ""
    """Digest of what the process could do; empty where nothing was decided."""
    day: str = ""
    """By which facts aged and grants expired."""
    policy: Mapping[str, str] = field(default_factory=dict)
    """Layer -> policy name, for each layer that applied; a request's own narrowing appears as `request`."""
    health: Mapping[str, Json] = field(default_factory=dict)
    """Health that kept routes of the model out (`cooling`, `locked_out`), and the measures that ordered the plan."""
    plan: tuple[str, ...] = ()
    rejections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Route -> each reason as `code@layer:policy`."""
    attempts: tuple[AttemptRecord, ...] = ()
    outcome: Outcome = "refused"
    code: str = ""
    route: str = ""
    """The route that answered."""
    region: str = ""
    """Place of processing of the route that answered: as the provider reported, else `declared:` and countries."""
    posture: Mapping[str, Json] = field(default_factory=dict)
    """Posture of the route that answered."""
    currency: str = "USD"
    cost: int = 0
    dropped: tuple[str, ...] = ()
    duration_ms: int = 0
    schema: int = SCHEMA
    chain: str = ""
    sequence: int = 0
    previous: str = ""
    erased: tuple[str, ...] = ()
    """Sections that are no longer there: nothing of them is known."""
    shared: Mapping[str, SharedSection] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The sections that other receipts have as well, by name. A receipt made from another by `replace` shares nothing
    with it."""

    def used(self) -> dict[str, int]:
        """The counts of every attempt that used something, added up."""
        if len(self.attempts) == 1:
            return dict(self.attempts[0].usage)
        total: dict[str, int] = {}
        for attempt in self.attempts:
            for name, count in attempt.usage.items():
                total[name] = total.get(name, 0) + count
        return total


SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "asked": ("demand", "dialect", "model", "narrowing", "operation"),
    "decided": ("capabilities", "day", "documents", "health", "plan", "policy", "rejections", "version"),
    "went": ("attempts", "code", "cost", "currency", "dropped", "duration_ms", "outcome", "posture", "region", "route"),
    "who": ("end_user", "key", "organisation", "team"),
}
"""Section -> the fields of a receipt that stand in it. Both in the order in which they are written."""

SALT_BYTES: Final = 16
"""Of each section."""

_VALUES: Final = {name: attrgetter(*members) for name, members in SECTIONS.items()}
_NAMES: Final = tuple(f.name for f in fields(Receipt) if f.init)
_BEFORE: Final[Mapping[str, str]] = {"endpoint": "operation", "snapshot": "documents"}
"""Names of fields in schema 0."""
_OF_ATTEMPT: Final = ("posture_digest", "evidence_from")
"""Members of schema 0 that describe the answering attempt beside the attempts."""
_ATTEMPT_NAMES: Final = tuple(f.name for f in fields(AttemptRecord))


class Link(NamedTuple):
    """The place of a receipt in its chain."""

    chain: str
    sequence: int
    previous: str


class Written(NamedTuple):
    """A receipt as it is kept. `digest`: of the head; `sections`: each with its salt in front of its bytes."""

    head: bytes
    digest: str
    sections: dict[str, bytes]


Encode: TypeAlias = Callable[[Mapping[str, Any]], bytes]
"""The canonical bytes of a value. `canonical`, or a store's faster way to the same bytes."""


def section_values(receipt: Receipt, name: str) -> dict[str, Any]:
    """The fields of one section, in the order in which they are written."""
    return dict(zip(SECTIONS[name], _VALUES[name](receipt), strict=True))


def section_bytes(receipt: Receipt, name: str, encode: Encode) -> bytes:
    """One section as it is written: once for all receipts that share it."""
    shared = receipt.shared.get(name)
    if shared is None:
        return encode(section_values(receipt, name))
    if not shared.encoded:
        shared.encoded = encode(section_values(receipt, name))
    return shared.encoded


def drafted(receipt: Receipt, encode: Encode | None = None) -> bytes:
    """A receipt before it has its place in a chain, as an intent keeps it."""
    encode = encode or canonical
    head = encode({"began_at": receipt.began_at, "id": receipt.id, "schema": SCHEMA})
    sections = [b',"%b":%b' % (name.encode(), section_bytes(receipt, name, encode)) for name in SECTIONS]
    return b"".join((head[:-1], *sections, b"}"))


def draft_from(data: bytes) -> Receipt:
    """The inverse of `drafted`; also reads what earlier versions kept. Raises as `from_json`."""
    plain = json.loads(data)
    for name in SECTIONS:
        plain |= plain.pop(name, {})
    return from_json(plain)


def linked(receipt: Receipt, link: Link, salts: bytes, encode: Encode | None = None) -> Written:
    """The receipt in this place. `salts`: `SALT_BYTES` random bytes for each section, used nowhere else."""
    encode = encode or canonical
    sections, digests = {}, {}
    for at, name in enumerate(SECTIONS):
        salt = salts[at * SALT_BYTES : (at + 1) * SALT_BYTES]
        sections[name] = salted = salt + section_bytes(receipt, name, encode)
        digests[name] = digest(salted)
    head = encode(
        {
            "began_at": receipt.began_at,
            "chain": link.chain,
            "id": receipt.id,
            "previous": link.previous,
            "schema": SCHEMA,
            "sections": digests,
            "sequence": link.sequence,
        }
    )
    return Written(head, digest(head), sections)


def as_json(receipt: Receipt) -> dict[str, Json]:
    """The receipt as plain values, in the order of its fields."""
    return {name: _plain(getattr(receipt, name)) for name in _NAMES}


def _plain(value: object) -> Json:
    if isinstance(value, AttemptRecord):
        return {name: _plain(getattr(value, name)) for name in _ATTEMPT_NAMES}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return value  # type: ignore[return-value]  # the fields hold nothing else


def canonical(value: Mapping[str, Any]) -> bytes:
    """RFC 8785 bytes of a value without floats. Keys are ASCII here: code point order is the standard's."""
    plain = _plain(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def genesis(chain: str) -> str:
    """Value of `previous` in the first receipt of a chain."""
    return digest(b"safeconduct chain " + chain.encode())


def opened(head: bytes, sections: Mapping[str, bytes | None]) -> dict[str, Json]:
    """A kept receipt as plain values in the order of its fields: its head and those of its sections that are there.
    One of schema 0, of which `head` is the whole, is read alike. ValueError for what is not a receipt."""
    plain = json.loads(head)
    if not isinstance(plain, dict):
        raise ValueError("a receipt is an object")
    if "schema" not in plain:
        return _of_before(plain)
    erased: list[Json] = []
    plain_values = {name: plain[name] for name in ("id", "began_at", "schema", "chain", "sequence", "previous")}
    for name in SECTIONS:
        salted = sections.get(name)
        if salted is None:
            erased.append(name)
        else:
            plain_values |= json.loads(salted[SALT_BYTES:])
    return _in_order({**plain_values, "erased": erased})


def _of_before(plain: Mapping[str, Json]) -> dict[str, Json]:
    """A receipt of schema 0 in the words of today."""
    renamed = {_BEFORE.get(name, name): value for name, value in plain.items() if name not in _OF_ATTEMPT}
    treated = {name: plain[name] for name in _OF_ATTEMPT if name in plain}
    attempts = renamed.get("attempts")
    if isinstance(attempts, list) and attempts and isinstance(attempts[-1], dict) and renamed.get("route"):
        renamed["attempts"] = [*attempts[:-1], {**treated, **attempts[-1]}]
    return _in_order({**renamed, "schema": 0})


def _in_order(plain: Mapping[str, Json]) -> dict[str, Json]:
    return {name: plain[name] for name in (*_NAMES, *plain) if name in plain}


def from_json(plain: Mapping[str, Json]) -> Receipt:
    """The inverse of `as_json`, also for a receipt of which some fields are erased or that is of schema 0.

    KeyError, TypeError or ValueError for what is not a receipt.
    """
    if "schema" not in plain:
        plain = _of_before(plain)
    values: dict[str, Any] = {**plain, "id": plain["id"], "began_at": plain["began_at"]}
    values["attempts"] = tuple(AttemptRecord(**a) for a in values.get("attempts", ()))
    values["rejections"] = {route: tuple(codes) for route, codes in values.get("rejections", {}).items()}
    for name in ("plan", "dropped", "narrowing", "erased"):
        values[name] = tuple(values.get(name, ()))
    return Receipt(**values)


class Kept(NamedTuple):
    """A receipt as a ledger has it: the head with its digest, and each section with its salt; None for an erased one.
    One of schema 0 has no sections."""

    head: bytes
    digest: str
    sections: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """First break of a chain."""

    sequence: int
    what: str


def verify(chain: str, links: Iterable[Kept], head: str = "") -> ChainBreak | None:
    """Check the receipts of one chain, in order from the first; None if it holds. Erased sections break nothing.

    `head`: the digest that a signed head names. Without one, receipts missing from the end cannot be observed.
    """
    previous, expected = genesis(chain), 0
    reached = head in ("", previous)
    for expected, kept in enumerate(links, start=1):
        if digest(kept.head) != kept.digest:
            return ChainBreak(expected, "the receipt was changed after it was written")
        plain = _read(kept.head)
        if (plain.get("chain"), plain.get("sequence")) != (chain, expected):
            return ChainBreak(expected, "a receipt is missing or was moved")
        if plain.get("previous") != previous:
            return ChainBreak(expected, "the receipt before this one was changed or removed")
        if (changed := next(_changed(plain, kept.sections), None)) is not None:
            return ChainBreak(expected, f"the section `{changed}` was changed after it was written")
        previous, reached = kept.digest, reached or kept.digest == head
    return None if reached else ChainBreak(expected + 1, "receipts up to the signed head are missing")


def is_intact(kept: Kept) -> bool:
    """Whether head and sections match their digests. Erased sections break nothing."""
    return digest(kept.head) == kept.digest and next(_changed(_read(kept.head), kept.sections), None) is None


def _changed(plain: Mapping[str, Any], sections: Mapping[str, bytes | None]) -> Iterator[str]:
    """Sections that are there and are not those of the head. A receipt of schema 0 has none."""
    named = plain.get("sections")
    digests = named if isinstance(named, dict) else {}
    for name, salted in sections.items():
        if salted is not None and digest(salted) != digests.get(name):
            yield name


def _read(data: bytes) -> Mapping[str, Any]:
    """Members of a head; empty for bytes that are not a receipt."""
    try:
        plain = json.loads(data)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
