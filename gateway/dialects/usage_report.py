"""Reading of replies whose usage has an odd shape: a finished reply is never lost to a count that cannot be read.

Anything outside a `UsageReport` must have its type. A fraction counts as the next whole number. A count that cannot be
read becomes `UNREADABLE`, which `estimate.credible` leaves out and names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from gateway.dialects.estimate import MOST

_LONGEST: Final = 400
"""Digits of a whole number; a double has 309 at most."""
UNREADABLE: Final = -MOST
"""Negative in a sum with any count that can be true."""


class UsageReport(msgspec.Struct):
    """An object of counts, and all objects within it."""


_Reply = TypeVar("_Reply")


_decoders: Final[dict[type, Callable[..., Any]]] = {}
"""One per type of reply, of which a program has a few dozen."""


def decoder(kind: type[_Reply]) -> Callable[[bytes | msgspec.Raw], _Reply]:
    """Reads JSON as `kind`. On failure: msgspec.DecodeError, for anything but usage that has another type."""
    known = _decoders.get(kind)
    if known is not None:
        return known
    decode = msgspec.json.Decoder(kind, strict=False).decode

    def tolerant(data: bytes | msgspec.Raw) -> _Reply:
        try:
            return decode(data)
        except msgspec.ValidationError:
            return _mended(data, kind)

    _decoders[kind] = tolerant
    return tolerant


def _mended(data: bytes | msgspec.Raw, kind: type[_Reply]) -> _Reply:
    try:
        # The standard library's reader takes any number; msgspec refuses one beyond a double, and the reply with it.
        mended = msgspec.json.encode(_walked(json.loads(bytes(data), parse_int=_whole), kind))
        return msgspec.json.decode(mended, type=kind, strict=False)
    except (RecursionError, OverflowError, ValueError) as fault:
        if isinstance(fault, msgspec.DecodeError):
            raise
        raise msgspec.ValidationError("must be JSON of bounded depth and numbers") from None


@cache
def _members(kind: type) -> Mapping[str, tuple[Any, ...]]:
    """Name on the wire -> alternatives of the type."""
    hints = get_type_hints(kind)
    named = ((field.encode_name, hints[field.name]) for field in msgspec.structs.fields(kind))
    return {name: get_args(hint) or (hint,) for name, hint in named}


def _struct(alternatives: tuple[Any, ...]) -> type | None:
    return next((each for each in alternatives if isinstance(each, type) and issubclass(each, msgspec.Struct)), None)


def _walked(value: Any, kind: type) -> Any:
    """`value` with every report in it mended."""
    if not isinstance(value, dict):
        return value
    for name, alternatives in _members(kind).items():
        inner = _struct(alternatives)
        if inner is not None and name in value:
            value[name] = _report(value[name], inner) if issubclass(inner, UsageReport) else _walked(value[name], inner)
    return value


def _report(value: Any, kind: type) -> Any:
    """A report with readable members only. None unless the value is an object: the provider reported nothing."""
    if not isinstance(value, dict):
        return None
    return {name: _member(value[name], kinds) for name, kinds in _members(kind).items() if value.get(name) is not None}


def _member(value: Any, kinds: tuple[Any, ...]) -> Any:
    if (inner := _struct(kinds)) is not None:
        return _report(value, inner) if isinstance(value, dict) else _unreadable(value, inner)
    if (rows := next((each for each in kinds if get_origin(each) is list), None)) is not None:
        row = get_args(rows)[0]
        return [_report(each, row) for each in value if isinstance(each, dict)] if isinstance(value, list) else None
    if str in kinds:
        return value if isinstance(value, kinds) else None
    return _count(value) if int in kinds else value


def _whole(digits: str) -> int | float:
    """A whole number; beyond all counts where Python would not read it."""
    return int(digits) if len(digits) < _LONGEST else math.inf


def _unreadable(value: Any, kind: type) -> Any:
    """Details that are no object. An empty list is how PHP writes an empty object."""
    return {name: UNREADABLE for name, kinds in _members(kind).items() if int in kinds} if value else None


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return UNREADABLE
    try:
        count = value if isinstance(value, int) else math.ceil(float(value))
    except (ValueError, OverflowError):
        return UNREADABLE
    return count if abs(count) <= MOST else UNREADABLE
