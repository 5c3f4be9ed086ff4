"""Destinations of words: sums over attempts whose prompt left, by the countries that the provider's record declares.

A declared set of countries names a place only if it has one member; every other sum stands for its set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.core.errors import Json
from gateway.core.frozen import frozen
from gateway.core.usage import Usage
from gateway.stores.books.books import UsageRow
from gateway.views.amounts import short_count
from gateway.views.countries import country_name, in_sentence, region_in_sentence
from gateway.views.dimensions import region_word
from gateway.views.tiles import SHEETS

GROUPED: Final = ("day", "countries", "outcome", "provider")
"""The groups of the rows that `places_view` reads."""
_ANSWERED: Final = frozenset({"served", "client_left"})
"""Outcomes of an exchange whose last attempt did not fail."""
_UNKNOWN: Final = "unknown"
_LEVELS: Final = (0.02, 0.15, 0.5)
"""Shares of the largest sum above which a tile is one step darker."""
MEASURES: Final = ("requests", "tokens")


@frozen
class Home:
    """The countries that count as inside: a region word, and its members."""

    word: str
    countries: frozenset[str]
    regions: Mapping[str, frozenset[str]]

    def side(self, countries: frozenset[str]) -> str:
        """`inside`, `outside`, `partly`, or `not_stated`."""
        if not countries:
            return "not_stated"
        if countries <= self.countries:
            return "inside"
        return "outside" if countries.isdisjoint(self.countries) else "partly"


@dataclass(slots=True)
class PlaceSum:
    """Sums of one declared set of countries; the set is empty where nobody states the place."""

    countries: frozenset[str]
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    answered: int = 0
    providers: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: str, provider: str, row: UsageRow) -> None:
        used = Usage(**row.usage)
        self.requests += row.sent
        self.tokens_in += used.context
        self.tokens_out += used.generated
        self.answered += row.exchanges if outcome in _ANSWERED else 0
        self.providers[provider] += row.sent

    @property
    def failed(self) -> int:
        """Attempts that failed after the prompt had left."""
        return max(self.requests - self.answered, 0)

    def measured(self, measure: str) -> int:
        return self.requests if measure == "requests" else self.tokens_in + self.tokens_out


def place_sums(rows: Iterable[UsageRow]) -> list[PlaceSum]:
    """The sums of rows by GROUPED, the largest first. Attempts whose prompt never left are in none."""
    sums: dict[str, PlaceSum] = {}
    for row in rows:
        _, declared, outcome, provider = row.group
        if row.sent:
            place = sums.setdefault(declared, PlaceSum(_countries(declared)))
            place.add(outcome, provider, row)
    return sorted(sums.values(), key=lambda place: (-place.requests, sorted(place.countries)))


def _countries(declared: str) -> frozenset[str]:
    return frozenset() if declared in ("", _UNKNOWN) else frozenset(declared.split("+"))


def places_view(rows: Sequence[UsageRow], home: Home, measure: str) -> dict[str, Json]:
    """Everything of the page. `rows` by GROUPED; `measure`: one of MEASURES."""
    sums = place_sums(rows)
    total = sum(place.requests for place in sums)
    sides = Counter[str]()
    for place in sums:
        sides[home.side(place.countries)] += place.requests
    return {
        "home": {"word": home.word, "words": region_in_sentence(home.word)},
        "measure": measure,
        "lede": _lede(total, sides, home),
        "requests": total,
        "failed": sum(place.failed for place in sums),
        "sides": {name: sides[name] for name in _SIDES},
        "places": [_line(place, total, home) for place in sums],
        "map": _map(sums, home, measure),
        "beside": [_line(place, total, home) for place in sums if not _is_on_map(place)],
        "days": _days(rows, home, measure),
    }


_SIDES: Final = ("inside", "partly", "outside", "not_stated")


def _lede(total: int, sides: Mapping[str, int], home: Home) -> str:
    if not total:
        return "Nothing has left this gateway in this time."
    where = region_in_sentence(home.word)
    parts = [
        f"{sides['outside']:,} of them left {where}" if sides["outside"] else f"none of them certainly left {where}"
    ]
    if sides["partly"]:
        parts.append(f"{sides['partly']:,} may have left it")
    if sides["not_stated"]:
        parts.append(f"{sides['not_stated']:,} went to a place that nobody states")
    left = "1 request left" if total == 1 else f"{total:,} requests left"
    return f"{left}; {', '.join(parts)}. Attempts that failed after the prompt had left are counted."


def place_words(countries: frozenset[str], home: Home) -> str:
    """The place as a table says it: a country, `Somewhere in the EU`, or that nobody states it."""
    if not countries:
        return "Not stated"
    if len(countries) == 1:
        return country_name(next(iter(countries)))
    if (word := region_word(countries, home.regions)) is not None:
        return f"Somewhere in {region_in_sentence(word)}"
    names = sorted(countries)
    if len(names) <= 3:
        return " or ".join(country_name(code) for code in names)
    return f"Somewhere in {len(names)} countries"


def _line(place: PlaceSum, total: int, home: Home) -> dict[str, Json]:
    countries = sorted(place.countries)
    side = home.side(place.countries)
    return {
        "countries": list(countries),
        "value": "+".join(countries) or _UNKNOWN,
        "code": countries[0] if len(countries) == 1 else None,
        "words": place_words(place.countries, home),
        "mark": {"inside": "good", "outside": "poor", "partly": "fair"}.get(side, "none"),
        "side": side,
        "certain": len(countries) == 1,
        "named": len(countries),
        "names": ", ".join(in_sentence(code) for code in countries),
        "requests": place.requests,
        "share": round(100 * place.requests / total) if total else 0,
        "tokens_in": place.tokens_in,
        "tokens_out": place.tokens_out,
        "failed": place.failed,
        "providers": [name for name, _ in place.providers.most_common()],
    }


def _is_on_map(place: PlaceSum) -> bool:
    return len(place.countries) == 1 and any(place.countries <= sheet.tiles.keys() for sheet in SHEETS)


def _map(sums: Sequence[PlaceSum], home: Home, measure: str) -> list[Json]:
    certain = {next(iter(p.countries)): p.measured(measure) for p in sums if len(p.countries) == 1}
    perhaps = frozenset().union(*(p.countries for p in sums if len(p.countries) > 1))
    largest = max(certain.values(), default=0)
    return [
        {
            "name": sheet.name,
            "columns": sheet.columns,
            "rows": sheet.rows,
            "tiles": [
                {
                    "code": code,
                    "name": country_name(code),
                    "column": column,
                    "row": row,
                    "count": certain.get(code, 0),
                    "short": short_count(certain[code]) if certain.get(code) else None,
                    "level": _level(certain.get(code, 0), largest),
                    "home": code in home.countries,
                    "perhaps": code in perhaps,
                }
                for code, (column, row) in sheet.tiles.items()
            ],
        }
        for sheet in SHEETS
    ]


def _level(count: int, largest: int) -> int:
    """0 for nothing, else 1 to 4."""
    return 0 if not count else 1 + sum(count > largest * share for share in _LEVELS)


def _days(rows: Iterable[UsageRow], home: Home, measure: str) -> list[Json]:
    days: dict[str, Counter[str]] = {}
    for row in rows:
        day, declared, _, _ = row.group
        if row.sent:
            used = Usage(**row.usage)
            count = row.sent if measure == "requests" else used.context + used.generated
            days.setdefault(day, Counter())[home.side(_countries(declared))] += count
    return [{"day": day, **{name: days[day][name] for name in _SIDES}} for day in sorted(days)]
