"""Responses replies that are passed on byte by byte, while usage, content and the end are noticed."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.usage import Metered
from gateway.dialects import sse
from gateway.dialects.dialect import Broken
from gateway.dialects.openai_responses.errors import failed
from gateway.dialects.openai_responses.resource import begun
from gateway.dialects.openai_responses.usage import Reported, metered
from gateway.dialects.prompt import Prompt

DONE: Final = b"[DONE]"
"""No event of this dialect, but some servers send it all the same."""

ENDS: Final = frozenset({"response.completed", "response.incomplete"})
_HEADS: Final = ENDS | {"response.created", "response.in_progress", "response.queued", "response.failed"}
"""Events that hold the whole response as far as it came."""
FAILURES: Final = frozenset({"error", "response.failed", "response.cancelled"})
_NOTHING: Final = msgspec.Raw(b"null")
_CALLS: Final = "_call"
"""How the types of items end that are calls: with them content begins."""


class _Searches(msgspec.Struct):
    num_requests: int = 0


class _ToolUsage(msgspec.Struct):
    web_search: _Searches | None = None


class _Part(msgspec.Struct):
    text: object = None
    refusal: object = None


class _Item(msgspec.Struct):
    type: object = ""
    content: object = None
    summary: object = None
    arguments: object = None
    input: object = None
    result: object = None


class _Response(msgspec.Struct):
    id: object = None
    created_at: object = None
    model: object = None
    status: object = None
    output: list[_Item] | None = None
    usage: Reported | None = None
    tool_usage: _ToolUsage | None = None
    error: msgspec.Raw = _NOTHING

    @property
    def metered(self) -> Metered | None:
        searches = self.tool_usage.web_search if self.tool_usage is not None else None
        return metered(self.usage, searches.num_requests if searches is not None else 0)


class _Event(msgspec.Struct):
    type: object = None
    sequence_number: object = None
    delta: object = None
    item: msgspec.Raw = _NOTHING
    response: msgspec.Raw = _NOTHING
    error: msgspec.Raw = _NOTHING


def noticed(body: bytes) -> tuple[Metered | None, int]:
    """Of a whole reply: what the provider reported, and the bytes of content. Broken unless it has an output."""
    response = _response(body)
    if response.output is None or response.status in ("failed", "cancelled") or bytes(response.error) != b"null":
        raise Broken("not a response, or one that failed")
    return response.metered, sum(map(_weight, response.output))


def _response(raw: bytes | msgspec.Raw) -> _Response:
    try:
        return msgspec.json.decode(raw, type=_Response, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    raise Broken("not a response")


def _weight(item: _Item) -> int:
    """Bytes of generated content; 0 if there is none."""
    held = (getattr(item, name) for name in _Item.__struct_fields__ if name != "type")
    return sum(_size(value) for value in held if value)


def _size(value: object) -> int:
    return len(value.encode()) if isinstance(value, str) else len(msgspec.json.encode(value))


def tally(prompt: Prompt, demand: Demand) -> ResponsesTally:
    """Watches a stream of this dialect."""
    return ResponsesTally(prompt, demand.model)


def framing(prompt: Prompt) -> sse.AsIs:  # noqa: ARG001  # this dialect has one framing
    """Events travel as they came."""
    return sse.AsIs()


class ResponsesTally:
    """A stream that is passed on: usage, content, its end, and what an error event must say to continue it."""

    def __init__(self, prompt: Prompt, model: str) -> None:
        self.content = False
        self.ended = False
        self.generated = 0
        self._prompt, self._model = prompt, model
        self._number = -1
        self._response = _Response("resp_unknown")
        self._metered: Metered | None = None

    def see(self, data: bytes) -> bool:
        """Take note of one event; whether the client should see it. Broken for an error in a reply's place."""
        if data == DONE:
            return False
        event = _event(data)
        kind = event.type if isinstance(event.type, str) else ""
        if isinstance(event.sequence_number, int):
            self._number = event.sequence_number
        if kind in _HEADS and bytes(event.response) != b"null":
            self._note(_response(event.response))
        if kind in FAILURES or bytes(event.error) != b"null":
            raise Broken("the provider reports an error")
        if kind.endswith(".delta") and event.delta:
            self.generated += _size(event.delta)
            self.content = True
        self.ended = self.ended or kind in ENDS
        self.content = self.content or self.ended or _begins(kind, event.item)
        return True

    def _note(self, response: _Response) -> None:
        self._response = response if response.id is not None else self._response
        self._metered = response.metered or self._metered

    def close(self) -> None:
        """Only an event of its own ends a stream properly."""

    def failure(self, ended: Ended) -> bytes:
        """The error event and `response.failed`, as the next events of the response that was begun."""
        seen = self._response
        model = seen.model if isinstance(seen.model, str) else self._model
        created = seen.created_at if isinstance(seen.created_at, int | float) else 0
        resource = begun(self._prompt.unseal().values, str(seen.id), model, created)
        return failed(ended, resource, self._number + 1)

    @property
    def metered(self) -> Metered | None:
        """The last report; None if there was none."""
        return self._metered


def _event(data: bytes) -> _Event:
    try:
        return msgspec.json.decode(data, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    raise Broken("no event of this dialect")


def _begins(kind: str, item: msgspec.Raw) -> bool:
    """Whether content begins with an item: when it is complete, or already when it is a call."""
    if kind != "response.output_item.added":
        return kind == "response.output_item.done"
    try:
        return str(msgspec.json.decode(item, type=_Item).type).endswith(_CALLS)
    except msgspec.DecodeError:
        pass
    raise Broken("not an item")
