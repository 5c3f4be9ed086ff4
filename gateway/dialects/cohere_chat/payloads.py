"""The shape of a reply of Cohere's v2 chat and of the events of its stream, as far as they are read."""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.dialects.cohere.usage import CohereUsage
from gateway.dialects.dialect import Broken
from gateway.dialects.usage_report import decoder


class CohereFunction(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class CohereCall(msgspec.Struct):
    id: str | None = None
    function: CohereFunction | None = None


class CohereContent(msgspec.Struct):
    """A block, or more of one."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class CohereReplyMessage(msgspec.Struct):
    """Of a whole reply lists, of an event one block or call."""

    content: list[CohereContent] | CohereContent | None = None
    tool_plan: str | None = None
    tool_calls: list[CohereCall] | CohereCall | None = None
    citations: object = None


class CohereDelta(msgspec.Struct):
    message: CohereReplyMessage | None = None
    finish_reason: str | None = None
    usage: CohereUsage | None = None
    error: object = None


class CohereEvent(msgspec.Struct):
    type: str
    delta: CohereDelta | None = None


class CohereReply(msgspec.Struct):
    message: CohereReplyMessage
    finish_reason: str
    usage: CohereUsage | None = None


_event: Final = decoder(CohereEvent)
_reply: Final = decoder(CohereReply)


def opened_event(data: bytes) -> CohereEvent:
    """One event. Broken for anything else, such as an error in its place."""
    try:
        return _event(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Broken("an error, or no event of this dialect") from None


def opened_reply(body: bytes) -> CohereReply:
    """A whole reply. Broken for anything else."""
    try:
        return _reply(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Broken("an error, or no reply of this dialect") from None


def listed(value: list[CohereContent] | CohereContent | None) -> list[CohereContent]:
    """The blocks, whether one or several came."""
    return value if isinstance(value, list) else [value] if value is not None else []


def calls_of(value: list[CohereCall] | CohereCall | None) -> list[CohereCall]:
    """The calls, whether one or several came."""
    return value if isinstance(value, list) else [value] if value is not None else []
