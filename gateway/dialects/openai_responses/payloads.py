"""Shapes of the events, items and responses of a provider, as far as they are read.
Other members may have any shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from gateway.core.usage import Metered
from gateway.dialects.dialect import Broken
from gateway.dialects.openai.tools import custom_arguments
from gateway.dialects.openai_responses.usage import ResponsesUsage, metered
from gateway.dialects.usage_report import UsageReport, decoder

_T = TypeVar("_T")

DONE: Final = b"[DONE]"
"""No event of this dialect, but some servers send it all the same."""

ENDS: Final = frozenset({"response.completed", "response.incomplete"})
FAILURES: Final = frozenset({"error", "response.failed", "response.cancelled"})
NOTHING: Final = msgspec.Raw(b"null")


class ResponseEvent(msgspec.Struct):
    type: object = None
    sequence_number: object = None
    output_index: object = None
    item_id: object = None
    summary_index: object = None
    content_index: object = None
    delta: object = None
    text: object = None
    refusal: object = None
    arguments: object = None
    logprobs: msgspec.Raw = NOTHING
    item: msgspec.Raw = NOTHING
    response: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING

    @property
    def kind(self) -> str:
        return self.type if isinstance(self.type, str) else ""

    @property
    def failed(self) -> bool:
        """The provider says that there will be no reply."""
        return self.kind in FAILURES or is_something(self.error)


class Logprob(msgspec.Struct):
    token: str = ""
    logprob: float = 0.0
    top_logprobs: list[Logprob] | None = None


class OutputPart(msgspec.Struct):
    text: str | None = None
    refusal: str | None = None
    annotations: list[object] | None = None
    logprobs: list[Logprob] | None = None


class OutputItem(msgspec.Struct):
    """A message, a function call, a reasoning item or a picture."""

    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    content: list[OutputPart] | None = None
    summary: list[OutputPart] | None = None
    encrypted_content: str | None = None
    result: str | None = None


class CustomItem(OutputItem):
    """A call of a custom tool."""

    input: str = ""


CALLS: Final = frozenset({"function_call", "custom_tool_call"})
"""Kinds of items that call a tool of the client's by its name."""


class _Kind(msgspec.Struct):
    type: str = ""


class _Names(msgspec.Struct):
    id: object = None
    call_id: object = None


class _HostedCall(_Kind):
    action: object = None
    container_id: str | None = None


class _Searches(UsageReport):
    num_requests: int = 0


class _ToolUsage(UsageReport):
    web_search: _Searches | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class Response(msgspec.Struct):
    id: object = None
    created_at: object = None
    model: object = None
    status: object = None
    output: list[msgspec.Raw] | None = None
    incomplete_details: _Incomplete | None = None
    service_tier: object = None
    usage: ResponsesUsage | None = None
    tool_usage: _ToolUsage | None = None
    error: msgspec.Raw = NOTHING

    @property
    def metered(self) -> Metered | None:
        """The usage that the provider reported; None without a report."""
        calls = charged_calls(self.output or ())
        searches = self.tool_usage.web_search if self.tool_usage is not None else None
        if searches is not None and searches.num_requests:
            calls["server_tool_calls"] = searches.num_requests
        return metered(self.usage, calls, self.service_tier)

    @property
    def failed(self) -> bool:
        """Whether an error stands in the place of a reply, or the reply has no output."""
        return self.output is None or self.status in ("failed", "cancelled") or is_something(self.error)


def charged_calls(items: Iterable[msgspec.Raw]) -> dict[str, int]:
    """Calls of hosted tools that the provider charges, by the class that counts them.

    Opening a page that a search found costs nothing. Code is charged by the container that it runs in.
    """
    calls, containers = dict[str, int](), set[object]()
    for item in items:
        if not any(name in bytes(item) for name in _CALLS):
            continue
        call = decoded(item, _HostedCall)
        action = call.action if isinstance(call.action, dict) else {}
        tool = _CHARGED_CALLS.get(call.type)
        if tool is None or action.get("type", "search") != "search" or call.container_id in containers:
            continue
        if call.container_id is not None:
            containers.add(call.container_id)
        calls[tool] = calls.get(tool, 0) + 1
    return calls


_CALLS: Final = (b'_search_call"', b'interpreter_call"')
_CHARGED_CALLS: Final = {
    "web_search_call": "server_tool_calls",
    "file_search_call": "file_searches",
    "code_interpreter_call": "code_sessions",
}


def is_something(raw: msgspec.Raw) -> bool:
    return bytes(raw) != b"null"


def decoded(raw: bytes | msgspec.Raw, kind: type[_T]) -> _T:
    """Broken for what is not of that shape."""
    try:
        return decoder(kind)(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    raise Broken("nothing of this dialect")


def names_of(item: msgspec.Raw) -> list[str]:
    """The ids by which events may refer to an item: its own, and that of its call. Broken."""
    held = decoded(item, _Names)
    return [name for name in (held.id, held.call_id) if isinstance(name, str) and name]


def kind_of(item: msgspec.Raw) -> str:
    """The type of an item. Broken."""
    return decoded(item, _Kind).type


def call_in(raw: msgspec.Raw) -> OutputItem:
    """An item of CALLS; one of a custom tool as the call of the function that stands for it."""
    if kind_of(raw) != "custom_tool_call":
        return decoded(raw, OutputItem)
    item = decoded(raw, CustomItem)
    item.arguments = custom_arguments(item.input)
    return item
