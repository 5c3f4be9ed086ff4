"""Members of an operator's request, read strictly; and the answers.

An unknown member might have been meant to restrict, so it is refused.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import orjson
from starlette.responses import Response

from gateway.core.errors import InvalidRequest, Json
from gateway.dialects import strict_json

_LONGEST: Final = 256


def object_of(body: bytes, members: frozenset[str]) -> dict[str, object]:
    """The body of a request, which may hold only these members. InvalidRequest."""
    values = dict(strict_json.read(body or b"{}").values)
    if set(values) - members:
        raise InvalidRequest(f"The body may hold only {', '.join(sorted(members))}.", known=sorted(members))
    return values


def text_of(members: dict[str, object], name: str) -> str:
    """The text, empty if it is missing. InvalidRequest for another type, and for a text that is too long."""
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise InvalidRequest(f"`{name}` must be a string of at most {_LONGEST} characters.", field=name)
    return value


def day_of(members: dict[str, object], name: str) -> date:
    """InvalidRequest for another type."""
    try:
        return date.fromisoformat(text_of(members, name))
    except ValueError:
        pass
    raise InvalidRequest(f"`{name}` must be a day such as 2026-11-24.", field=name)


def moment_of(members: dict[str, object], name: str) -> datetime | None:
    """The moment; None if it is missing. InvalidRequest unless it is a moment with a time zone."""
    text = text_of(members, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest(f"`{name}` must be a moment with its time zone (RFC 3339).", field=name)
    return moment


def answer(value: dict[str, Json], status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
