"""Output of libraries, reduced: their loggers, warnings, and uncaught exceptions.

A library's message may hold a URL with a key, a header or a line of a prompt. At every log level of ours, only who
spoke, how gravely and where gets through, and only from WARNING on.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

from gateway.telemetry.events import Fault, LibraryNote
from gateway.telemetry.faults import class_name, nameless, place, reduce
from gateway.telemetry.log import Log

_LOOP_SAYS: Final = {
    "Task was destroyed but it is pending!": "task-destroyed-while-pending",
    "Task exception was never retrieved": "task-exception-never-retrieved",
    "Future exception was never retrieved": "future-exception-never-retrieved",
    "socket.accept() out of system resource": "out-of-file-descriptors",
}
"""asyncio's own sentences; any other may have been written around content."""


class Reducer(logging.Handler):
    """Takes every record of the standard library's logging, and lets only its origin through."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        # A record's message, arguments, `exc_info` and `stack_info` are never looked at.
        at = place(record.pathname, record.module, record.lineno)
        self._log.emit(LibraryNote(record.name, record.levelname.lower(), at))


def take_over(log: Log) -> None:
    """Once per process, before libraries are used: all their words go through `log`, reduced."""
    _take_loggers(log)
    _take_hooks(log)
    # A library may print to standard error on its own (`logging.raiseExceptions`): never.
    logging.raiseExceptions = False
    logging.lastResort = None


def _take_loggers(log: Log) -> None:
    root = logging.getLogger()
    root.handlers[:] = [Reducer(log)]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def _take_hooks(log: Log) -> None:
    def uncaught(kind: type[BaseException], fault: BaseException, _: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.emit(Fault(reduce(fault), where="process"))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            log.emit(Fault(reduce(args.exc_value), where="thread"))

    def in_finalizer(args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            log.emit(Fault(reduce(args.exc_value), where="finalizer"))

    def warned(  # the signature of warnings.showwarning, of which the message is never read
        message: Warning | str,  # noqa: ARG001
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        log.emit(LibraryNote(class_name(category), "warning", place(filename, Path(filename).stem, lineno)))

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, in_finalizer
    warnings.showwarning = warned


class LoopHandler:
    """`loop.set_exception_handler(LoopHandler(log))`: what a task or callback dropped, reduced."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __call__(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        if isinstance(fault, BaseException):
            self._log.emit(Fault(reduce(fault), where="loop"))
        else:
            kind = _LOOP_SAYS.get(context.get("message", ""), "no-exception")
            self._log.emit(Fault(nameless(kind), where="loop"))
