"""What a request holds, as far as routes are judged by it: kinds of blocks and tools, and what is not inline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.core.errors import InvalidRequest
from gateway.dialects import members
from gateway.dialects.token_bound import Pictures

ROLES: Final = frozenset({"user", "assistant", "system"})

BLOCKS: Final = frozenset(
    "text image document search_result thinking redacted_thinking tool_use tool_result tool_reference "
    "server_tool_use web_search_tool_result web_fetch_tool_result code_execution_tool_result "
    "bash_code_execution_tool_result text_editor_code_execution_tool_result tool_search_tool_result "
    "advisor_tool_result mcp_tool_use mcp_tool_result mcp_tool_listing container_upload browser_state compaction "
    "fallback tool_addition tool_removal".split()
)
"""Types of blocks whose effect on content is known."""

_RUN_BY_THE_CLIENT: Final = frozenset(
    "custom bash text_editor computer memory browser_toolset computer_toolset".split()
)
_RUN_INSIDE: Final = frozenset({"tool_search_tool_regex", "tool_search_tool_bm25"})
"""By the provider, over nothing but the request itself."""
_SEARCHING: Final = frozenset({"web_search", "web_fetch"})
_CALLING_OUT: Final = frozenset({"web_fetch", "mcp_toolset"})
_KEEPING: Final = frozenset({"code_execution"})
"""They work in a container of the provider's, with files in it."""
_LISTED: Final = _RUN_BY_THE_CLIENT | _RUN_INSIDE | _SEARCHING | _CALLING_OUT | _KEEPING
_DATED: Final = re.compile(r"_\d{8}\Z")


def tools(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """InvalidRequest unless each is an object whose type, if it has one, is a string."""
    given = members.rows(values, "tools")
    for tool in given:
        if not isinstance(tool, dict) or not isinstance(tool.get("type"), str | None):
            raise InvalidRequest("`tools` must be a list of objects.", field="tools")
    return given


def kind_of(tool: Mapping[str, Any]) -> str:
    """A tool's type without the date of its version; `custom` where none is stated."""
    return _DATED.sub("", tool.get("type") or "custom")


class Survey:
    """`kinds` of blocks, and of tools without their dates; `unlisted`: names of those that no table lists.

    `documents` (those of mere text apart): how many. `remote`: those that the provider would have to
    fetch or keeps; `urls` and `files` say which. `long_cached`: something is to stay in a cache for an hour.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.kinds: set[str] = set()
        self.tools: set[str] = set()
        self.unlisted: dict[str, None] = {}
        self.pictures = Pictures()
        self.documents = self.remote = 0
        self.urls = self.files = self.long_cached = False
        self._marked(values)
        self._held(values.get("system"), "system")
        for place, message in enumerate(_messages(values)):
            self._held(message.get("content"), f"messages[{place}].content")
        for tool in tools(values):
            self._tool(tool)

    @property
    def searching(self) -> bool:
        return bool(self.tools & _SEARCHING)

    @property
    def calling_out(self) -> bool:
        return self.urls or bool(self.tools & _CALLING_OUT)

    @property
    def keeping(self) -> bool:
        return self.files or bool(self.tools & _KEEPING) or "container_upload" in self.kinds

    def _tool(self, tool: Mapping[str, Any]) -> None:
        self._marked(tool)
        kind = kind_of(tool)
        self.tools.add(kind)
        if kind not in _LISTED:
            name = tool["type"]
            plain = members.SAFE_NAME.match(name)
            self.unlisted[f"tool:{name}" if plain else "(a tool whose type is no plain word)"] = None

    def _held(self, content: Any, where: str) -> None:
        """A string, or a list of blocks."""
        if isinstance(content, str | None):
            return
        if not isinstance(content, list):
            raise InvalidRequest(f"`{where}` must be a string or a list of blocks.", field=where)
        for place, block in enumerate(content):
            self._block(block, f"{where}[{place}]")

    def _block(self, block: Any, where: str) -> None:
        kind = block.get("type") if isinstance(block, dict) else None
        if not isinstance(kind, str):
            raise InvalidRequest(f"`{where}` must be an object with a type.", field=where)
        self.kinds.add(kind)
        if kind not in BLOCKS:
            plain = members.SAFE_NAME.match(kind)
            self.unlisted[f"block:{kind}" if plain else "(a block whose type is no plain word)"] = None
        self._marked(block)
        if kind in ("image", "document"):
            self._source(block.get("source"), kind, f"{where}.source")
        elif kind == "tool_result":
            self._held(block.get("content"), f"{where}.content")

    def _source(self, source: Any, kind: str, where: str) -> None:
        held = source if isinstance(source, dict) else {}
        if kind == "image":
            self.pictures.see(held.get("data"))
        self.documents += kind == "document" and held.get("type") not in ("text", "content")
        match held.get("type"):
            case "url":
                self.remote, self.urls = self.remote + 1, True
            case "file":
                self.remote, self.files = self.remote + 1, True
            case "content":
                self._held(held.get("content"), f"{where}.content")

    def _marked(self, holder: Mapping[str, Any]) -> None:
        mark = holder.get("cache_control")
        self.long_cached = self.long_cached or (isinstance(mark, dict) and mark.get("ttl") not in (None, "5m"))


def _messages(values: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    messages = values.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("`messages` must be a list of at least one message.", field="messages")
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            where = f"messages[{place}]"
            roles = ", ".join(sorted(ROLES))
            raise InvalidRequest(f"`{where}` must be an object whose role is one of {roles}.", field=where)
    return messages
