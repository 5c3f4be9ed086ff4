from __future__ import annotations

from pathlib import Path

import tomli

from gateway.views.countries import NAMES, country_name, in_sentence, region_in_sentence


def test_every_country_of_the_regions_has_a_name() -> None:
    regions = tomli.loads(Path("config/regions.toml").read_text())["regions"]
    members = {member for listed in regions.values() for member in listed}
    assert members - regions.keys() <= NAMES.keys()
    assert len(NAMES) == 250
    assert all(len(code) == 2 and code.isupper() and name == name.strip() for code, name in NAMES.items())


def test_a_sentence_says_the_article_that_a_table_leaves_out() -> None:
    assert [country_name(code) for code in ("SE", "US", "QQ")] == ["Sweden", "United States", "QQ"]
    assert [in_sentence(code) for code in ("SE", "US", "NL")] == ["Sweden", "the United States", "the Netherlands"]
    assert [region_in_sentence(word) for word in ("EU", "EU+EFTA")] == ["the EU", "EU+EFTA"]
