"""JSON of unknown origin as plain values, with exact numbers and bounded size."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final, NoReturn

from gateway.feeds.refused import FeedRefused

MOST: Final = 64 * 1024 * 1024
"""Bytes of one list. The largest of November 2026 has four million."""
_AGAIN: Final = "bring the file again; it may be cut off or of another kind"


def parsed(content: bytes) -> Any:
    """Objects, lists, texts, whole numbers and decimals. FeedRefused for anything that is not JSON."""
    if len(content) > MOST:
        raise FeedRefused(f"has more than {MOST} bytes", "bring the price list alone")
    try:
        return json.loads(content.decode(), parse_float=Decimal, parse_constant=_not_a_number)
    except UnicodeDecodeError as error:
        raise FeedRefused(f"is not UTF-8 at byte {error.start}", _AGAIN) from None
    except json.JSONDecodeError as error:
        raise FeedRefused(f"is not JSON at line {error.lineno}, column {error.colno}", _AGAIN) from None
    except (ValueError, ArithmeticError, RecursionError):
        raise FeedRefused("has a number or a nesting beyond all bounds", _AGAIN) from None


def objects(value: object) -> dict[str, dict[str, Any]]:
    """The members of an object that are objects themselves. FeedRefused for anything but an object."""
    if not isinstance(value, dict):
        raise FeedRefused("is not a JSON object", _AGAIN)
    return {str(name): member for name, member in value.items() if isinstance(member, dict)}


def _not_a_number(word: str) -> NoReturn:
    raise FeedRefused(f"holds {word}, which is not a number of JSON", _AGAIN)
