from __future__ import annotations

from pathlib import Path

import tomli

from gateway.views.countries import NAMES
from gateway.views.tiles import ELSEWHERE, EUROPE, SHEETS


def test_every_country_has_one_tile_and_every_tile_one_country() -> None:
    codes = [code for sheet in SHEETS for code in sheet.tiles]
    assert len(codes) == len(set(codes))
    assert set(codes) <= NAMES.keys()
    for sheet in SHEETS:
        assert len(set(sheet.tiles.values())) == len(sheet.tiles)
        assert all(column < sheet.columns and row < sheet.rows for column, row in sheet.tiles.values())


def test_europe_has_every_member_state_and_its_neighbours() -> None:
    assert (EUROPE.columns, EUROPE.rows, ELSEWHERE.columns, ELSEWHERE.rows) == (8, 7, 6, 5)
    members = set(tomli.loads(Path("config/regions.toml").read_text())["regions"]["EU"])
    assert members | {"IS", "LI", "NO", "CH", "GB"} <= EUROPE.tiles.keys()
