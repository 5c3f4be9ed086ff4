"""The content of a request: kinds of items, parts and tools for the choice of routes; neutral parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from gateway.core.errors import InvalidRequest
from gateway.dialects import media
from gateway.dialects.media import is_inline, is_picture
from gateway.dialects.neutral import Media, Text
from gateway.dialects.token_bound import Pictures

ITEMS: Final = frozenset(
    "message function_call function_call_output custom_tool_call custom_tool_call_output reasoning item_reference "
    "web_search_call file_search_call image_generation_call code_interpreter_call computer_call computer_call_output "
    "local_shell_call local_shell_call_output shell_call shell_call_output apply_patch_call apply_patch_call_output "
    "mcp_call mcp_list_tools mcp_approval_request mcp_approval_response tool_search_call tool_search_output "
    "additional_tools configuration_update compaction compaction_trigger program program_output".split()
)
PARTS: Final = frozenset(
    "input_text output_text refusal summary_text reasoning_text input_image input_file input_audio "
    "computer_screenshot".split()
)
_OF_PARTS: Final = {"message": "content", "function_call_output": "output", "custom_tool_call_output": "output"}
"""Items that are made of parts, and where these stand."""

_HOLDING: Final = ("content", "output", "summary")


def kind_of(item: object) -> str:
    """The type of an item, which a message and a reference may leave out; empty if it has none."""
    if not isinstance(item, dict):
        return ""
    kind = item.get("type")
    if kind is None:
        kind = "message" if "role" in item else "item_reference" if set(item) <= {"id", "type"} and "id" in item else ""
    return kind if isinstance(kind, str) else ""


def tools(holder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tools of a request or an item, those inside a namespace too. InvalidRequest unless each has a type."""
    given = holder.get("tools")
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(t, dict) and isinstance(t.get("type"), str) for t in given):
        raise InvalidRequest("`tools` must be a list of objects with a type.", field="tools")
    return [found for tool in given for found in (tool, *(tools(tool) if tool["type"] == "namespace" else ()))]


class Content:
    """`kinds` of items and parts (what no table lists is "unlisted"), and `tools` that items bring along.

    `remote`: parts that the provider would have to fetch; `files` and `references`: what it keeps under an id.
    `long_cached`: a part is marked to be kept in a cache for longer than the provider does by itself.
    """

    def __init__(self, items: list[Any]) -> None:
        self.kinds: set[str] = set()
        self.tools: list[Mapping[str, Any]] = []
        self.pictures = Pictures()
        self.remote = self.files = self.references = 0
        self.long_cached = False
        for place, item in enumerate(items):
            self._item(item, f"input[{place}]")

    def _item(self, item: Any, where: str) -> None:
        kind = kind_of(item)
        if not kind:
            raise InvalidRequest(f"`{where}` must be an object with a type or a role.", field=where)
        self.kinds.add(kind if kind in ITEMS else "unlisted")
        self.references += kind == "item_reference"
        self.tools += tools(item)
        for name in _HOLDING:
            for place, part in enumerate(_parts(item, kind, name, where)):
                self._part(part, f"{where}.{name}[{place}]", must=name == _OF_PARTS.get(kind))

    def _part(self, part: Any, where: str, *, must: bool) -> None:
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str):
            if must:
                raise InvalidRequest(f"`{where}` must be an object with a type.", field=where)
            return
        self.kinds.add(kind if kind in PARTS else "unlisted")
        mark = part.get("prompt_cache_breakpoint")
        self.long_cached = self.long_cached or (isinstance(mark, dict) and mark.get("ttl") not in (None, "30m"))
        if part.get("file_id") is not None:
            self.files += 1
        elif kind in _PLACES and not _is_here(part, *_PLACES[kind]):
            self.remote += 1
        elif kind in _PICTURES and isinstance(url := part.get("image_url"), str) and is_picture(url):
            self.pictures.see(url)


_PICTURES: Final = frozenset({"input_image", "computer_screenshot"})
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "input_image": ("image_url",),
    "computer_screenshot": ("image_url",),
    "input_file": ("file_url", "file_data"),
}
"""Where a part says what is to be seen: as an address, or else as data."""


def _is_here(part: Mapping[str, Any], address: str, data: str = "") -> bool:
    url = part.get(address)
    return is_inline(url) if isinstance(url, str) else url is None and isinstance(part.get(data), str)


def _parts(item: Mapping[str, Any], kind: str, name: str, where: str) -> Iterable[Any]:
    """The parts under one name; text alone has none."""
    held = item.get(name)
    if name == _OF_PARTS.get(kind) and not isinstance(held, str | list):
        raise InvalidRequest(f"`{where}.{name}` must be a string or a list of parts.", field=f"{where}.{name}")
    if isinstance(held, dict):
        return (held,)
    return held if isinstance(held, list) else ()


ItemPartReading: TypeAlias = Callable[[Mapping[str, Any], str], Text | Media]
"""(the part, where it stands) -> the neutral part"""

_SOUNDS: Final[Mapping[str, str]] = {"wav": "audio/wav", "mp3": "audio/mp3"}
_MAGIC: Final = {"iVBOR": "image/png", "/9j/": "image/jpeg", "UklGR": "image/webp", "R0lGOD": "image/gif"}
"""How the base64 of a picture begins, and its MIME type."""

_DETAILS: Final = frozenset({"low", "high", "auto", "original"})
_REMOTE: Final = ("https://", "http://")


def fault(field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"`{field}` {what}.", field=field)


def read(content: object, where: str, readings: Mapping[str, ItemPartReading]) -> tuple[Text | Media, ...]:
    """The parts of a message or a result, without empty words. InvalidRequest names the part at fault."""
    match content:
        case str(text):
            parts: list[Text | Media] = [Text(text)]
        case list(given):
            parts = [_part(part, f"{where}[{place}]", readings) for place, part in enumerate(given)]
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
