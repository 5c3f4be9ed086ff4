"""The tile grid map: a square of equal size per country, at a place of our own. Geography is only hinted at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.frozen import frozen


@frozen
class TileSheet:
    """One part of the map. `tiles`: country -> column and row, from 0."""

    name: str
    columns: int
    rows: int
    tiles: Mapping[str, tuple[int, int]]


def _sheet(name: str, drawn: str) -> TileSheet:
    lines = [line.split() for line in drawn.strip().splitlines()]
    places = ((code, (column, row)) for row, line in enumerate(lines) for column, code in enumerate(line))
    tiles = {code: place for code, place in places if code != "."}
    return TileSheet(name, max(map(len, lines)), len(lines), tiles)


EUROPE: Final = _sheet(
    "Europe",
    """
    IS .  .  .  NO SE FI .
    .  .  .  .  DK .  EE .
    IE GB .  NL DE PL LV .
    .  .  BE LU CZ SK LT UA
    .  .  FR CH LI AT HU .
    PT ES .  IT SI HR RO .
    .  .  .  MT .  GR BG CY
    """,
)
ELSEWHERE: Final = _sheet(
    "Elsewhere",
    """
    CA .  .  CN KR JP
    US .  .  IN HK TW
    MX .  IL AE SG .
    BR .  .  .  .  AU
    AR UY .  ZA .  NZ
    """,
)
SHEETS: Final = (EUROPE, ELSEWHERE)
