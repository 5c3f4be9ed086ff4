"""The log: events in, one line each out. JSON for machines, a readable line on a terminal.

`emit` takes the events of `events.py` and nothing else. Beyond the types, every string that passes must look like a
name (ASCII, no spaces, no quotes, at most 256 characters): a sentence that got into a field by mistake becomes `?`.
Sentences about documents alone pass, as `DocumentFaults`.

The events of one turn of an event loop are rendered together and are one write.
Warnings and errors do not wait for that.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, BinaryIO, Final, TypeAlias, get_args

import orjson
import structlog

from gateway.core.cost import money
from gateway.core.usage import CLASSES, Usage
from gateway.telemetry.events import DocumentFaults, Event, ExchangeEnded, Fault, Level
from gateway.telemetry.faults import LONGEST
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.readable import line

Plain: TypeAlias = "str | int | list[str] | dict[str, int]"

_EVENTS: Final[tuple[type[Event], ...]] = get_args(Event)
EVENT_NAMES: Final[Mapping[type, str]] = {k: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", k.__name__).lower() for k in _EVENTS}
_FIELDS: Final[Mapping[type, tuple[str, ...]]] = {k: tuple(f.name for f in fields(k)) for k in _EVENTS}
_LEVELS: Final[tuple[Level, ...]] = get_args(Level)
_A_NAME: Final = re.compile(r"[A-Za-z0-9_.:/@+\[\]\-]{0,256}")
_NAMES_ALONE: Final = re.compile(r"(?:[A-Za-z0-9_.:/@+\[\]\-]{0,256}+\n)*+")
_A_PLACE: Final = re.compile(rf"[A-Za-z0-9_.:/<() \-]{{0,{LONGEST}}}")
_MOST: Final = 2**63 - 1
_SENTENCE_MOST: Final = 512
NOT_A_NAME: Final = "?"


class NotAnEvent(TypeError):
    """Something else than an event was given to the log; only its class is named."""

    def __init__(self, value: object) -> None:
        super().__init__(f"the log takes events only, not {type(value).__name__}")


class Log:
    """Writes events and counts them. Safe to use from any thread. `lost`: lines that could not be written."""

    def __init__(self, stream: BinaryIO, *, level: Level = "info", readable: bool = False) -> None:
        self.lost = 0
        self.metrics = Metrics()
        self._output = structlog.BytesLogger(stream)
        self._rendered: Callable[[str, Level, str, dict[str, Plain]], bytes] = _as_line if readable else _as_json
        self._shown = frozenset(_LEVELS[_LEVELS.index(level) :])
        self._waiting: list[tuple[int, Event]] = []
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Write one line, at the latest when this turn of the event loop ends. NotAnEvent for anything else.

        On failure of the disk or the pipe: the line is counted in `lost`.
        """
        if type(event) not in EVENT_NAMES:
            raise NotAnEvent(event)
        self._waiting.append((time.time_ns(), event))
        if event.level not in ("debug", "info"):
            self.flush()
        elif len(self._waiting) == 1:
            _at_the_end_of_this_turn(self.flush)

    def flush(self) -> None:
        """Write what was emitted so far."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            lines = [text for at, event in waiting if (text := self._line(at, event))]
            try:
                if lines:
                    self._output.msg(b"\n".join(lines))
            except (OSError, ValueError):  # ValueError: the stream was closed
                self.lost += len(lines)

    def _line(self, at: int, event: Event) -> bytes:
        name, plain = EVENT_NAMES[type(event)], _plain(event)
        self.metrics.count(name, plain)
        return self._rendered(name, event.level, _moment(at), plain) if event.level in self._shown else b""


def standard_output(level: Level = "info") -> Log:
    """The log on standard output: readable if that is a terminal, JSON otherwise."""
    return Log(sys.stdout.buffer, level=level, readable=sys.stdout.isatty())


def _at_the_end_of_this_turn(call: Callable[[], None]) -> None:
    """At once, without an event loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        call()
    else:
        loop.call_soon(call)


def _as_json(name: str, level: Level, at: str, plain: dict[str, Plain]) -> bytes:
    return orjson.dumps({"time": at, "level": level, "event": name, **plain})


def _as_line(name: str, level: Level, at: str, plain: dict[str, Plain]) -> bytes:
    return line(name, level, at, plain).encode()


def _moment(at: int) -> str:
    """RFC 3339 in UTC with microseconds, of nanoseconds since the epoch."""
    seconds, rest = divmod(at, 10**9)
    return f"{_second(seconds)}.{rest // 1000:06}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _plain(event: Event) -> dict[str, Plain]:
    """The fields of an event, each let through only as what it may be."""
    fields = dict(zip(_FIELDS[type(event)], _VALUES[type(event)](event), strict=True))
    names: list[str] = []
    for field, value in fields.items():
        kind = type(value)
        if kind is str:
            names.append(value)
        elif kind is not int or not -_MOST <= value <= _MOST:
            fields[field] = _ALLOWED.get(kind, _nothing)(value)
    if not _all_names(names):
        fields |= {field: _name(value) for field, value in fields.items() if type(value) is str}
    if isinstance(event, Fault):
        fields["fault"] = event.fault if _A_PLACE.fullmatch(event.fault) else NOT_A_NAME
    elif isinstance(event, ExchangeEnded):
        fields |= _metered(event)
    return fields


def _all_names(values: list[str]) -> bool:
    """Looked at together, because one look at many costs little more than at one."""
    text = "\n".join([*values, ""])
    return text.count("\n") == len(values) and _NAMES_ALONE.fullmatch(text) is not None


def _metered(event: ExchangeEnded) -> dict[str, Plain]:
    """The money beside its nano-units, and both sides' totals under OpenTelemetry's names, which include the cache."""
    usage = Usage(**{name: max(0, count) for name, count in event.usage.items() if name in CLASSES})
    return {
        "amount": money(event.cost),
        "gen_ai.usage.input_tokens": usage.context,
        "gen_ai.usage.output_tokens": usage.generated,
    }


def _nothing(_: object) -> Plain:
    return NOT_A_NAME


def _number(value: int) -> Plain:
    return value if -_MOST <= value <= _MOST else NOT_A_NAME


def _values(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """All fields at once; `attrgetter` of one name would not make a tuple."""
    return attrgetter(*names) if len(names) > 1 else lambda event: tuple(getattr(event, n) for n in names)


def _name(value: str) -> str:
    return value if _A_NAME.fullmatch(value) else NOT_A_NAME


def _names(value: tuple[object, ...]) -> Plain:
    return [_name(v) if type(v) is str else NOT_A_NAME for v in value]


def _counts(value: Mapping[object, object]) -> Plain:
    return {k: v for k, v in value.items() if k in CLASSES and type(v) is int and -_MOST <= v <= _MOST}


_VALUES: Final[Mapping[type, Callable[[Any], tuple[Any, ...]]]] = {k: _values(names) for k, names in _FIELDS.items()}


def _sentences(value: DocumentFaults) -> Plain:
    """The one field of sentences: each on one line, and cut to a line's worth."""
    return ["".join(c if c.isprintable() else " " for c in line[:_SENTENCE_MOST]) for line in value.lines]


_ALLOWED: Final[Mapping[type, Callable[[Any], Plain]]] = {
    bool: _number,
    int: _number,
    tuple: _names,
    DocumentFaults: _sentences,
    dict: _counts,
    MappingProxyType: _counts,
}
"""By exact type: what is only something like a string, a count or a mapping is let through no more than a sentence."""
