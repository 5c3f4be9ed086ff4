"""Observation of a reply while it is translated: its size, its losses, and the end of each choice."""

from __future__ import annotations

from typing import Final

from gateway.core.usage import Metered
from gateway.dialects.estimate import continued
from gateway.dialects.neutral import (
    CONTENT,
    Begun,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    ReplyEvent,
    Said,
    Scored,
    Signed,
    StopReason,
    Thinking,
    Used,
)

_OF_A_CHOICE: Final = (Said, Thinking, Signed, CallBegan, CallWrote, Made, Scored, Finished)


class StreamObserver:
    """Watches the events of a reply: how much was said, what was lost, and why each choice really ended.

    `choices`: the number that the client asked for. Choices beyond it, and content behind the end of a choice, are left
    out: they count as generated, and no writer sees them.
    """

    def __init__(self, choices: int = 1) -> None:
        self._choices = choices
        self.content = False
        self.finished: set[int] = set()
        self.generated = 0
        self.metered: Metered | None = None
        self._begun: Metered | None = None
        self._calling: set[int] = set()
        self._lost: dict[str, None] = {}

    @property
    def lost(self) -> tuple[str, ...]:
        """In the order in which they were met, each once."""
        return tuple(self._lost)

    @property
    def unfinished(self) -> Metered | None:
        """Of a reply that broke off before its report: what was reported as it began, and what was said since."""
        return continued(self._begun, self.generated) if self._begun is not None else None

    def tell(self, event: ReplyEvent) -> ReplyEvent | None:
        """The event as it should be written; None where the client is told of it by other means."""
        self.content = self.content or isinstance(event, CONTENT)
        is_late = isinstance(event, _OF_A_CHOICE) and (event.choice >= self._choices or event.choice in self.finished)
        written = self._observed(event)
        return None if is_late else written

    def _observed(self, event: ReplyEvent) -> ReplyEvent | None:
        match event:
            case Said(text) | Thinking(text) | CallWrote(_, text) | Signed(text):
                self.generated += len(text.encode())
            case CallBegan(choice=choice):
                self._calling.add(choice)
            case Used(metered):
                self.metered = metered
            case Begun(metered):
                self._begun = metered
                return None
            case Lost(name):
                self._lost[name] = None
                return None
            case Finished():
                self.finished.add(event.choice)
                return self._finished(event)
        return event

    def _finished(self, event: Finished) -> Finished:
        """A choice that called tools ended for that, whatever its provider says, unless it was cut off or withheld;
        one that called none did not."""
        calling = event.choice in self._calling
        if calling and event.stop in (StopReason.END, StopReason.SEQUENCE):
            return Finished(StopReason.CALLS, choice=event.choice)
        if not calling and event.stop is StopReason.CALLS:
            return Finished(StopReason.END, choice=event.choice)
        return event
