"""A flame graph as one still SVG, of folded stacks: lines of `outer;…;inner count`, as profilers write them.

usage: python -m tests.bench.flame FOLDED PICTURE.svg TITLE [WITHIN]

WITHIN: only stacks with a frame whose name begins so, such as the function that runs the main loop of a process.
Frames that all stacks have in common are left out at the bottom, and so is what takes less than a 300th of the time.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

WIDTH: Final = 1200
ROW: Final = 16
TOP: Final = 30
LEAST: Final = 1 / 300
LETTER: Final = 6.4
"""Pixels, about."""
PLACE: Final = re.compile(r" \((?:.*?/)??((?:[\w.-]+/){0,2}[\w.<> -]+?)(?::\d+)?\)$")
"""Where a function stands: at most two folders are kept, and no line."""
COLOURS: Final = {"gateway/": "#e8955b", "httptools/": "#8fb8de", "asyncio/": "#c9c9c9", "sqlite": "#9ccf9c"}
STYLE: Final = "text{font:10px monospace}rect{stroke:#fff;stroke-width:.5}"


@dataclass(slots=True)
class Frame:
    name: str
    count: int = 0
    inner: dict[str, Frame] = field(default_factory=dict)

    def add(self, names: Iterable[str], count: int) -> None:
        frame = self
        frame.count += count
        for name in names:
            frame = frame.inner.setdefault(name, Frame(name))
            frame.count += count


def read(folded: str, within: str = "") -> Frame:
    root = Frame("all")
    for line in folded.splitlines():
        if within and f";{within}" not in line:
            continue
        stack, _, count = line.rpartition(" ")
        root.add([PLACE.sub(r" (\1)", name) for name in stack.split(";")], int(count))
    while len(root.inner) == 1 and (only := next(iter(root.inner.values()))).count == root.count:
        root = only
    return root


def drawn(root: Frame, title: str) -> str:
    boxes = list(_boxes(root, 0, 0, root.count * LEAST))
    rows = 1 + max(depth for _, depth, _ in boxes)
    high = TOP + rows * ROW + 4
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high}"><style>{STYLE}</style>',
        f'<rect width="{WIDTH}" height="{high}" fill="#fff"/>',
        f'<text x="4" y="18">{escape(title)}: {root.count} samples, wide is expensive</text>',
    ]
    for frame, depth, begins in boxes:
        share = frame.count / root.count
        lines += _box(frame.name, share, begins / root.count * WIDTH, TOP + (rows - 1 - depth) * ROW)
    return "\n".join([*lines, "</svg>", ""])


def _boxes(frame: Frame, depth: int, begins: int, least: float) -> Iterator[tuple[Frame, int, int]]:
    yield frame, depth, begins
    for inner in sorted(frame.inner.values(), key=lambda inner: inner.name):
        if inner.count >= least:
            yield from _boxes(inner, depth + 1, begins, least)
        begins += inner.count


def _box(name: str, share: float, x: float, y: float) -> Iterator[str]:
    wide = share * WIDTH
    colour = next((colour for part, colour in COLOURS.items() if part in name), "#efdc9a")
    said = escape(f"{name}: {share:.1%}")
    yield f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{ROW}" fill="{colour}"><title>{said}</title></rect>'
    if len(shown := name[: int(wide / LETTER)]) > 2:
        yield f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown)}</text>'


if __name__ == "__main__":
    folded, picture, title, *within = sys.argv[1:]
    Path(picture).write_text(drawn(read(Path(folded).read_text(), *within), title))
