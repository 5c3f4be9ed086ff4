"""From a view to the bytes of a page, in short turns: nobody's stream waits for a page."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from gateway.console import charts
from gateway.console.page import Turns
from gateway.views import amounts

_DIRECTORY: Final = Path(__file__).resolve().parent / "templates"
_PIECES: Final = 24
"""Pieces of a template between two looks at the clock."""
_PACKED_PART: Final = 8_192
_GZIP: Final = 31
"""zlib's number for a gzip frame."""


def _secure_link(address: object) -> str:
    """The address, if a browser may follow it from a page: documents may name any scheme. Empty otherwise."""
    return address if isinstance(address, str) and address.startswith("https://") else ""


_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that nobody sees: controls, and marks that turn the direction of the text around them."""


def _seen(value: object) -> object:
    """The value of an expression without characters that nobody sees: a name cannot turn the words beside it round."""
    if isinstance(value, str) and _UNSEEN.search(value):
        return type(value)(_UNSEEN.sub("\ufffd", value))
    return value


FILTERS: Final[Mapping[str, Callable[..., str]]] = {
    "amount": amounts.amount_words,
    "count": amounts.count_words,
    "day": amounts.day_words,
    "link": _secure_link,
    "plural": amounts.plural,
    "price": amounts.price_words,
    "short": amounts.short_count,
    "time": amounts.time_words,
    "places_chart": charts.places_chart,
    "spend_chart": charts.spend_chart,
}
"""Filters of every template."""


class Templates:
    """The templates of this room. Everything that they print is escaped."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_DIRECTORY),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_seen,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters.update(FILTERS)
        self._compiling = threading.Lock()
        self._compiled: dict[str, Template] = {}

    async def render(self, name: str, values: Mapping[str, Any], turns: Turns) -> bytes:
        """The whole page. The first page of the process waits until every template is compiled, in a thread."""
        if not self._compiled:
            await anyio.to_thread.run_sync(self._compile)
        pieces: list[str] = []
        for number, piece in enumerate(self._compiled[name].generate(values)):
            pieces.append(piece)
            if number % _PIECES == 0:
                await turns.take()
        return "".join(pieces).encode()

    def _compile(self) -> None:
        with self._compiling:
            if not self._compiled:
                names = self._environment.list_templates(extensions=["html"])
                self._compiled = {name: self._environment.get_template(name) for name in names}


async def packed(body: bytes, turns: Turns) -> bytes:
    """The body by gzip."""
    packer = zlib.compressobj(6, wbits=_GZIP)
    parts: list[bytes] = []
    for at in range(0, len(body), _PACKED_PART):
        parts.append(packer.compress(body[at : at + _PACKED_PART]))
        await turns.take()
    return b"".join((*parts, packer.flush()))
