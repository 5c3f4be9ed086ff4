"""The sandbox's tokenizer: a word, or one mark of punctuation, is a token.

It is never finer than bytes, so that a bound of one token per byte of the request holds here too.
"""

from __future__ import annotations

import re
from typing import Final

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
