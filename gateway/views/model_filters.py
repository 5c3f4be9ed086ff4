"""Filters of the catalogue: a query as limits, abilities, prices and names, and the count behind every option.

Limits use the vocabulary of `gateway/views/limits.py`: a filter is a bound, and its count is the decision's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias
from urllib.parse import urlencode

from gateway.core.errors import InvalidRequest, Json
from gateway.core.policy import ANY_EVIDENCE, EvidenceRule, Policy
from gateway.core.posture import DIMENSIONS, UNKNOWN, word
from gateway.views.catalogue_index import CatalogueIndex, Mask
from gateway.views.countries import country_name
from gateway.views.dimensions import LABELS, value_words
from gateway.views.limits import EVIDENCE, MEMBERS, choices, limits_in

NEEDS: Final[Mapping[str, str]] = {
    "tools": "Tools",
    "structured_output": "Structured output",
    "reasoning": "Reasoning",
    "vision": "Images as input",
    "audio": "Audio as input",
    "documents": "Documents as input",
}
SORTS: Final[Mapping[str, str]] = {
    "name": "Model",
    "routes": "Routes",
    "eu": "In the EU",
    "strict": "Strictest policy",
    "price": "Cheapest",
    "context": "Context",
}
VIEWS: Final = ("models", "routes")
_OTHERS: Final = ("q", "mine", "policy", "need", "max_input", "max_output", "context", "lab", "provider")
_SHAPE: Final = ("view", "sort", "page", "m")
_PRICE: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_HEADINGS: Final = {**LABELS, EVIDENCE: "Evidence"}
_ONE_PLACE: Final = 10
"""Countries that are offered, those with the most routes first."""
Query: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Clause:
    """One limit of a query: its member, its value as written, its words, and its mask."""

    name: str
    value: str
    words: str
    mask: Mask


@dataclass(frozen=True, slots=True)
class ModelFilters:
    """A query, understood. `limits`: of treatment; None for none. `mine`: only what the reader may use."""

    query: Query
    limits: Policy | None
    mine: bool = False
    words: str = ""
    view: str = "models"
    sort: str = "name"
    page: int = 1
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def evidence(self) -> EvidenceRule:
        """The demand on evidence, under which every limit is compared."""
        return self.limits.evidence if self.limits is not None else ANY_EVIDENCE


def filters_in(query: Query, index: CatalogueIndex) -> ModelFilters:
    """The filters of a query. InvalidRequest for a member or value that is not understood, by the member's name."""
    known = {*MEMBERS, *_OTHERS, *_SHAPE}
    if unknown := sorted(query.keys() - known):
        raise InvalidRequest(f"`{unknown[0][:40]}`: unknown member.", field=unknown[0][:40], known=sorted(known))
    snapshot = index.snapshot
    declared: dict[str, Iterable[str]] = {
        "policy": snapshot.policies,
        "need": NEEDS,
        "lab": index.labs,
        "provider": snapshot.providers,
        "view": VIEWS,
        "sort": SORTS,
        "mine": ("1",),
    }
    for name, names in declared.items():
        if any(value not in names for value in query.get(name, ())):
            raise InvalidRequest(f"`{name}` must be one of {', '.join(sorted(names)[:40])}.", field=name)
    for name, shape in (("max_input", _PRICE), ("max_output", _PRICE), ("context", _WHOLE), ("page", _WHOLE)):
        if any(shape.fullmatch(value) is None for value in query.get(name, ())):
            raise InvalidRequest(f"`{name}` must be a number.", field=name)
    return ModelFilters(
        query,
        limits_in(query, snapshot.regions, "filters"),
        mine="1" in query.get("mine", ()),
        words=" ".join(query.get("q", ()))[:100],
        view=_last(query, "view", "models"),
        sort=_last(query, "sort", "name"),
        page=max(1, int(_last(query, "page", "1"))),
        others={name: tuple(query.get(name, ())) for name in _OTHERS},
    )


def _last(query: Query, name: str, otherwise: str) -> str:
    values = query.get(name, ())
    return values[-1] if values else otherwise


class FilterCounts:
    """The masks of one query: what remains, and what each option would leave under all other limits."""

    def __init__(self, filters: ModelFilters, index: CatalogueIndex, usable: Mask | None) -> None:
        """`usable`: the routes that the reader may use now; None for a reader who is not signed in."""
        self._filters, self._index, self._usable = filters, index, usable
        self.clauses = [*self._limits(), *self._rest()]
        self.remaining = _meet(index.everything, (clause.mask for clause in self.clauses))

    def without(self, clause: Clause) -> Mask:
        """The routes that would remain without one clause."""
        others = (each.mask for each in self.clauses if each is not clause)
        return _meet(self._index.everything, others)

    def controls(self) -> list[Json]:
        """Every group of options, each option with its count of routes."""
        index = self._index
        groups: list[Json] = [
            self._group("policy", "Allowed by policy", [(name, name, mask) for name, mask in self._by_strictness()]),
            self._group(_PLACES, LABELS[_PLACES], [*self._of_limits(_PLACES), *self._one_country()]),
        ]
        groups += [
            self._group(name, _HEADINGS[name], self._of_limits(name))
            for name in (*DIMENSIONS, EVIDENCE)
            if name not in (_PLACES, "stored_in")
        ]
        groups.append(self._group("need", "Able to do", [(n, words, index.able(n)) for n, words in NEEDS.items()]))
        groups.append(self._group("lab", "Lab", sorted((lab, lab, mask) for lab, mask in index.labs.items())))
        return groups

    def _by_strictness(self) -> list[tuple[str, Mask]]:
        return sorted(self._index.policies.items(), key=lambda each: (each[1].bit_count(), each[0]))

    def _group(self, name: str, label: str, options: Iterable[tuple[str, str, Mask]]) -> Json:
        chosen = self._filters.query.get(name, ())
        base = self._base_without(name) if name == "lab" else self.remaining
        shown: list[Json] = [
            {"value": value, "words": words, "count": (base & mask).bit_count(), "chosen": value in chosen}
            for value, words, mask in options
        ]
        return {"name": name, "label": label, "options": shown, "open": bool(chosen) or name in _OPEN}

    def _base_without(self, name: str) -> Mask:
        return _meet(self._index.everything, (clause.mask for clause in self.clauses if clause.name != name))

    def _of_limits(self, name: str) -> Iterator[tuple[str, str, Mask]]:
        for control in choices(self._index.snapshot.regions):
            assert isinstance(control, Mapping)
            if control["name"] == name:
                for option in control["options"]:  # type: ignore[union-attr]
                    assert isinstance(option, Mapping)
                    value = str(option["value"])
                    own = _REGION_WORDS.get(value) if name in _AS_PLACES else None
                    yield value, own or str(option["words"]), self._mask_of(name, value)

    def _one_country(self) -> Iterator[tuple[str, str, Mask]]:
        countries = self._index.countries
        chosen = {value for value in self._filters.query.get(_PLACES, ()) if len(value) == 2}
        most = sorted(countries, key=lambda code: (-countries[code].bit_count(), code))[:_ONE_PLACE]
        for code in dict.fromkeys([*most, *sorted(chosen)]):
            yield code, country_name(code), self._mask_of(_PLACES, code)

    def _mask_of(self, name: str, value: str) -> Mask:
        """The routes within one limit alone, under the query's demand on evidence."""
        policy = limits_in({name: (value,)}, self._index.snapshot.regions, "filters")
        if policy is None or name == EVIDENCE:
            return self._index.everything
        return self._index.limit(self._filters.evidence, name, getattr(policy.bound, name))

    def _limits(self) -> Iterator[Clause]:
        regions = self._index.snapshot.regions
        for name in (*DIMENSIONS, EVIDENCE):
            for value in self._filters.query.get(name, ()):
                yield Clause(name, value, clause_words(name, value, regions), self._mask_of(name, value))

    def _rest(self) -> Iterator[Clause]:
        filters, index = self._filters, self._index
        if filters.words:
            yield Clause("q", filters.words, f"Search: {filters.words}", index.named(filters.words))
        if filters.mine and self._usable is not None:
            yield Clause("mine", "1", "What my key may use", self._usable)
        for name in filters.others["policy"]:
            yield Clause("policy", name, f"Allowed by {name}", index.policies[name])
        for name in filters.others["need"]:
            yield Clause("need", name, NEEDS[name], index.able(name))
        for side, (name, words) in enumerate((("max_input", "Input"), ("max_output", "Output"))):
            for value in filters.others[name]:
                mask = index.priced_at_most(side, Decimal(value))
                yield Clause(name, value, f"{words} at most ${value} per million", mask)
        for value in filters.others["context"]:
            yield Clause("context", value, f"Context of at least {int(value):,} tokens", index.context(int(value)))
        for name, masks in (("lab", index.labs), ("provider", index.providers)):
            if values := filters.others[name]:  # any of these
                union = 0
                for value in values:
                    union |= masks[value]
                yield Clause(name, values[0], f"{name.capitalize()}: {' or '.join(values)}", union)


_PLACES: Final = "processed_in"
_AS_PLACES: Final = (_PLACES, "jurisdiction")
_REGION_WORDS: Final[Mapping[str, str]] = {
    "EU": "the EU",
    "EEA": "the EEA",
    "EU+EFTA": "EU or EFTA",
    "EU+CH+UK": "EU, Switzerland or UK",
    "EEA+ADEQUATE": "EEA or adequate",
}
_OPEN: Final = ("policy", _PLACES, "retention_days", "training")


def clause_words(name: str, value: str, regions: Mapping[str, frozenset[str]]) -> str:
    """A limit in words: `Kept at most: Not kept`."""
    if name == EVIDENCE:
        return "Evidence verified by a person" if value == "verified" else f"Evidence at most {value} days old"
    policy = limits_in({name: (value,)}, regions, "filters")
    bound = getattr(policy.bound, name) if policy is not None else UNKNOWN
    if name != "third_party_access" and isinstance(bound, frozenset) and len(bound) == 1:
        (country,) = bound
        return f"{LABELS[name]}: {country_name(country)}"
    if name in _AS_PLACES and value in _REGION_WORDS:
        return f"{LABELS[name]}: {_REGION_WORDS[value]}"
    return f"{LABELS[name]}: {value_words(name, word(bound), regions)}"


def query_without(query: Query, clause: Clause) -> str:
    """The query without one clause, and on its first page."""
    gone = ("lab", "provider", "q")
    pairs = [
        (name, value)
        for name, values in query.items()
        for value in values
        if name != "page" and not (name == clause.name and (name in gone or value == clause.value))
    ]
    return urlencode(pairs)


def query_with(query: Query, **changed: str) -> str:
    """The query with members changed."""
    pairs = [(name, value) for name, values in query.items() for value in values if name not in (*changed, "page")]
    return urlencode([*pairs, *((name, value) for name, value in changed.items() if value)])


def _meet(everything: Mask, masks: Iterable[Mask]) -> Mask:
    for mask in masks:
        everything &= mask
    return everything
