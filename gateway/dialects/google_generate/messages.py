"""Turns, written as contents: Google's rules for which parts may stand where, and its signatures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from gateway.dialects import signatures
from gateway.dialects.dialect import Unportable
from gateway.dialects.google_generate.signatures import NAME, UNSIGNED
from gateway.dialects.neutral import Call, Media, Part, Result, Role, Text, Thought, Turn

_GUESSED: Final = {"image": "image/jpeg", "audio": "audio/mpeg", "video": "video/mp4", "document": "application/pdf"}
_ENDINGS: Final = {
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "txt": "text/plain",
    "html": "text/html",
    "csv": "text/csv",
}
"""Ending of an address -> MIME type. Google demands a MIME type beside every address; other dialects state none."""


def contents(turns: Sequence[Turn]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(`contents`, and `systemInstruction` if there is one; names of what found no place). Unportable."""
    writing = _Writing()
    last = max((place for place, turn in enumerate(turns) if turn.role is not Role.SYSTEM), default=-1)
    for place, turn in enumerate(turns):
        # A model that had the last word answers what it is told after it, not what its instructions say.
        as_user = turn.role is Role.SYSTEM and place > last and (last < 0 or turns[last].role is Role.ASSISTANT)
        writing.turn(Turn(Role.USER, turn.parts) if as_user else turn)
    written = writing.complete()
    if not written:
        raise Unportable("messages")
    members: dict[str, Any] = {"contents": written}
    if writing.system:
        members["systemInstruction"] = {"parts": writing.system}
    return members, tuple(writing.dropped)


class _Writing:
    """The contents so far. Google counts a model's calls and the answers in the content behind them: each side stands
    together, and whatever else came between them waits for the last answer."""

    def __init__(self) -> None:
        self.system: list[dict[str, Any]] = []
        self.dropped: dict[str, None] = {}
        self._contents: list[dict[str, Any]] = []
        self._waiting: list[list[dict[str, Any]]] = []
        self._unanswered: set[str] = set()
        self._names: dict[str, str] = {}

    def turn(self, turn: Turn) -> None:
        match turn.role:
            case Role.SYSTEM:
                self.system += self._shown(turn.parts)
            case Role.ASSISTANT:
                self._model(self._spoken(turn.parts))
            case Role.USER:
                self._user(turn.parts)

    def complete(self) -> list[dict[str, Any]]:
        self._release()
        return self._contents

    def _release(self) -> None:
        self._contents += [{"role": "user", "parts": parts} for parts in self._waiting]
        self._waiting, self._unanswered = [], set()

    def _model(self, parts: list[dict[str, Any]]) -> None:
        if self._waiting:
            self._release()
        last = self._contents[-1] if self._contents else None
        if last is not None and last["role"] == "model":
            last["parts"] += parts
        elif parts:
            self._contents.append({"role": "model", "parts": parts})
        if self._contents:
            _sign_first_call(self._contents[-1]["parts"])
        self._unanswered |= {part["functionCall"]["id"] for part in parts if "functionCall" in part}

    def _user(self, parts: Sequence[Part]) -> None:
        """Pictures of results stand behind the last result, where every model looks at them."""
        results = [part for part in parts if isinstance(part, Result)]
        self._note_caches(results)
        shown = [part for result in results for part in result.parts if isinstance(part, Media)]
        others = self._shown([*shown, *(part for part in parts if not isinstance(part, Result))])
        if results:
            self._answer([self._result(result) for result in results], others)
            self._unanswered -= {result.call for result in results}
        elif others:
            self._waiting.append(others)
        if not self._unanswered:
            self._release()

    def _answer(self, answers: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
        last = self._contents[-1]["parts"] if self._contents else []
        before = sum("functionResponse" in part for part in last)
        if before:
            last[before:before] = answers
            last += others
        else:
            self._contents.append({"role": "user", "parts": [*answers, *others]})

    def _shown(self, parts: Iterable[Part]) -> list[dict[str, Any]]:
        shown_parts: list[dict[str, Any]] = []
        for part in parts:
            if isinstance(part, Text):
                shown_parts += [{"text": part.text}] if part.text else []
            elif isinstance(part, Media):
                shown_parts.append(self._media(part))
            self._note_caches([part])
        return shown_parts

    def _spoken(self, parts: Sequence[Part]) -> list[dict[str, Any]]:
        """A signature stands on the words behind its thought, or, where there are none, on a part of its own."""
        written: list[dict[str, Any]] = []
        signature, called = "", any(isinstance(part, Call) for part in parts)
        for part in parts:
            if signature and not (isinstance(part, Text) and part.text):
                written.append({"text": "", "thoughtSignature": signature})
                signature = ""
            if isinstance(part, Thought):
                signature = self._thought(part, written, called=called)
            elif isinstance(part, Call):
                written.append(self._call(part))
            else:
                shown = self._shown([part])
                if signature and shown:
                    shown[0]["thoughtSignature"], signature = signature, ""
                written += shown
        return [*written, {"text": "", "thoughtSignature": signature}] if signature else written

    def _thought(self, thought: Thought, written: list[dict[str, Any]], *, called: bool) -> str:
        """Its signature, if it is Google's own. An unsigned thought is of use if the model goes on from its calls;
        a thought that another provider signed never is."""
        own, signed = thought.origin == NAME, bool(thought.signature)
        if signed and not own:
            self.dropped["thought"] = None
        elif thought.text and (own or called):
            written.append({"text": thought.text, "thought": True})
        return thought.signature if own else ""

    def _call(self, call: Call) -> dict[str, Any]:
        self._names[call.id] = call.name
        written: dict[str, Any] = {
            "functionCall": {"id": call.id, "name": call.name, "args": orjson.loads(call.arguments)}
        }
        signature, _ = signatures.opened(call.signature, NAME)
        return {**written, "thoughtSignature": signature} if signature else written

    def _result(self, result: Result) -> dict[str, Any]:
        said = "\n".join(part.text for part in result.parts if isinstance(part, Text))
        name = result.name or self._names.get(result.call, "")
        response = {"error" if result.failed else "output": said}
        return {"functionResponse": {"id": result.call, "name": name, "response": response}}

    def _media(self, part: Media) -> dict[str, Any]:
        if part.name:
            self.dropped["filename"] = None
        if part.detail not in ("", "auto"):
            self.dropped["detail"] = None
        if part.url:
            return {"fileData": {"mimeType": part.mime or _guessed(part), "fileUri": part.url}}
        return {"inlineData": {"mimeType": part.mime, "data": part.data}}

    def _note_caches(self, parts: Iterable[Part]) -> None:
        if any(isinstance(part, Text | Media | Result) and part.cached for part in parts):
            self.dropped["cache_control"] = None


def _sign_first_call(parts: list[dict[str, Any]]) -> None:
    """Gemini 3 refuses a turn whose first call is not signed."""
    first = next((part for part in parts if "functionCall" in part), None)
    if first is not None:
        first.setdefault("thoughtSignature", UNSIGNED)


def _guessed(part: Media) -> str:
    ending = part.url.partition("?")[0].rpartition(".")[2].lower()
    known = _ENDINGS.get(ending, "")
    fits = known.startswith(part.kind if part.kind != "document" else "text/")
    return known if fits else _GUESSED[part.kind]
