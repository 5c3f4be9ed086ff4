"""The way in of one request: its key and its body."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from gateway.asgi.arriving_bodies import ArrivingBody
from gateway.asgi.headers import Fields
from gateway.core.errors import ClientLeft, InvalidRequest, Unauthenticated
from gateway.core.operation import JSON
from gateway.exchange.deadlines import DeadlineScope

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]

_UTF_8: Final = re.compile(r'\s*(?:;\s*(?:charset\s*=\s*(?:utf-?8|"utf-?8")\s*)?)?', re.IGNORECASE | re.ASCII)
_BEARER: Final = re.compile(rb"bearer(?: +|$)", re.IGNORECASE)
_KEY: Final = re.compile(r"[!-~]{1,512}")
_KEY_HEADERS: Final = (b"authorization", b"x-api-key", b"api-key", b"x-goog-api-key")


def credentials(fields: Fields, query_key: str = "") -> str:
    """The one key of this request, from whichever header or from `?key=` (`scope["state"]["query_key"]`).

    Empty ones count as absent, the same key twice as once. Raises `Unauthenticated` for none, two different ones, or
    one that no key of ours can look like.
    """
    keys = {query_key}
    for name in _KEY_HEADERS:
        for value in fields.every(name):
            keys.add(_key(name, value))
    keys.discard("")
    if len(keys) != 1 or _KEY.fullmatch(key := keys.pop()) is None:
        raise Unauthenticated
    return key


def states_key(fields: Fields, query_key: str = "") -> bool:
    """Whether the request states a key at all, right or wrong."""
    return bool(query_key) or any(value.strip() for name in _KEY_HEADERS for value in fields.every(name))


def _key(name: bytes, value: bytes) -> str:
    value = value.strip()
    if name == b"authorization" and value:
        scheme = _BEARER.match(value)
        if scheme is None:
            raise Unauthenticated
        value = value[scheme.end() :]
    return value.decode("latin-1")


async def read_body(
    fields: Fields, receive: Receive, watch: DeadlineScope, body: ArrivingBody, media_type: str = JSON
) -> bytes:
    """The whole body of a request of that media type, within the limits of `body` and within their seconds from now.

    Raises `InvalidRequest` (408, 413, 415), `ClientLeft`, or as `ArrivingBodies.reserve`. A body declared too long is
    refused without reading any of it, and one that turns out too long as soon as it does; the server then closes the
    connection behind the answer.
    """
    limit, deadline_s = body.limits.max_bytes, body.limits.seconds
    body.grow(_declared_length(fields, media_type, limit))
    parts: list[bytes] = []
    size, more = 0, True
    with watch.within(deadline_s):
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise _too_large(limit)
            body.grow(size)
            parts.append(part)
            more = message.get("more_body", False)
    if more:
        raise InvalidRequest(
            f"The request did not arrive within {deadline_s:g} seconds.",
            code="request_timeout",
            limit_s=int(deadline_s),
        )
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _declared_length(fields: Fields, media_type: str, limit: int) -> int:
    """Bytes of the body, 0 where the head does not say; checks that the body can be read at all."""
    types = fields.every(b"content-type")
    if len(types) != 1:
        raise _unsupported(f"One Content-Type is needed: {media_type}.", "content-type")
    if not _is_of_type(types[0].decode("latin-1"), media_type):
        raise _unsupported(f"Content-Type must be {media_type} in UTF-8.", "content-type")
    for coding in fields.every(b"content-encoding"):
        if coding.strip().lower() not in (b"", b"identity"):
            raise _unsupported(
                "Compressed bodies are not accepted: send the request without a Content-Encoding.", "content-encoding"
            )
    declared = 0
    for length in fields.every(b"content-length"):
        if not length.isdigit() or len(length) > 15 or int(length) > limit:
            raise _too_large(limit)
        declared = int(length)
    return declared


def _is_of_type(value: str, media_type: str) -> bool:
    if value == media_type:  # what nearly every client sends
        return True
    value = value.strip(" \t")
    return value[: len(media_type)].lower() == media_type and _UTF_8.fullmatch(value, len(media_type)) is not None


def _unsupported(message: str, header: str) -> InvalidRequest:
    return InvalidRequest(message, code="unsupported_media", header=header)


def _too_large(limit: int) -> InvalidRequest:
    return InvalidRequest(f"The body is larger than {limit} bytes.", code="too_large", limit=limit)


def method_not_allowed(allow: str) -> InvalidRequest:
    """405, with the methods that the endpoint takes."""
    return InvalidRequest(f"This endpoint takes {allow}.", code="method_not_allowed", allow=allow)
