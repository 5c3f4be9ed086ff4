"""Members of a token endpoint's JSON answer. Every fault is "malformed"; no exception holds a part of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.upstream.tokens.endpoint import TokenAnswer, TokenFault


def members_of(answer: TokenAnswer) -> Mapping[str, object]:
    """The JSON object of an answer."""
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise TokenFault("malformed") from None
    if not isinstance(value, dict):
        raise TokenFault("malformed")
    return value


def text_of(members: Mapping[str, object], name: str) -> str:
    """A member that an HTTP header can carry."""
    value = members.get(name)
    if not isinstance(value, str) or not value or not all("!" <= c <= "~" for c in value):
        raise TokenFault("malformed")
    return value


def seconds_of(members: Mapping[str, object], name: str) -> float:
    """A number of seconds above zero, which some endpoints write as a string."""
    value = members.get(name)
    try:
        seconds = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 10**9:
        raise TokenFault("malformed")
    return seconds


def until(moment: object, now_s: float) -> float:
    """Seconds from `now_s` to a moment in RFC 3339. "ended" for one that has passed."""
    try:
        ends_at = datetime.fromisoformat(moment) if isinstance(moment, str) else None
    except ValueError:
        ends_at = None
    if ends_at is None:
        raise TokenFault("malformed")
    life_s = (ends_at if ends_at.tzinfo else ends_at.replace(tzinfo=UTC)).timestamp() - now_s
    if life_s <= 0:
        raise TokenFault("ended")
    return life_s
