"""Calls that an output limit cut off, for dialects whose arguments are objects: half of one cannot be passed on.

Why the answer ended is reported, and says enough. Arguments that are text are passed on as far as they came.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from gateway.dialects.neutral import Answer, Call, Media, StopReason, Text, Thought


def drop_truncated_calls(answer: Answer) -> tuple[Text | Media | Thought | Call, ...]:
    """The parts of an answer, without calls that were cut off."""
    return tuple(p for p in answer.parts if not isinstance(p, Call) or whole([p], answer.stop))


def whole(calls: Iterable[Call], stop: StopReason | None) -> list[Call]:
    """The calls; of an answer that came to its limit, those whose arguments came to their end."""
    return [call for call in calls if stop is not StopReason.LENGTH or _is_json(call.arguments)]


def _is_json(arguments: str) -> bool:
    try:
        orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return False
    return True
