"""`regions.toml`: what a region word covers, as countries. Everything else speaks countries once it is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.core.posture import Countries
from gateway.declarations.faults import one_of, shown
from gateway.declarations.reader import Page, Table

# ISO 3166-1 alpha-2, all 249 codes as assigned in 2026, and XK (user-assigned, Kosovo, as the EU writes it).
ISO_COUNTRIES: Final = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO
    JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV
    TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK""".split()
)

Regions = Mapping[str, Countries]
"""Region word -> its countries."""


def read_regions(page: Page) -> Regions:
    """The table of `regions.toml`. A word may list countries and other words, in any order."""
    root = page.root
    root.require(read_on="read_on = 2026-11-23", source='source = "where the lists come from"', regions="[regions]")
    root.past_day("read_on")
    root.text("source")
    table = root.table("regions")
    if table is None:
        return {}
    written = {name: table.words(name) or () for name in table.names()}
    expansion = _Expansion(table, written)
    return {name: expansion.of(name, ()) for name in written}


class _Expansion:
    def __init__(self, table: Table, written: Mapping[str, tuple[str, ...]]) -> None:
        self._table, self._written = table, written
        self._done: dict[str, Countries] = {}
        for name in written:
            if name in ISO_COUNTRIES:
                table.fault(name, f"{name} is a country code", "call the region something else")

    def of(self, name: str, within: tuple[str, ...]) -> Countries:
        """The countries of one word; `within` are the words whose expansion led here."""
        if name in self._done:
            return self._done[name]
        countries: set[str] = set()
        for word in self._written[name]:
            if word in within or word == name:
                self._table.fault(name, f"it contains itself, by way of {word}", "list countries instead")
            elif word in self._written:
                countries |= self.of(word, (*within, name))
            elif word in ISO_COUNTRIES:
                countries.add(word)
            else:
                self._table.fault(
                    name, f"{shown(word)} must be a country or a region", unknown_place(word, self._written)
                )
        if not self._written[name]:
            self._table.fault(name, "it covers no country", "list its countries, or remove it")
        self._done[name] = frozenset(countries)
        return self._done[name]


def expand(words: Iterable[str], regions: Regions) -> tuple[Countries, tuple[str, ...]]:
    """The countries that these codes and region words cover, and the words that are neither."""
    countries: set[str] = set()
    wrong = []
    for word in words:
        if word in regions:
            countries |= regions[word]
        elif word in ISO_COUNTRIES:
            countries.add(word)
        else:
            wrong.append(word)
    return frozenset(countries), tuple(wrong)


def unknown_place(word: str, regions: Iterable[str]) -> str:
    """The remedy for a word that names no place."""
    if word.upper() in ISO_COUNTRIES:
        return f"country codes are upper case: {word.upper()}"
    if word.upper() == "UK":
        return "the code of the United Kingdom is GB"
    return f"{one_of(word, regions)}, or a country code of ISO 3166-1 such as DE"
