"""The parser's view of one message: its end, and whether the client lets the connection be used again.

The end of a body is found twice, by `body.py` and by the parser. Both must agree: the connection compares them.
"""

from __future__ import annotations

from collections.abc import Callable

from httptools import HttpRequestParser

from gateway.core.errors import InvalidRequest


class MessageParser:
    """Parses the messages of one connection, one after the other."""

    __slots__ = ("__weakref__", "_parser", "complete", "feed", "keeps_alive", "on_body")

    def __init__(self, on_body: Callable[[bytes], None]) -> None:
        """`on_body`: takes each part of a body."""
        self.on_body = on_body
        self.complete = False
        """Whether the parser has seen the end of the present message. The connection begins the next one with False."""
        self.keeps_alive = False
        """Whether the client lets the connection be used again."""
        self._parser = HttpRequestParser(self)
        self.feed = self._parser.feed_data

    def close(self) -> None:
        """Let go of the parser, which refers to this object."""
        del self._parser, self.feed, self.on_body

    # What the parser calls

    def on_message_begin(self) -> None:
        """Refuse a second message inside the first one."""
        if self.complete:
            raise disagreement()

    def on_headers_complete(self) -> None:
        """Note whether the client lets the connection be used again."""
        self.keeps_alive = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        """Note the end of the message."""
        self.complete = True


def disagreement() -> InvalidRequest:
    """The parser and the connection have found different ends of a message."""
    return InvalidRequest("The body is malformed.")
