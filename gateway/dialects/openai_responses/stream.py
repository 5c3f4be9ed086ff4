"""Responses replies that are passed on byte by byte, while usage, content and the end are observed."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.usage import Metered
from gateway.dialects import sse
from gateway.dialects.dialect import Broken
from gateway.dialects.openai_responses.errors import failed
from gateway.dialects.openai_responses.payloads import (
    DONE,
    ENDS,
    Response,
    ResponseEvent,
    decoded,
    is_something,
    kind_of,
)
from gateway.dialects.openai_responses.reply import begun
from gateway.dialects.prompt import Prompt

_HEADS: Final = ENDS | {"response.created", "response.in_progress", "response.queued", "response.failed"}
"""Events that hold the whole response as far as it came."""

_CALLS: Final = "_call"
"""Ending of the types of items that are calls. Content begins with a call."""


class _Content(msgspec.Struct):
    """Members of an item that may hold generated content, whatever the type of the item."""

    content: object = None
    summary: object = None
    arguments: object = None
    input: object = None
    result: object = None


def observe(body: bytes) -> tuple[Metered | None, int]:
    """Of a whole reply: what the provider reported, and the bytes of content. Broken unless it has an output."""
    response = decoded(body, Response)
    if response.failed:
        raise Broken("not a response, or one that failed")
    return response.metered, sum(map(_weight, response.output or ()))


def _weight(item: msgspec.Raw) -> int:
    """Bytes of generated content; 0 without any."""
    held = decoded(item, _Content)
    return sum(_size(value) for name in _Content.__struct_fields__ if (value := getattr(held, name)))


def _size(value: object) -> int:
    return len(value.encode()) if isinstance(value, str) else len(msgspec.json.encode(value))


def tally(prompt: Prompt, demand: Demand) -> ResponsesTally:
    """Watches a stream of this dialect."""
    return ResponsesTally(prompt, demand.model)


def client_framing(prompt: Prompt) -> sse.AsIs:  # noqa: ARG001  # this dialect has one framing
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
        self._response = Response("resp_unknown")
        self._metered: Metered | None = None

    def see(self, data: bytes) -> bool:
        """Take note of one event; whether the client should see it. Broken for an error in a reply's place."""
        if data == DONE:
            return False
        event = decoded(data, ResponseEvent)
        kind = event.kind
        if isinstance(event.sequence_number, int):
            self._number = event.sequence_number
        if kind in _HEADS and is_something(event.response):
            self._note(decoded(event.response, Response))
        if event.failed:
            raise Broken("the provider reports an error")
        if kind.endswith(".delta") and event.delta:
            self.generated += _size(event.delta)
            self.content = True
        self.ended = self.ended or kind in ENDS
        self.content = self.content or self.ended or _begins(event)
        return True

    def _note(self, response: Response) -> None:
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


def _begins(event: ResponseEvent) -> bool:
    """Whether content begins with an item: when it is complete, or already when it is a call."""
    if event.kind == "response.output_item.added":
        return kind_of(event.item).endswith(_CALLS)
    return event.kind == "response.output_item.done"
