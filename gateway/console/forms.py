"""The fields of a form, read from the body of a request. A form of a page is small, and never a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import anyio
from starlette.requests import ClientDisconnect, Request

from gateway.core.errors import InvalidRequest

_BYTES_MOST: Final = 64 * 1024
_FIELDS_MOST: Final = 200
_WITHIN_S: Final = 10.0
_MEDIA: Final = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, tuple[str, ...]]:
    """Name -> every value, in order. InvalidRequest (400, 408, 413, 415) without a word of the body."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _MEDIA:
        raise InvalidRequest(f"A form must be sent as {_MEDIA}.", code="unsupported_media")
    body = b""
    try:
        with anyio.fail_after(_WITHIN_S):
            async for part in request.stream():
                body += part
                if len(body) > _BYTES_MOST:
                    raise InvalidRequest("The form is too large.", code="too_large", limit=_BYTES_MOST)
    except TimeoutError:
        raise InvalidRequest("The form did not arrive in time.", code="request_timeout") from None
    except ClientDisconnect:
        raise InvalidRequest("The form did not arrive.") from None
    return _fields(body)


def _fields(body: bytes) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MOST, errors="strict")
    except ValueError:  # a UnicodeDecodeError is one, and holds the body
        raise InvalidRequest("The form cannot be read.") from None
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return fields
