"""Calls that a prompt requests in words: `Call the tool NAME with {"path": "a.txt"}`, so that agents can be tried.

The last message counts, and only where it holds no result: the answer to a result is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_REQUEST: Final = re.compile(r"call the tool `?([A-Za-z0-9_.:-]{1,128})`?(?: with (?=\{))?", re.IGNORECASE)
_WINDOW: Final = 2**18
"""Characters that one look takes in: no look at a long text keeps other threads waiting."""
_LONGEST: Final = 256
"""Characters of a request, at most; one that a window cuts is found whole by the next."""
_READER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A call that the words of a prompt request. `arguments` None: any that fit the tool's schema."""

    name: str = field(repr=False)
    arguments: Mapping[str, Any] | None = field(default=None, repr=False)


def tool_request(text: str) -> ToolRequest | None:
    """The last request in the text. None for a text without one."""
    last = None
    for at in range(0, len(text), _WINDOW):
        for last in _REQUEST.finditer(text, at, at + _WINDOW + _LONGEST):  # noqa: B007  # the last match counts
            pass
    return None if last is None else ToolRequest(last[1].rstrip(".:"), _arguments(text, last.end()))


def _arguments(text: str, at: int) -> Mapping[str, Any] | None:
    if text[at : at + 1] != "{":
        return None
    try:
        arguments, _ = _READER.raw_decode(text, at)
    except (ValueError, RecursionError):  # the words of a prompt, which no error may carry on
        return None
    return arguments if isinstance(arguments, dict) else None
