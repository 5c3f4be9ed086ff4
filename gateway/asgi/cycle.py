"""The answer's side of one request: uvicorn's cycle, which logs no words and closes with care."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.core.errors import Ended, InternalError
from gateway.dialects.openai_chat import errors as openai_errors

log: Final = logging.getLogger("safeconduct.http")


class Connection(Protocol):
    """What a cycle needs of its connection."""

    def body_is_left(self) -> bool:
        """More of the request's body is to come than is worth reading for the sake of the connection."""

    def leave(self) -> None:
        """Close behind what has been written."""


class Cycle(RequestResponseCycle):
    """One request and its answer. What the application raises is logged as a place, never as words."""

    connection: Connection
    on_leave: Callable[[], None] | None = None

    def when_client_leaves(self, call: Callable[[], None]) -> None:
        """`call` is called once, at once if the client has left already; never behind a complete answer."""
        if self.disconnected:
            call()
        else:
            self.on_leave = call

    def client_left(self) -> None:
        self.disconnected = True
        self.message_event.set()
        call, self.on_leave = self.on_leave, None
        if call is not None and not self.response_complete:
            call()

    async def run_asgi(self, app: Callable[..., Awaitable[None]]) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001
            log.error("the application raised %s", _place(error))
        finally:
            if not self.response_complete and not self.disconnected:
                if not self.response_started:
                    self.transport.write(answer(InternalError("")))
                self.transport.close()
            self.on_response = _nothing
            self.on_leave = None

    async def send(self, message: Any) -> None:
        if not self.response_started and self.more_body:
            # The rest of the request is still to come: not worth waiting for when it is long, or has been already.
            waited = message.get("status") == 408
            self.keep_alive = self.keep_alive and not waited and not self.connection.body_is_left()
        await super().send(message)


def _nothing() -> None:
    return


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} at {where}"


def answer(ended: Ended) -> bytes:
    body = openai_errors.body(ended)
    return (
        b"%scontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\nx-should-retry: %s\r\n\r\n%s"
        % (
            STATUS_LINE[ended.status],
            len(body),
            b"true" if ended.may_retry else b"false",
            body,
        )
    )
