"""What a request holds, as far as routes are judged by it: kinds of items and parts, tools, and what is not inline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.core.errors import InvalidRequest
from gateway.dialects.media import is_inline, is_picture
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
