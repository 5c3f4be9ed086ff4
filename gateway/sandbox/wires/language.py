"""The form that all wire languages of the sandbox share: a call comes in, a reply goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import orjson

from gateway.sandbox.answer import GeneratedChoice, answer
from gateway.sandbox.fields import Wrong
from gateway.sandbox.reply_request import ReplyRequest

WireJson: TypeAlias = "str | int | float | bool | None | Sequence[WireJson] | Mapping[str, WireJson]"

EVENT_STREAM: Final = "text/event-stream"


@dataclass(frozen=True, slots=True)
class SandboxCall:
    """One HTTP request. `serial` numbers the calls of a process; `at` is when, in seconds since 1970."""

    persona: str
    serial: int
    at: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    path: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class PacedStream:
    """A reply that is sent piece by piece, at the sandbox's pace."""

    pieces: Iterator[bytes]
    media_type: str = EVENT_STREAM


Handler: TypeAlias = Callable[[SandboxCall], bytes | PacedStream]
"""A reply in JSON, whole or streamed. Raises Wrong."""


@dataclass(frozen=True, slots=True)
class Language:
    """One provider's API. `key` finds the credential of a call, "" for none; `refusal` gives status and body."""

    name: str
    request_id: str
    """The response header in which its SDK looks for the request's id."""
    key: Callable[[Mapping[str, str]], str]
    refusal: Callable[[Wrong, SandboxCall], tuple[int, bytes]]
    endpoints: Mapping[str, Handler]
    """Addresses for POST, below the persona's."""
    models: Handler


class WireLanguage(Protocol):
    """A language of replies; modules beside this one are such."""

    def read(self, call: SandboxCall) -> ReplyRequest: ...

    def whole(self, request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> bytes: ...

    def events(self, request: ReplyRequest, answer: GeneratedChoice, call: SandboxCall) -> Iterator[bytes]: ...


def replying(wire: WireLanguage) -> Handler:
    """The endpoint that answers in a language, whole or as a stream of events."""

    def handle(call: SandboxCall) -> bytes | PacedStream:
        request = wire.read(call)
        reply = answer(request, call.persona)
        return PacedStream(wire.events(request, reply, call)) if request.streaming else wire.whole(request, reply, call)

    return handle


def bearer(headers: Mapping[str, str]) -> str:
    """The token of an `Authorization: Bearer` header, "" for a missing one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def event(value: Mapping[str, WireJson], *, named: bool = False) -> bytes:
    """A server-sent event; `named` repeats the value's type on an `event:` line."""
    name = f"event: {value['type']}\n".encode() if named else b""
    return name + b"data: " + orjson.dumps(value) + b"\n\n"
