"""The sandbox's tokenizer: a word, or one mark of punctuation, is a token.

It is never finer than bytes, so that a bound of one token per byte of the request holds here too.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_PIECE: Final = re.compile(r"\s*(?:\w+|[^\w\s])|\s+$")

MESSAGE: Final = 3
"""Tokens that each message costs besides its words."""
IMAGE: Final = 32
"""Tokens of a picture, whatever its size."""


def count(text: str) -> int:
    """Tokens of a text: `count("It's 12:30.") == 7`."""
    return sum(1 for _ in _TOKEN.finditer(text))


def pieces(text: str) -> tuple[str, ...]:
    """The text cut into its tokens, each with the space before it; together they are the text again."""
    return tuple(_PIECE.findall(text))


class Tally:
    """Counts a prompt while a wire language walks through it."""

    def __init__(self) -> None:
        self.messages = self.images = self.tokens = 0

    def message(self) -> None:
        """A turn begins."""
        self.messages += 1
        self.tokens += MESSAGE

    def text(self, text: str) -> None:
        self.tokens += count(text)

    def image(self) -> None:
        self.images += 1
        self.tokens += IMAGE

    def json(self, value: Any) -> None:
        """What the model reads as JSON: calls, results, definitions of tools."""
        self.tokens += count(orjson.dumps(value).decode())
