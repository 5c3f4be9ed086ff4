"""The content of a request: kinds of parts, for the choice of routes; parts, read into neutral ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from gateway.core.errors import InvalidRequest
from gateway.dialects import media
from gateway.dialects.media import MediaKind
from gateway.dialects.neutral import Media, Text

PartReading: TypeAlias = Callable[[Any, str, str], Text | Media]
"""(what the part holds under the name of its type, where it stands, how long it is worth caching) -> the part"""

BREAKPOINT: Final = "prompt_cache_breakpoint"
"""OpenAI's own mark for caches, which no other dialect has."""

SOUNDS: Final[Mapping[str, str]] = {
    "wav": "audio/wav",
    "mp3": "audio/mp3",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "m4a": "audio/m4a",
}
"""`input_audio.format`, in OpenAI's words and those of compatible servers -> MIME type."""

_DETAILS: Final = frozenset({"low", "high", "auto", "original"})
_REMOTE: Final = ("https://", "http://")


def fault(field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{field}` {what}.", field=field)


def read(content: object, where: str, readings: Mapping[str, PartReading]) -> tuple[Text | Media, ...]:
    """The parts of a message's content; none for an empty string. InvalidRequest names the part at fault."""
    match content:
        case str(text):
            return (Text(text),) if text else ()
        case [_, *_] as parts:
            return tuple(_part(part, f"{where}[{place}]", readings) for place, part in enumerate(parts))
    raise fault(where, "must be a string or a list of at least one part")


def marked(content: object) -> bool:
    """Whether a part carries OpenAI's own mark for caches."""
    return isinstance(content, list) and any(part.get(BREAKPOINT) is not None for part in content)


def cached(holder: Mapping[str, Any]) -> str:
    """The neutral words for `cache_control`, which several OpenAI-compatible servers took over from Anthropic."""
    mark = holder.get("cache_control")
    if not isinstance(mark, dict):
        return ""
    return "1h" if mark.get("ttl") == "1h" else "5m"


def _part(part: object, where: str, readings: Mapping[str, PartReading]) -> Text | Media:
    if isinstance(part, dict):
        kind = part.get("type")
        if isinstance(kind, str) and kind in readings:
            return readings[kind](part.get(kind), f"{where}.{kind}", cached(part))
    raise fault(where, f"must be an object whose type is one of {', '.join(readings)}")


def _text(held: Any, where: str, mark: str) -> Text:
    if not isinstance(held, str):
        raise fault(where, "must be a string")
    return Text(held, mark)


def _located(kind: MediaKind, held: Any, where: str, mark: str) -> Media:
    """`{"url": …}`, or the address alone."""
    members = held if isinstance(held, dict) else {"url": held}
    url, detail = members.get("url"), members.get("detail") or ""
    if detail and (not isinstance(detail, str) or detail not in _DETAILS):
        raise fault(f"{where}.detail", f"must be one of {', '.join(sorted(_DETAILS))}")
    if isinstance(url, str) and media.is_inline(url):
        mime, data = media.inline(url, kind, where)
        return Media(kind, mime, data, detail=detail, cached=mark)
    if not isinstance(url, str) or not url.lower().startswith(_REMOTE):
        raise fault(where, "must have an https: or data: URL")
    return Media(kind, url=url, detail=detail, cached=mark)


def _sound(held: Any, where: str, mark: str) -> Media:
    members = held if isinstance(held, dict) else {}
    mime, data = SOUNDS.get(str(members.get("format"))), members.get("data")
    if mime is None or not isinstance(data, str):
        raise fault(where, f"must have data, and a format that is one of {', '.join(SOUNDS)}")
    return Media("audio", mime, media.encoded(data, f"{where}.data"), cached=mark)


def _file(held: Any, where: str, mark: str) -> Media:
    members = held if isinstance(held, dict) else {}
    data, name = members.get("file_data"), members.get("filename") or ""
    if not isinstance(data, str) or not isinstance(name, str):
        raise fault(where, "must have file_data: what one provider keeps under an id, no other can read")
    if media.is_inline(data):
        mime, data = media.inline(data, "document", f"{where}.file_data")
        return Media("document", mime, data, name=name, cached=mark)
    return Media("document", "application/pdf", media.encoded(data, f"{where}.file_data"), name=name, cached=mark)


WORDS: Final[Mapping[str, PartReading]] = {"text": _text}
SPOKEN: Final[Mapping[str, PartReading]] = {"text": _text, "refusal": _text}
ANYTHING: Final[Mapping[str, PartReading]] = {
    "text": _text,
    "image_url": partial(_located, "image"),
    "video_url": partial(_located, "video"),
    "audio_url": partial(_located, "audio"),
    "input_audio": _sound,
    "file": _file,
}
