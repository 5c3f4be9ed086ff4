"""Small charts as SVG, both axes logarithmic, each beside the line of a cost that grows as fast as its input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 300
HEIGHT: Final = 220
MARGIN: Final = 48
TOP: Final = 56
STYLE: Final = (
    "text{font:11px sans-serif;fill:#444}.t{font-weight:bold}.g{stroke:#ddd}.c{fill:none;stroke:#1f6fb2;stroke-width:2}"
    ".p{fill:#1f6fb2}.l{stroke:#b2571f;stroke-dasharray:4 4}"
)


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    unit: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a panel lies, and the powers of ten that it spans."""

    left: float
    low: Point
    high: Point

    def at(self, point: Point) -> tuple[float, float]:
        across = (log10(point.x) - self.low.x) / (self.high.x - self.low.x)
        up = (log10(point.y) - self.low.y) / (self.high.y - self.low.y)
        return round(self.left + across * WIDTH, 1), round(TOP + (1 - up) * HEIGHT, 1)


def drawn(what: str, panels: Sequence[Panel]) -> str:
    """The picture. `what` is measured along the upright axes; all values are above 0."""
    lowest = floor(min(log10(point.y) for panel in panels for point in panel.points))
    highest = ceil(max(log10(point.y) for panel in panels for point in panel.points))
    wide, high = len(panels) * (WIDTH + MARGIN) + MARGIN, HEIGHT + TOP + MARGIN
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">', f"<style>{STYLE}</style>"]
    lines += [f'<rect width="{wide}" height="{high}" fill="#fff"/>']
    lines += [_text(MARGIN, 18, f"{what}; dashed: a cost that grows as fast as its input", "start")]
    for number, panel in enumerate(panels):
        lines += _panel(panel, MARGIN + number * (WIDTH + MARGIN), lowest, highest)
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: Panel, left: float, lowest: int, highest: int) -> Iterator[str]:
    across = [log10(point.x) for point in panel.points]
    frame = _Frame(left, Point(floor(min(across)), lowest), Point(ceil(max(across)), highest))
    yield _text(left, TOP - 14, panel.title, "start", "t")
    for power in range(lowest, highest + 1):
        _, y = frame.at(Point(panel.points[0].x, 10.0**power))
        yield f'<line class="g" x1="{left}" y1="{y}" x2="{left + WIDTH}" y2="{y}"/>'
        yield _text(left - 4, y + 4, f"{10.0**power:g}", "end")
    for power in range(int(frame.low.x), int(frame.high.x) + 1):
        x, y = frame.at(Point(10.0**power, 10.0**lowest))
        yield f'<line class="g" x1="{x}" y1="{TOP}" x2="{x}" y2="{y}"/>'
        yield _text(x, y + 14, f"{10**power:,}", "middle")
    yield _text(left + WIDTH / 2, TOP + HEIGHT + 32, panel.unit, "middle")
    yield _as_fast(frame, panel.points)
    places = [frame.at(point) for point in panel.points]
    yield f'<polyline class="c" points="{" ".join(f"{x},{y}" for x, y in places)}"/>'
    for (x, y), point in zip(places, panel.points, strict=True):
        said = f"{point.x:g} {panel.unit}: {point.y:.3g} ms"
        yield f'<circle class="p" cx="{x}" cy="{y}" r="3"><title>{escape(said)}</title></circle>'
        yield _text(x, y - 7, f"{point.y:.2g}", "middle")


def _as_fast(frame: _Frame, points: Sequence[Point]) -> str:
    """From the first point on, up to the edge."""
    first, last = points[0], points[-1]
    most = min(last.x / first.x, 10**frame.high.y / first.y)
    (x1, y1), (x2, y2) = frame.at(first), frame.at(Point(first.x * most, first.y * most))
    return f'<line class="l" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(x: float, y: float, said: str, anchor: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{marked}>{escape(said)}</text>'
