"""The log: events in, one line each out. JSON for machines, a readable line on a terminal.

`emit` takes the events of `events.py` and nothing else. Beyond the types, every string that passes must look like a
name (ASCII, no spaces, no quotes, at most 256 characters): a sentence that got into a field by mistake becomes `?`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, BinaryIO, Final, TypeAlias, get_args

import orjson
import structlog

from gateway.core.cost import money
from gateway.core.usage import CLASSES, Usage
from gateway.telemetry.events import Event, ExchangeEnded, Fault, Level
from gateway.telemetry.faults import LONGEST
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.readable import line

Plain: TypeAlias = "str | int | list[str] | dict[str, int]"

_EVENTS: Final[tuple[type[Event], ...]] = get_args(Event)
_NAMES: Final[Mapping[type, str]] = {k: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", k.__name__).lower() for k in _EVENTS}
_FIELDS: Final[Mapping[type, tuple[str, ...]]] = {k: tuple(f.name for f in fields(k)) for k in _EVENTS}
_A_NAME: Final = re.compile(r"[A-Za-z0-9_.:/@+\[\]\-]{0,256}")
_A_PLACE: Final = re.compile(rf"[A-Za-z0-9_.:/<() \-]{{0,{LONGEST}}}")
_MOST: Final = 2**63 - 1
NOT_A_NAME: Final = "?"


class NotAnEvent(TypeError):
    """Something else than an event was given to the log; only its class is named."""

    def __init__(self, given: object) -> None:
        super().__init__(f"the log takes events only, not {type(given).__name__}")


class Log:
    """Where events go, and what they add up to. Safe to use from any thread; `lost` counts lines that could not be
    written."""

    def __init__(self, stream: BinaryIO, *, level: Level = "info", readable: bool = False) -> None:
        self.lost = 0
        self.metrics = Metrics()
        logger = structlog.wrap_logger(
            structlog.BytesLogger(stream),
            processors=[_as_line if readable else _as_json],
            wrapper_class=structlog.make_filtering_bound_logger(level),
            context_class=dict,
        ).bind()
        self._write: Mapping[str, Callable[..., Any]] = {name: getattr(logger, name) for name in get_args(Level)}

    def emit(self, event: Event) -> None:
        """Write one line. NotAnEvent for anything that is no event; never fails for a full disk or a closed pipe."""
        kind = type(event)
        if kind not in _NAMES:
            raise NotAnEvent(event)
        name = _NAMES[kind]
        plain = _plain(event)
        self.metrics.count(name, plain)
        try:
            self._write[event.level](name, **plain)
        except (OSError, ValueError):  # ValueError: the stream was closed
            self.lost += 1


def standard_output(level: Level = "info") -> Log:
    """The log on standard output: readable if that is a terminal, JSON otherwise."""
    return Log(sys.stdout.buffer, level=level, readable=sys.stdout.isatty())


def _as_json(_: object, level: str, entry: Any) -> bytes:
    return orjson.dumps({"time": _now(), "level": level, "event": entry.pop("event"), **entry})


def _as_line(_: object, level: str, entry: Any) -> bytes:
    return line(entry.pop("event"), level, _now(), entry).encode()


def _now() -> str:
    return datetime.now(UTC).isoformat()[:-6] + "Z"


def _plain(event: Event) -> dict[str, Plain]:
    """The fields of an event, each let through only as what it may be."""
    found = {name: _ALLOWED.get(type(value := getattr(event, name)), _nothing)(value) for name in _FIELDS[type(event)]}
    if isinstance(event, Fault):
        found["fault"] = event.fault if _A_PLACE.fullmatch(event.fault) else NOT_A_NAME
    elif isinstance(event, ExchangeEnded):
        found |= _metered(event)
    return found


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


def _name(value: str) -> str:
    return value if _A_NAME.fullmatch(value) else NOT_A_NAME


def _names(value: tuple[object, ...]) -> Plain:
    return [_name(v) if type(v) is str else NOT_A_NAME for v in value]


def _counts(value: Mapping[object, object]) -> Plain:
    return {k: v for k, v in value.items() if k in CLASSES and type(v) is int and -_MOST <= v <= _MOST}


_ALLOWED: Final[Mapping[type, Callable[[Any], Plain]]] = {
    bool: _number,
    int: _number,
    str: _name,
    tuple: _names,
    dict: _counts,
    MappingProxyType: _counts,
}
"""By exact type: what is only something like a string, a count or a mapping is let through no more than a sentence."""
