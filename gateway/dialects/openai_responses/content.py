"""The content of a request: kinds of items, parts and tools for the choice of routes; neutral parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from gateway.core.errors import InvalidRequest
from gateway.dialects import media
from gateway.dialects.neutral import Media, Text


def kind_of(item: object) -> str:
    """The type of an item, which a message and a reference may leave out; empty if it has none."""
    if not isinstance(item, dict):
        return ""
    kind = item.get("type")
    if kind is None:
        kind = "message" if "role" in item else "item_reference" if set(item) <= {"id", "type"} and "id" in item else ""
    return kind if isinstance(kind, str) else ""


ItemPartReading: TypeAlias = Callable[[Mapping[str, Any], str], Text | Media]
"""(the part, where it stands) -> the neutral part"""

_SOUNDS: Final[Mapping[str, str]] = {"wav": "audio/wav", "mp3": "audio/mp3"}
_MAGIC: Final = {"iVBOR": "image/png", "/9j/": "image/jpeg", "UklGR": "image/webp", "R0lGOD": "image/gif"}
"""Beginning of the base64 of a picture -> MIME type."""

_DETAILS: Final = frozenset({"low", "high", "auto", "original"})
_REMOTE: Final = ("https://", "http://")


def fault(field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{field}` {what}.", field=field)


def read(content: object, where: str, readings: Mapping[str, ItemPartReading]) -> tuple[Text | Media, ...]:
    """The parts of a message or a result, without empty words. InvalidRequest names the part at fault."""
    match content:
        case str(text):
            parts: list[Text | Media] = [Text(text)]
        case list(rows):
            parts = [_part(part, f"{where}[{place}]", readings) for place, part in enumerate(rows)]
        case _:
            raise fault(where, "must be a string or a list of parts")
    return tuple(part for part in parts if not isinstance(part, Text) or part.text)


def _part(part: object, where: str, readings: Mapping[str, ItemPartReading]) -> Text | Media:
    kind = part.get("type") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(kind, str) or kind not in readings:
        raise fault(where, f"must be an object whose type is one of {', '.join(readings)}")
    return readings[kind](part, where)


def _text_part(part: Mapping[str, Any], where: str) -> Text:
    return Text(_string(part, "text", where), _cached(part))


def _refusal(part: Mapping[str, Any], where: str) -> Text:
    return Text(_string(part, "refusal", where))


def _string(part: Mapping[str, Any], name: str, where: str) -> str:
    text = part.get(name)
    if not isinstance(text, str):
        raise fault(f"{where}.{name}", "must be a string")
    return text


def _cached(part: Mapping[str, Any]) -> str:
    """The neutral word that is nearest to the time asked for: half an hour, or twelve."""
    mark = part.get("prompt_cache_breakpoint")
    if not isinstance(mark, dict):
        return ""
    return "1h" if mark.get("ttl") == "12h" else "5m"


def _detail(part: Mapping[str, Any], where: str) -> str:
    detail = part.get("detail") or "auto"
    if not isinstance(detail, str) or detail not in _DETAILS:
        raise fault(f"{where}.detail", f"must be one of {', '.join(sorted(_DETAILS))}")
    return "" if detail == "auto" else detail


def _kept_nowhere(part: Mapping[str, Any], where: str) -> None:
    if part.get("file_id") is not None:
        raise fault(f"{where}.file_id", "names what one provider keeps, and no other can read: send the data itself")


def _image(part: Mapping[str, Any], where: str) -> Media:
    _kept_nowhere(part, where)
    url, field = part.get("image_url"), f"{where}.image_url"
    if isinstance(url, str) and media.is_inline(url):
        mime, data = media.inline(url, "image", field)
        return Media("image", mime, data, detail=_detail(part, where), cached=_cached(part))
    return Media("image", url=_address(url, field), detail=_detail(part, where), cached=_cached(part))


def _address(url: object, field: str) -> str:
    if not isinstance(url, str) or not url.lower().startswith(_REMOTE):
        raise fault(field, "must be an https: or data: URL")
    return url


def _file(part: Mapping[str, Any], where: str) -> Media:
    _kept_nowhere(part, where)
    name, data, detail = part.get("filename") or "", part.get("file_data"), _detail(part, where)
    if not isinstance(name, str):
        raise fault(f"{where}.filename", "must be a string")
    if data is None:
        url = _address(part.get("file_url"), f"{where}.file_url")
        return Media("document", url=url, name=name, detail=detail, cached=_cached(part))
    field = f"{where}.file_data"
    if isinstance(data, str) and media.is_inline(data):
        mime, data = media.inline(data, "document", field)
    else:
        mime, data = "application/pdf", media.encoded(_string(part, "file_data", where), field)
    return Media("document", mime, data, name=name, detail=detail, cached=_cached(part))


def _sound(part: Mapping[str, Any], where: str) -> Media:
    held, field = part.get("input_audio"), f"{where}.input_audio"
    mime = _SOUNDS.get(str(held.get("format"))) if isinstance(held, dict) else None
    if not isinstance(held, dict) or mime is None:
        raise fault(field, "must have data, and a format that is wav or mp3")
    return Media("audio", mime, media.encoded(_string(held, "data", field), f"{field}.data"))


def picture(data: str) -> Media:
    """A picture that a model made, of which nobody says the MIME type."""
    return Media("image", next((mime for start, mime in _MAGIC.items() if data.startswith(start)), "image/png"), data)


WORDS: Final[Mapping[str, ItemPartReading]] = {"input_text": _text_part}
SPOKEN: Final[Mapping[str, ItemPartReading]] = {
    "output_text": _text_part,
    "refusal": _refusal,
    "input_text": _text_part,
}
RESULTS: Final[Mapping[str, ItemPartReading]] = {"input_text": _text_part, "input_image": _image, "input_file": _file}
ANYTHING: Final[Mapping[str, ItemPartReading]] = {**RESULTS, "input_audio": _sound}
