"""Pictures, sounds and documents inside a request: base64 that every provider will be able to read."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from gateway.core.errors import InvalidRequest
from gateway.dialects.neutral import Media

MediaKind: TypeAlias = Literal["image", "audio", "video", "document"]

_TYPES: Final[Mapping[MediaKind, tuple[str, ...]]] = {
    "image": ("image/",),
    "audio": ("audio/",),
    "video": ("video/",),
    "document": ("application/", "text/"),
}
"""Kind of media -> beginnings of its MIME types."""


def is_inline(url: str) -> bool:
    return url[:5].lower() == "data:"


def is_picture(url: str) -> bool:
    """Whether a `data:` URL says that it is a picture, which nobody reads as text."""
    return url[:11].lower() == "data:image/"


def inline(url: str, kind: MediaKind, field: str) -> tuple[str, str]:
    """(MIME type, base64) of a `data:` URL. InvalidRequest names `field`."""
    head, _, data = url[5:].partition(",")
    mime, *parameters = head.lower().split(";")
    if not parameters or parameters[-1] != "base64":
        raise InvalidRequest(f"`{field}` must be a data: URL in base64.", field=field)
    return fitting(mime, kind, field), encoded(data, field)


def fitting(mime: str, kind: MediaKind, field: str) -> str:
    """The MIME type, if it is one of that kind. InvalidRequest names `field`."""
    if not mime.startswith(_TYPES[kind]):
        begun = " or ".join(f"{start}…" for start in _TYPES[kind])
        raise InvalidRequest(f"`{field}` must have a MIME type of its kind: {begun}.", field=field)
    return mime


def encoded(data: str, field: str) -> str:
    """The same text, if it is base64 of something. InvalidRequest names `field`."""
    try:
        if binascii.a2b_base64(data, strict_mode=True):
            return data
    except ValueError:
        pass
    raise InvalidRequest(f"`{field}` must hold base64, in the standard alphabet and without line breaks.", field=field)


def data_url(media: Media) -> str:
    """A `data:` URL of a `Media` that has data."""
    return f"data:{media.mime};base64,{media.data}"
