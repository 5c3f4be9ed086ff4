"""Stacked bars as SVG, with attributes and classes alone: colours follow the theme, and the CSP holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from markupsafe import Markup, escape

from gateway.core.frozen import frozen
from gateway.views.amounts import amount_words, short_count

WIDTH: Final = 1_120
HEIGHT: Final = 260
_LEFT, _TOP, _RIGHT, _BOTTOM = 72, 12, 8, 28
_TOPS: Final = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10)
_LINES: Final = 5
_LABEL_EVERY: Final = 5
_SIDES: Final = {"inside": "inside", "partly": "perhaps outside", "outside": "outside", "not_stated": "not stated"}
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@frozen
class StackedBars:
    """`bars`: a day with a value for each series, or None for a day without data: a gap, not 0. `unit`: the axis's
    currency, or empty for counts. `classes`: of the series, in their order."""

    title: str
    series: Sequence[str]
    classes: Sequence[str]
    bars: Sequence[tuple[str, Sequence[float] | None]]
    unit: str = ""


def spend_chart(view: Mapping[str, Any]) -> Markup:
    """The chart of a view of spend."""
    bars = [(day["day"], None if day["costs"] is None else [float(c) for c in day["costs"]]) for day in view["days"]]
    classes = [f"s{number}" for number in range(1, 7)] + ["others"]
    title = f"Cost by day and {', '.join(view['by'])}, in {view['currency']}"
    return drawn(StackedBars(title, view["series"], classes, bars, view["currency"]))


def places_chart(view: Mapping[str, Any]) -> Markup:
    """The chart of a view of places."""
    first, last = date.fromisoformat(view["since"]), date.fromisoformat(view["until"])
    by_day = {day["day"]: [float(day[name]) for name in _SIDES] for day in view["days"]}
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    home = view["home"]["word"]
    series = [f"{words} {home}" if name != "not_stated" else words for name, words in _SIDES.items()]
    title = f"{view['measure'].capitalize()} by day, inside and outside {home}"
    classes = ("side-in", "side-partly", "side-out", "side-none")
    return drawn(StackedBars(title, series, classes, [(day, by_day.get(day)) for day in days]))


def top_of(largest: float) -> float:
    """The round number at the top of an axis."""
    size = 10.0 ** (len(f"{int(largest)}") - 1) if largest >= 1 else 1.0
    while largest < size and size > 1e-9:
        size /= 10
    return next((size * top for top in _TOPS if size * top >= largest), size)


def drawn(chart: StackedBars) -> Markup:
    """The legend and the picture. Nothing for a chart without any data."""
    sums = [sum(values) for _, values in chart.bars if values is not None]
    if not sums or max(sums) <= 0:
        return Markup("")
    top = top_of(max(sums))
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.title)}. '
        'The table below has the same numbers.">',
        f"<title>{escape(chart.title)}</title>",
        *_grid(chart, top),
        *_bars(chart, top),
        "</svg>",
    ]
    return Markup("".join([*_legend(chart), *parts]))


def _legend(chart: StackedBars) -> Iterator[str]:
    used = [any(values and values[at] > 0 for _, values in chart.bars) for at in range(len(chart.series))]
    yield '<ul class="legend">'
    for name, style, is_used in zip(chart.series, chart.classes, used, strict=False):
        if is_used:
            yield f'<li><svg class="key" viewBox="0 0 12 12" aria-hidden="true"><rect class="{style}" width="12" '
            yield f'height="12"/></svg>{escape(name)}</li>'
    yield "</ul>"


def _grid(chart: StackedBars, top: float) -> Iterator[str]:
    for line in range(_LINES):
        value = top * line / (_LINES - 1)
        y = _y(value, top)
        yield f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick end" x="{_LEFT - 8}" y="{y + 4}">{escape(_value_words(value, chart.unit))}</text>'


def _bars(chart: StackedBars, top: float) -> Iterator[str]:
    step = (WIDTH - _LEFT - _RIGHT) / len(chart.bars)
    width = max(round(step * 0.72, 1), 1.0)
    for number, (day, values) in enumerate(chart.bars):
        x = round(_LEFT + step * number + (step - width) / 2, 1)
        if number % _LABEL_EVERY == 0:
            at = date.fromisoformat(day)
            middle, words = round(x + width / 2, 1), f"{at.day} {_MONTHS[at.month - 1]}"
            yield f'<text class="tick" x="{middle}" y="{HEIGHT - 8}">{words}</text>'
        below = 0.0
        for value, style in zip(values or (), chart.classes, strict=False):
            if value > 0:
                y, foot = _y(below + value, top), _y(below, top)
                height = max(round(foot - y - 1, 1), 0.5)
                yield f'<rect class="{style}" x="{x}" y="{y}" width="{width}" height="{height}"/>'
                below += value


def _y(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top, 1)


def _value_words(value: float, unit: str) -> str:
    if not unit:
        return short_count(round(value)) if value == round(value) else f"{value:.2f}".rstrip("0")
    return amount_words(f"{value:.9f}".rstrip("0").rstrip("."), unit)
