"""Replies of a route of this dialect, passed on byte by byte while usage, content and the end are observed."""

from __future__ import annotations

from operator import attrgetter

import msgspec

from gateway.core.demand import Demand
from gateway.core.errors import Ended
from gateway.core.usage import Metered
from gateway.dialects import sse
from gateway.dialects.anthropic_messages import errors
from gateway.dialects.anthropic_messages.usage import MessagesUsage, metered, over, unfinished
from gateway.dialects.dialect import Broken
from gateway.dialects.estimate import weighed
from gateway.dialects.prompt import Prompt
from gateway.dialects.usage_report import decoder


class _Said(msgspec.Struct):
    """A block, or more of one."""

    type: object = None
    text: object = None
    thinking: object = None
    signature: object = None
    data: object = None
    partial_json: object = None
    input: object = None
    content: object = None
    citation: object = None
    stop_reason: object = None


class _Message(msgspec.Struct):
    content: list[_Said] | None = None
    usage: MessagesUsage | None = None


class _Event(msgspec.Struct):
    type: str = ""
    delta: _Said | None = None
    content_block: _Said | None = None
    message: _Message | None = None
    content: list[_Said] | None = None
    usage: MessagesUsage | None = None
    error: msgspec.Raw = msgspec.Raw(b"null")


_decode = decoder(_Event)
_CONTENT = attrgetter("text", "thinking", "signature", "data", "partial_json", "input", "content", "citation")
_OPENED_EMPTY = frozenset({"text", "thinking"})
"""Blocks that begin without content; every other says something by being there."""


def _event(data: bytes) -> _Event:
    """Broken unless the data is an event or a message of this dialect; also for an error in its place."""
    try:
        event = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = None
    if event is None or not event.type or event.type == "error" or bytes(event.error) != b"null":
        raise Broken("an error, or no event of this dialect")
    return event


def _weight(said: _Said | None) -> int:
    """Bytes of generated content in a block or delta; 0 if it carries none."""
    return weighed(_CONTENT(said)) if said is not None else 0


def observe(body: bytes) -> tuple[Metered | None, int]:
    """Of a whole reply: what the provider reported, and the bytes of content. Broken unless it is a message."""
    event = _event(body)
    if event.type != "message" or event.content is None:
        raise Broken("not a message")
    return metered(event.usage) if event.usage is not None else None, sum(map(_weight, event.content))


def tally(prompt: Prompt, demand: Demand) -> MessagesTally:  # noqa: ARG001  # nothing of the request matters here
    """Watches a stream of this dialect."""
    return MessagesTally()


def client_framing(prompt: Prompt) -> sse.AsIs:  # noqa: ARG001  # this dialect has one framing
    """Events travel as they came."""
    return sse.AsIs()


class MessagesTally:
    """A stream that is passed on: usage, content and its end."""

    def __init__(self) -> None:
        self.content = False
        self.ended = False
        self.generated = 0
        self._reported: MessagesUsage | None = None
        self._closing = False  # the final usage has come

    def see(self, data: bytes) -> bool:
        """Take note of one event; every one is the client's. Broken for an error in an event's place."""
        event = _event(data)
        begun, delta = event.content_block, event.delta
        weight = _weight(delta) + _weight(begun)
        self.generated += weight
        opened = begun is not None and begun.type not in _OPENED_EMPTY
        stopped = delta is not None and delta.stop_reason is not None
        self.content = self.content or weight > 0 or opened or stopped
        self._closing = self._closing or (event.type == "message_delta" and event.usage is not None)
        self.ended = self.ended or event.type == "message_stop"
        reported = event.usage or (event.message.usage if event.message is not None else None)
        if reported is not None:
            self._reported = over(reported, self._reported) if self._reported is not None else reported
        return True

    def close(self) -> None:
        """Only `message_stop` is a proper end."""

    def failure(self, ended: Ended) -> bytes:
        """The error event; no `message_stop` follows it."""
        return errors.event(ended)

    @property
    def metered(self) -> Metered | None:
        """The last report; of a stream that broke off, its report of the input with an estimate of the output."""
        if self._reported is None:
            return None
        return metered(self._reported) if self._closing else unfinished(self._reported, self.generated)
