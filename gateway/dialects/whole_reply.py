"""From the events of a reply to the whole of it."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.usage import Metered
from gateway.dialects.neutral import (
    Answer,
    Begun,
    Call,
    CallBegan,
    CallWrote,
    Finished,
    Lost,
    Made,
    Media,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    Score,
    Scored,
    Signed,
    StopReason,
    Text,
    Thinking,
    Thought,
    Used,
)


class Gathering:
    """The events of one choice, on their way to an Answer."""

    def __init__(self) -> None:
        self._parts: list[Text | Media | Thought | Call] = []
        self._calls: dict[int, int] = {}
        self._open = False  # whether the last thought may still grow
        self._scores: list[Score] = []
        self._refusal = ""
        self._end = Finished(StopReason.END)

    def add(self, event: ReplyEvent) -> None:
        match event:
            case Said(text, _, refusal):
                self._say(text, refusal=refusal)
            case Thinking(text):
                self._think(text)
            case Signed(signature, _, redacted):
                self._sign(signature, redacted=redacted)
            case CallBegan(place, id_, name, signature):
                self._calls[place] = len(self._parts)
                self._parts.append(Call(id_, name, "", signature))
            case CallWrote(place, arguments):
                known = self._parts[self._calls[place]]
                assert isinstance(known, Call)
                self._parts[self._calls[place]] = Call(
                    known.id, known.name, known.arguments + arguments, known.signature
                )
            case Made(media):
                self._parts.append(media)
            case Scored(scores):
                self._scores += scores
            case Finished():
                self._end = event

    def answer(self) -> Answer:
        """The answer from all events. A call that got no text of arguments has no arguments."""
        parts = tuple(
            Call(p.id, p.name, p.arguments or "{}", p.signature) if isinstance(p, Call) else p for p in self._parts
        )
        return Answer(parts, self._end.stop, self._end.sequence, tuple(self._scores), self._refusal)

    def _say(self, text: str, *, refusal: bool) -> None:
        if refusal:
            self._refusal += text
        elif self._parts and isinstance(last := self._parts[-1], Text):
            self._parts[-1] = Text(last.text + text)
        elif text:
            self._parts.append(Text(text))

    def _think(self, text: str) -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Thought) and self._open:
            self._parts[-1] = Thought(last.text + text)
        else:
            self._parts.append(Thought(text))
        self._open = True

    def _sign(self, signature: str, *, redacted: bool) -> None:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Thought) and self._open and not redacted:
            self._parts[-1] = Thought(last.text, signature)
        else:
            self._parts.append(Thought("", signature, redacted=redacted))
        self._open = False


def reply_from_events(events: Iterable[ReplyEvent], metered: Metered) -> Reply:
    """The whole reply that these events tell. `metered`: what counts if they report no usage."""
    choices: dict[int, Gathering] = {}
    for event in events:
        if isinstance(event, Used):
            metered = event.metered
        elif not isinstance(event, Begun | Lost | ReplyEnded):
            choices.setdefault(event.choice, Gathering()).add(event)
    return Reply(tuple(choices[place].answer() for place in sorted(choices)), metered)
