"""What providers report of the place that served a reply, in headers of theirs.

A header is foreign text: only a short plain word is taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_REGION: Final = (
    "x-ms-region",  # Azure: "Sweden Central"
    "x-groq-region",  # Groq: "us-east-1"
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}")
_NOTHING: Final[Mapping[str, str]] = {}


def observed(headers: Mapping[str, str]) -> Mapping[str, str]:
    """`region`, if the provider says it. Header names are lower-case."""
    for name in _REGION:
        if (stated := headers.get(name)) is not None and _PLAIN.fullmatch(stated):
            return {"region": stated}
    return _NOTHING
