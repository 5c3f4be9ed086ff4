"""The harness itself, on tiny numbers: what it counts is counted, what it draws can be drawn. No figure is judged."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.bench import chart, flame
from tests.bench.load import body_of
from tests.bench.processes import CHAT, MESSAGES, load, provider, script
from tests.bench.table import Mark, Row, Sense, table
from tests.stores.servers import a_free_port

FOLDED = """\
main (app.py:1);serve (lib/gateway/asgi/a.py:2);parse (x.py) 30
main (app.py:1);serve (lib/gateway/asgi/a.py:9) 10
"""


def test_a_load_counts_what_was_answered() -> None:
    with provider(a_free_port()) as direct:
        script(direct.port, chunks=5, between_ms=1)
        asked = load("rate", direct, 50, 0.1)
        streams = load("streams", direct, 3, 0.1)
        left = load("leave", direct, 50, 0.1)
    assert (asked["requests"], asked["ok"]) == (5, 5)
    assert streams["ok"] == streams["requests"]
    assert streams["chunks"] == 5 * streams["requests"]
    assert (left["requests"], left["ok"]) == (5, 5)


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("size", [4_000, 1_000_000])
def test_a_body_is_as_large_as_was_asked_for(path: str, size: int) -> None:
    assert len(body_of(path, True, size)) == pytest.approx(size, rel=0.1)


@pytest.mark.parametrize(
    ("figures", "mark", "verdict"),
    [
        ([0.2, 9.0, 0.1], Mark(0.25, "ms"), "ok"),
        ([0.3, 0.1, 0.4], Mark(0.25, "ms"), "MISSED"),
        ([3600.0], Mark(3500, "/s", 0, Sense.AT_LEAST), "ok"),
        ([3400.0], Mark(3500, "/s", 0, Sense.AT_LEAST), "MISSED"),
        ([], Mark(1.8, "x"), "not measured"),
    ],
)
def test_the_median_is_held_against_the_mark(figures: list[float], mark: Mark, verdict: str) -> None:
    assert table([Row("what", figures, mark)]).splitlines()[-1].split("|")[4].strip() == verdict


def test_a_chart_is_a_picture() -> None:
    points = (chart.Point(30, 0.5), chart.Point(1_500, 0.9))
    drawn = ElementTree.fromstring(chart.drawn("ms", [chart.Panel("cost <of> routes", "routes", points)]))
    assert len([shape for shape in drawn.iter() if shape.tag.endswith("circle")]) == 2


def test_a_flame_graph_starts_where_stacks_part_and_names_no_place_of_a_machine() -> None:
    root = flame.read(FOLDED.replace("lib/", "/home/someone/lib/"))
    assert (root.name, root.count) == ("serve (gateway/asgi/a.py)", 40)
    assert [(inner.name, inner.count) for inner in root.inner.values()] == [("parse (x.py)", 30)]
    ElementTree.fromstring(flame.drawn(root, "a <title>"))


def test_a_flame_graph_can_be_of_one_part_alone() -> None:
    assert flame.read(FOLDED + "other (o.py) 7\n", "serve").count == 40
