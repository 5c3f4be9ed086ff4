"""Exceptions reduced to class and place: what an operator needs to find a fault, and nothing that a prompt may be in.

Messages, arguments, notes and local variables are never read: `JSONDecodeError.doc`, `KeyError("...")`,
`UnicodeDecodeError.object` and `repr(Task)` all carry content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, TracebackType
from typing import Final, NewType

Reduced = NewType("Reduced", str)
"""An exception without its words: `KeyError at gateway/core/cost.py:31 < starlette.routing:74`. Only this module makes
one."""

_HOUSE: Final = Path(__file__).resolve().parents[1]
_FRAMES_MOST: Final = 24
_CAUSES_MOST: Final = 6
_GROUPS_DEEP: Final = 4
LONGEST: Final = 4096
"""Characters of a reduced exception."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_./:\-]")


def reduce(fault: BaseException) -> Reduced:
    """Class and places, innermost first; then what it was raised from, each after `from`. Never raises."""
    text = _fault_text(fault, set(), 0)
    return Reduced(text if len(text) <= LONGEST else text[: LONGEST - 4] + " ...")


def _fault_text(fault: BaseException, seen: set[int], depth: int) -> str:
    chain: list[str] = []
    current: BaseException | None = fault
    while current is not None and id(current) not in seen and len(chain) < _CAUSES_MOST:
        seen.add(id(current))
        chain.append(_one(current, seen, depth))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " from ".join(chain)


def nameless(kind: str) -> Reduced:
    """A fault that came without an exception. `kind` is a word of our own source."""
    return Reduced(_safe(kind))


def place(filename: str, module: str, line: int) -> str:
    """`gateway/exchange/story.py:120` for our own code, `module:line` for everybody else's."""
    try:
        inside = Path(filename).resolve().relative_to(_HOUSE)
    except (ValueError, OSError):
        return f"{_safe(module) or 'unknown'}:{line}"
    return f"{_HOUSE.name}/{_safe(inside.as_posix())}:{line}"


def _one(fault: BaseException, seen: set[int], depth: int) -> str:
    where = " < ".join(_places(fault.__traceback__))
    text = f"{class_name(type(fault))} at {where}" if where else class_name(type(fault))
    if isinstance(fault, BaseExceptionGroup) and depth < _GROUPS_DEEP:
        members = [_fault_text(member, seen, depth + 1) for member in fault.exceptions[:_CAUSES_MOST]]
        text += f" of ({' and '.join(filter(None, members))})"
    return text


def class_name(of: type[BaseException]) -> str:
    """`KeyError`, `httpx.ReadTimeout`."""
    name = _safe(of.__qualname__)
    return name if of.__module__ == "builtins" else f"{_safe(of.__module__)}.{name}"


def _places(traceback: TracebackType | None) -> Iterator[str]:
    """Innermost first, without repetition side by side; the middle of a very deep chain is left out."""
    frames: list[str] = []
    while traceback is not None:
        frame = traceback.tb_frame
        at = _cached_place(frame.f_code, frame.f_globals.get("__name__"), traceback.tb_lineno)
        if not frames or frames[-1] != at:
            frames.append(at)
        traceback = traceback.tb_next
    frames.reverse()
    if len(frames) > _FRAMES_MOST:
        frames[_FRAMES_MOST // 2 : -_FRAMES_MOST // 2] = ["..."]
    return iter(frames)


def _cached_place(code: CodeType, module: object, line: int) -> str:
    return place(code.co_filename, module if isinstance(module, str) else "", line)


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name)[:200]
