"""Framing of chunks for the client: server-sent events, or the elements of one JSON array."""

from __future__ import annotations

from typing import Protocol

from gateway.dialects.dialect import Framing
from gateway.dialects.prompt import Prompt, PromptHead


class Frames(Protocol):
    """A stream to a client, chunk by chunk. Chunks and errors are JSON objects."""

    begun: bool
    """Something was sent."""

    def chunk(self, data: bytes) -> bytes:
        """One chunk."""

    def keepalive(self) -> bytes:
        """Keeps a silent stream alive."""

    def failure(self, error: bytes) -> bytes:
        """An error, as the end of what was sent."""

    def close(self) -> bytes:
        """The proper end."""

    def event(self, event: bytes, data: bytes) -> bytes:
        """An event that is passed on; `data` is empty where it holds none."""


class EventFrames:
    """Server-sent events, with the line ends of Google's own. A comment would be a fault to the official Python SDK
    (3.4.0 takes it for JSON), so that an empty line keeps the connection alive."""

    def __init__(self) -> None:
        self.begun = False

    def chunk(self, data: bytes) -> bytes:
        self.begun = True
        return b"data: " + data + b"\r\n\r\n"

    def keepalive(self) -> bytes:
        return b"\r\n" if self.begun else b""

    def failure(self, error: bytes) -> bytes:
        return self.chunk(error)

    def close(self) -> bytes:
        return b""

    def event(self, event: bytes, data: bytes) -> bytes:
        if not data:
            return self.keepalive()
        self.begun = True
        return event


class ArrayFrames:
    """One JSON array, element by element, for a client that did not ask with `alt=sse`."""

    def __init__(self) -> None:
        self.begun = False

    def chunk(self, data: bytes) -> bytes:
        before, self.begun = b",\r\n" if self.begun else b"[", True
        return before + data

    def keepalive(self) -> bytes:
        return b"\r\n" if self.begun else b""  # blanks between elements mean nothing

    def failure(self, error: bytes) -> bytes:
        return self.chunk(error) + b"]"

    def close(self) -> bytes:
        return b"]" if self.begun else b"[]"

    def event(self, event: bytes, data: bytes) -> bytes:  # noqa: ARG002  # the data is the element
        return self.chunk(data) if data else self.keepalive()


def frames(head: PromptHead) -> Frames:
    """As the client wants its stream."""
    return ArrayFrames() if head.framing == "array" else EventFrames()


def client_framing(prompt: Prompt) -> Framing:
    """Of a stream that is passed on."""
    return frames(prompt.head)
