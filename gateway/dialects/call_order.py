"""One item after another: where a provider writes several calls at once, the later ones wait for the earlier."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from gateway.dialects.neutral import CallBegan, CallWrote, ReplyEvent


class InOrder:
    """Events of a reply, so that between a call and the last of its arguments there is nothing else.

    A call without arguments so far may still get some: what follows it waits for the end.
    """

    def __init__(self) -> None:
        self._open: int | None = None
        self._arguments = ""
        self._waiting: list[ReplyEvent] = []

    def admit(self, event: ReplyEvent) -> Iterator[ReplyEvent]:
        """The events that are due now."""
        if isinstance(event, CallWrote) and event.place == self._open:
            self._arguments += event.arguments
            yield event
            if self._waiting and self._is_complete():
                yield from self._resumed()
        elif self._waiting or (self._open is not None and not self._is_complete()):
            self._waiting.append(event)
        else:
            self._open = event.place if isinstance(event, CallBegan) else None
            self._arguments = ""
            yield event

    def rest(self) -> Iterator[ReplyEvent]:
        """Everything that waited: nothing more comes."""
        while self._waiting:
            yield from self._resumed()

    def _resumed(self) -> Iterator[ReplyEvent]:
        waiting, self._waiting, self._open = self._waiting, [], None
        for event in waiting:
            yield from self.admit(event)

    def _is_complete(self) -> bool:
        if not self._arguments.rstrip().endswith("}"):
            return False
        try:
            orjson.loads(self._arguments)
        except orjson.JSONDecodeError:
            return False
        return True
