"""The posture lattice: how content is treated, dimension by dimension, and which of two treatments is stricter.

In every dimension a smaller value is more private. UNKNOWN lies above every other value of its dimension: as a fact it
is the worst there is, as a bound it is the dimension that nobody limited. That one choice makes a policy's bound and
a route's posture values of the same type, and admission a single comparison: `route <= bound`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import Enum, IntEnum
from typing import Final, TypeAlias


class Unknown(Enum):
    """The type of UNKNOWN: not stated, expired, in conflict, or (in a bound) not limited."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


class Training(IntEnum):
    """May the provider train on content? `no` includes "only if the customer agrees", until contracts say we agreed."""

    NO = 0
    OPT_OUT = 1
    YES = 2


class Logging(IntEnum):
    """Records that the provider makes of a request."""

    NONE = 0
    METADATA = 1
    ABUSE_MONITORING = 2
    FULL = 3


class Transfer(IntEnum):
    """The weakest tool (GDPR chapter V) that the transfer out of the EEA relies on."""

    NOT_APPLICABLE = 0
    ADEQUACY = 1
    DPF = 2
    BCR = 3
    SCC = 4
    NONE = 5


class Dpa(IntEnum):
    """Data processing agreement. Incorporated by the terms counts as in force."""

    IN_FORCE = 0
    AVAILABLE = 1
    MISSING = 2


class ProviderCache(IntEnum):
    """Does the provider keep prompts to answer later ones faster?"""

    NONE = 0
    IN_MEMORY = 1
    STORED = 2


class LocationGuarantee(IntEnum):
    """Strength of the promise of a place."""

    CONTRACTUAL = 0
    DOCUMENTED = 1
    NOT_GUARANTEED = 2


class Party(Enum):
    """Third parties that may see content. `undisclosed`: the provider names none, which promises nothing."""

    UNDISCLOSED = "undisclosed"
    SUBPROCESSORS = "subprocessors"
    MODEL_DEVELOPER = "model_developer"
    HUMAN_REVIEW = "human_review"
    DOWNSTREAM_PROVIDERS = "downstream_providers"


SCALES: Final[Mapping[str, type[IntEnum]]] = {
    "training": Training,
    "logging": Logging,
    "transfer": Transfer,
    "dpa": Dpa,
    "provider_cache": ProviderCache,
    "location_guarantee": LocationGuarantee,
}
"""Dimension -> its values in order, for the dimensions whose values have names."""

Countries: TypeAlias = frozenset[str]
"""ISO 3166-1 alpha-2 codes, upper case."""

Value: TypeAlias = "Countries | frozenset[Party] | int | Unknown"
"""One component of a posture. The scales are IntEnums, `retention_days` a plain int."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One dimension in which an offered treatment exceeds what is demanded."""

    dimension: str
    offered: Value
    demanded: Value


@dataclass(frozen=True, slots=True)
class Posture:
    """One value per dimension; what is not given is UNKNOWN.

    Nothing kept is stored nowhere: `retention_days = 0` sets `stored_in` to the empty set.
    Raises ValueError for a negative retention.
    """

    processed_in: Countries | Unknown = UNKNOWN
    stored_in: Countries | Unknown = UNKNOWN
    retention_days: int | Unknown = UNKNOWN
    training: Training | Unknown = UNKNOWN
    logging: Logging | Unknown = UNKNOWN
    third_party_access: frozenset[Party] | Unknown = UNKNOWN
    jurisdiction: Countries | Unknown = UNKNOWN
    transfer: Transfer | Unknown = UNKNOWN
    dpa: Dpa | Unknown = UNKNOWN
    provider_cache: ProviderCache | Unknown = UNKNOWN
    location_guarantee: LocationGuarantee | Unknown = UNKNOWN

    def __post_init__(self) -> None:
        if self.retention_days is not UNKNOWN:
            if self.retention_days < 0:
                raise ValueError("retention_days cannot be negative")
            if self.retention_days == 0:
                object.__setattr__(self, "stored_in", frozenset())

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        """(dimension, value) pairs in the order of the table in the policy guide."""
        return ((name, getattr(self, name)) for name in DIMENSIONS)

    def __le__(self, bound: Posture) -> bool:
        """At least as private as `bound` in every dimension."""
        return all(within(getattr(self, name), getattr(bound, name)) for name in DIMENSIONS)

    def with_guaranteed_places(self) -> Posture:
        """The posture with UNKNOWN for places that no document guarantees: today's sites bound no request."""
        if within(self.location_guarantee, LocationGuarantee.DOCUMENTED):
            return self
        if self.processed_in is UNKNOWN and self.stored_in in (UNKNOWN, frozenset()):
            return self
        stored = self.stored_in if self.stored_in == frozenset() else UNKNOWN
        return replace(self, processed_in=UNKNOWN, stored_in=stored)

    def meet(self, other: Posture) -> Posture:
        """The strictest of both in each dimension: what is left when two bounds apply together."""
        return of({name: _meet(getattr(self, name), getattr(other, name)) for name in DIMENSIONS})

    def join(self, other: Posture) -> Posture:
        """The worst of both in each dimension: what happens to content that is treated in either way."""
        return of({name: _join(getattr(self, name), getattr(other, name)) for name in DIMENSIONS})

    def breaches(self, bound: Posture) -> tuple[Breach, ...]:
        """Dimensions in which this treatment exceeds `bound`; empty exactly when `self <= bound`.

        A bound of zero retention implies an empty `stored_in`; that consequence is not reported beside its cause.
        """
        breaches = [
            Breach(name, offered, demanded)
            for name, offered in self
            if not within(offered, demanded := getattr(bound, name))
        ]
        if bound.retention_days == 0 and any(b.dimension == "retention_days" for b in breaches):
            breaches = [b for b in breaches if b.dimension != "stored_in"]
        return tuple(breaches)


DIMENSIONS: Final[tuple[str, ...]] = tuple(f.name for f in fields(Posture))


def of(values: Mapping[str, Value]) -> Posture:
    """A posture from values by dimension; each must be of its dimension's kind (documents are checked when read)."""
    return Posture(**values)  # type: ignore[arg-type]  # one table of dimensions, eleven kinds of value


UNBOUNDED: Final = Posture()
"""The top of the lattice: as a bound it admits everything, as a fact nothing is known."""


def meet_all(bounds: Iterable[Posture]) -> Posture:
    """The strictest of all; UNBOUNDED for none."""
    result = UNBOUNDED
    for bound in bounds:
        result = result.meet(bound)
    return result


def within(offered: Value, demanded: Value) -> bool:
    """Whether one component is at least as private as another of the same dimension."""
    if demanded is UNKNOWN:
        return True
    if offered is UNKNOWN:
        return False
    return offered <= demanded  # type: ignore[operator]  # one dimension holds one kind of value


def _meet(a: Value, b: Value) -> Value:
    if a is UNKNOWN:
        return b
    if b is UNKNOWN:
        return a
    if isinstance(a, frozenset):
        return a & b  # type: ignore[operator]
    return min(a, b)


def _join(a: Value, b: Value) -> Value:
    if a is UNKNOWN or b is UNKNOWN:
        return UNKNOWN
    if isinstance(a, frozenset):
        return a | b  # type: ignore[operator]
    return max(a, b)


def word(value: Value) -> str | int | list[str]:
    """The value as documents, receipts and people write it: `"no"`, `30`, `["DE", "FR"]`, `"unknown"`."""
    if isinstance(value, Unknown):
        return value.value
    if isinstance(value, frozenset):
        return sorted(v.value if isinstance(v, Party) else v for v in value)
    if isinstance(value, IntEnum):
        return value.name.lower()
    return value
