"""HTTP/1.1 as this gateway accepts it: uvicorn's protocol behind a stricter gate.

Bytes pass the gate one message at a time. A head is judged whole (`head.py`) before the parser sees any of it, a body's
end is found by us (its declared length, or `chunked.py`) and must be the parser's too, and the next message waits at
the gate until the present one has been answered. So what follows a message can never be taken for a part of it.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.core.errors import InvalidRequest, Refused
from gateway.http.body import Chunked
from gateway.http.cycle import Cycle, answer
from gateway.http.deadlines import Idle
from gateway.http.drain import Drain
from gateway.http.peer import peer_uid
from gateway.http.request_head import MAX_HEAD, Head, check_unfinished, read_head

_SMALL_BODY: Final = 64 * 1024
"""A refused request's body of this size is read to its end and the connection kept; a larger one is cut off."""
_LINGER_S: Final = 2.0
"""How long we still read (and drop) after a last answer: closing with bytes unread would take it from the client."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may take, in seconds."""

    head_s: float = 10.0
    """From a request's first byte to the end of its head."""
    idle_s: float = 75.0
    """Between requests; above the 60 s of common load balancers, so that they close first."""


def protocol(limits: Limits, drain: Drain) -> type[GatedProtocol]:
    """The protocol class of one server, for `uvicorn.Config(http=…)`."""
    return type("Protocol", (GatedProtocol,), {"limits": limits, "drain": drain})


class GatedProtocol(HttpToolsProtocol):
    """One connection. In `scope["state"]` stand `query_key`, the value of `?key=`, which nothing else ever sees,
    `peer_uid`, as in `peer.peer_uid`, and `when_client_leaves`, which calls what it is given when that happens."""

    limits: Limits
    drain: Drain
    cycle: Cycle | None  # type: ignore[assignment]
    """The latest request and its answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._always = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "scheme": self.scheme,
            "server": self.server,
            "client": self.client,
            "root_path": self.root_path,
        }
        self._peer_uid = peer_uid(transport.get_extra_info("socket"))
        self._gate = bytearray()
        """A head as far as it has come, or what was sent ahead of our answer."""
        self._head: Head | None = None
        """Of the message being read; None between messages."""
        self._left = 0
        self._chunked: Chunked | None = None
        self._complete = False
        """Whether the parser has seen the end of the message too."""
        self._refusing = False
        """Nothing more is read on this connection."""
        self._deadline: TimerHandle | None = None
        self._idle = Idle(self.loop, self.limits.idle_s, self.leave)
        self._idle.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        self._idle.close()
        self._refusing = True
        super().connection_lost(exc)
        if self.cycle is not None and self.cycle.disconnected:
            self.cycle.client_left()

    # Bytes in

    def data_received(self, data: bytes) -> None:
        if self._refusing:
            return
        try:
            while data:
                data = self._take(data)
        except Refused as refused:
            self._refuse(refused)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(InvalidRequest("The request is malformed."))

    def _take(self, data: bytes) -> bytes:
        """Use the first part of `data`; return the rest."""
        if self._head is None:
            return self._take_head(data)
        if self._chunked is not None:
            through, rest = self._chunked.take(data)
            self.parser.feed_data(through)
            if rest is None:
                return b""
        else:
            through, rest = (data, b"") if len(data) <= self._left else (data[: self._left], data[self._left :])
            self._left -= len(through)
            self.parser.feed_data(through)
            if self._left:
                return b""
        self._end_message()
        return rest

    def _take_head(self, data: bytes) -> bytes:
        gate = self._gate
        if self.cycle is not None and not self.cycle.response_complete:
            if len(gate) + len(data) > MAX_HEAD:
                self.cycle.keep_alive = False
            if self.cycle.keep_alive:
                gate += data
            return b""
        self._idle.end()
        seen = len(gate)
        if seen == 0:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                self._open(data[: end + 4])
                return data[end + 4 :]
        gate += data
        end = gate.find(b"\r\n\r\n", max(0, seen - 3))
        if end < 0:
            check_unfinished(gate, seen)
            if self._deadline is None:
                self._deadline = self.loop.call_later(self.limits.head_s, self._late)
            return b""
        head, rest = bytes(gate[: end + 4]), bytes(gate[end + 4 :])
        gate.clear()
        self._cancel_deadline()
        self._open(head)
        return rest

    def _open(self, data: bytes) -> None:
        head = read_head(data)
        self._head, self._complete, self.cycle = head, False, None
        self._left = head.length
        self._chunked = Chunked() if head.chunked else None
        self.parser.feed_data(head.wire)
        if head.length == 0 and not head.chunked:
            self._end_message()

    def _end_message(self) -> None:
        if not self._complete:
            # The parser expects more than we do: the two have understood different messages.
            raise InvalidRequest("The body is malformed.")
        self._head = None
        if self.cycle is not None and self.cycle.response_complete:
            self._cancel_deadline()
            self._idle.begin()

    # Parser callbacks

    def on_message_begin(self) -> None:
        self.headers, self.expect_100_continue = [], False

    def on_url(self, url: bytes) -> None:
        """`head.py` has read it."""

    def on_headers_complete(self) -> None:
        head = self._head
        if head is None:
            raise InvalidRequest("The body is malformed.")
        path = head.path.decode("ascii")
        state: dict[str, object] = {"query_key": head.query_key, "peer_uid": self._peer_uid}
        scope = {
            **self._always,
            "http_version": "1.1" if head.minor else "1.0",
            "headers": self.headers,
            "state": state,
            "method": head.method,
            "raw_path": head.path,
            "path": unquote(path) if "%" in path else path,
            "query_string": head.query,
        }
        keep = head.minor == 1 and self.parser.should_keep_alive() and not self.drain.draining
        cycle = self.cycle = Cycle(scope, self, keep_alive=keep, expects=self.expect_100_continue)
        state["when_client_leaves"] = cycle.when_client_leaves
        task = self.loop.create_task(cycle.run_asgi(self.app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_message_complete(self) -> None:
        self._complete = True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_body(self, body: bytes) -> None:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.body_came(body)
            if cycle.body_size > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def body_is_left(self) -> bool:
        return self._head is not None and (self._chunked is not None or self._left > _SMALL_BODY)

    # Between messages

    def on_response_complete(self) -> None:
        if self.refuses():
            return
        self.flow.resume_reading()
        if self._head is not None:
            self._deadline = self.loop.call_later(self.limits.head_s, self.leave)
        elif self._gate:
            ahead = bytes(self._gate)
            self._gate.clear()
            self.data_received(ahead)
        else:
            self._idle.begin()

    def _late(self) -> None:
        self._refuse(
            InvalidRequest(
                f"The head of the request did not arrive within {self.limits.head_s:g} seconds.", code="request_timeout"
            )
        )

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # The way out

    def _refuse(self, refused: Refused) -> None:
        """Answer and close, unless an answer is under way: then only close. The application finds its client gone."""
        cycle = self.cycle
        answered = cycle is not None and (
            cycle.response_started if self._head is not None else not cycle.response_complete
        )
        if not answered:
            self.transport.write(answer(refused))
        if cycle is not None and not cycle.response_complete:
            cycle.client_left()
        self._stop_reading()
        self.transport.write_eof()

    def leave(self) -> None:
        """Close behind what has been written; a client that neither reads nor leaves is cut off later."""
        if self._refusing:
            return
        lingers = self._head is not None or bool(self._gate)
        self._stop_reading()
        if lingers:
            self.transport.write_eof()
        else:
            self.transport.close()

    def _stop_reading(self) -> None:
        self._refusing = True
        self._gate.clear()
        self._cancel_deadline()
        self._idle.close()
        self.flow.resume_reading()
        unsent = self.transport.get_write_buffer_size()
        self._deadline = self.loop.call_later(self.limits.idle_s if unsent else _LINGER_S, self.transport.abort)

    def refuses(self) -> bool:
        """Whether nothing more is read or may be written here."""
        return self._refusing or self.transport.is_closing()

    def shutdown(self) -> None:
        """Called by the server: close now, or behind the present answer."""
        if self.cycle is None or self.cycle.response_complete:
            self.leave()
        else:
            self.cycle.keep_alive = False
