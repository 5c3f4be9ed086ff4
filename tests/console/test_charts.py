from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from gateway.console.charts import StackedBars, drawn, places_chart, spend_chart, top_of

HOSTILE = '</svg><script>alert("x")</script>'


def a_chart(*bars: tuple[str, tuple[float, ...] | None], series: tuple[str, ...] = ("a", "b")) -> StackedBars:
    return StackedBars("Cost", series, ("s1", "s2"), bars)


def rects(text: str) -> list[dict[str, str]]:
    picture = ElementTree.fromstring(text[text.index('<svg class="chart"') :])
    return [each.attrib for each in picture.iter("rect")]


@pytest.mark.parametrize(
    ("largest", "top"),
    [(24, 24), (25, 30), (1, 1), (9, 10), (101, 120), (0.000432, 0.0005), (0.3, 0.3), (7_000, 8_000), (81, 100)],
)
def test_the_top_of_an_axis_is_a_round_number_above_the_largest(largest: float, top: float) -> None:
    assert top_of(largest) == pytest.approx(top)


def test_the_parts_of_a_day_stand_on_each_other_with_a_gap_between() -> None:
    first, second = rects(drawn(a_chart(("2026-11-24", (6.0, 4.0)))))
    assert (first["class"], second["class"]) == ("s1", "s2")
    assert float(second["y"]) < float(first["y"])
    assert float(second["y"]) + float(second["height"]) + 1 == pytest.approx(float(first["y"]), abs=0.2)


def test_a_day_without_data_is_a_gap() -> None:
    days = (("2026-11-24", (1.0, 0.0)), ("2026-11-25", None), ("2026-11-26", (0.0, 0.0)))
    assert len(rects(drawn(a_chart(*days)))) == 1


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn(a_chart(("2026-11-24", None), ("2026-11-25", (0.0,)))) == ""


def test_names_are_escaped_and_nothing_but_attributes_and_classes_is_used() -> None:
    text = drawn(a_chart(("2026-11-24", (1.0, 2.0)), series=(HOSTILE, "b")))
    assert "<script" not in text
    assert "style=" not in text
    assert "&lt;script&gt;" in text


def test_only_series_with_a_value_stand_in_the_legend() -> None:
    assert re.findall(r"</svg>([^<]+)</li>", drawn(a_chart(("2026-11-24", (0.0, 2.0))))) == ["b"]


def test_the_views_are_drawn_in_their_own_units() -> None:
    spend = {
        "by": ["team"],
        "currency": "USD",
        "series": ["a"],
        "days": [{"day": "2026-11-24", "costs": ["0.03"]}, {"day": "2026-11-25", "costs": None}],
    }
    assert "$0.03" in spend_chart(spend)
    places = {
        "since": "2026-11-24",
        "until": "2026-11-25",
        "home": {"word": "EU"},
        "measure": "requests",
        "days": [{"day": "2026-11-24", "inside": 3, "partly": 0, "outside": 1, "not_stated": 0}],
    }
    assert [rect["class"] for rect in rects(places_chart(places))] == ["side-in", "side-out"]
    assert "not stated EU" not in places_chart(places)
