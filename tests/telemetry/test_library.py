"""What libraries, warnings and uncaught exceptions say is reduced. Each case runs in a process of its own."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import orjson
import pytest

from gateway.telemetry.library import Reducer
from gateway.telemetry.log import Log

MARKER = "marker-91cc-of-a-prompt"

_BEFORE = f"""
import asyncio, gc, logging, sys, threading, warnings
from gateway.telemetry.library import LoopHandler, take_over
from gateway.telemetry.log import Log
own = logging.getLogger("early")
own.addHandler(logging.StreamHandler())
own.setLevel(logging.DEBUG)
own.propagate = False
log = Log(sys.stdout.buffer, level="debug")
take_over(log)
MARKER = "{MARKER}"
"""


def said(program: str, *, status: int = 0) -> list[dict[str, Any]]:
    """The log of a process that runs `program`; nothing else may be written, and the marker nowhere."""
    done = subprocess.run([sys.executable, "-c", _BEFORE + program], capture_output=True, check=False)
    assert MARKER.encode() not in done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (status, b"")
    return [orjson.loads(line) for line in done.stdout.splitlines()]


def test_a_record_is_reduced_to_who_and_where() -> None:
    (line,) = said(
        """
class Spy:
    def __str__(self): raise SystemExit(MARKER)
logging.getLogger("httpx").warning("GET https://api.example/?key=%s %s", MARKER, Spy())
"""
    )
    assert (line["event"], line["logger"], line["severity"]) == ("library_note", "httpx", "warning")
    assert line["place"].startswith("_string_:")


def test_below_warning_nothing_is_said_at_any_level_of_ours() -> None:
    assert said('logging.getLogger("httpx").info(MARKER); logging.getLogger("asyncio").debug(MARKER)') == []


def test_a_logger_that_wrote_on_its_own_before_does_not_any_more() -> None:
    lines = said(
        'own.debug(MARKER); own.error(MARKER, exc_info=ValueError(MARKER)); logging.getLogger("new").error(MARKER)'
    )
    assert [(line["logger"], line["severity"]) for line in lines] == [("early", "error"), ("new", "error")]


def test_a_logger_name_that_is_a_sentence_does_not_pass() -> None:
    (line,) = said('logging.getLogger("my salary is " + MARKER).error("x")')
    assert line["logger"] == "?"


def test_a_warning_is_named_by_its_class() -> None:
    (line,) = said('warnings.simplefilter("always"); warnings.warn(MARKER, UserWarning)')
    assert (line["logger"], line["event"]) == ("UserWarning", "library_note")


def test_an_uncaught_exception_ends_the_process_without_a_word() -> None:
    (line,) = said("raise KeyError(MARKER)", status=1)
    assert (line["event"], line["where"]) == ("fault", "process")
    assert line["fault"].startswith("KeyError at __main__:")


def test_an_interrupt_is_no_fault() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BEFORE + "raise KeyboardInterrupt(MARKER)"], capture_output=True, check=False
    )
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_thread_that_dies_is_reduced() -> None:
    (line,) = said(
        """
def run(): raise ValueError(MARKER)
thread = threading.Thread(target=run, name=MARKER); thread.start(); thread.join()
def leave(): sys.exit(MARKER)
thread = threading.Thread(target=leave); thread.start(); thread.join()
"""
    )
    assert (line["where"], line["fault"].split()[0]) == ("thread", "ValueError")


def test_a_finalizer_that_fails_is_reduced() -> None:
    (line,) = said(
        """
class Frail:
    def __repr__(self): return MARKER
    def __del__(self): raise ValueError(MARKER)
Frail(); gc.collect()
"""
    )
    assert (line["where"], line["fault"].split()[0]) == ("finalizer", "ValueError")


def test_what_a_task_drops_is_reduced() -> None:
    lines = said(
        """
async def failing(text): raise ValueError(text)
async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(LoopHandler(log))
    task = loop.create_task(failing(MARKER), name=MARKER)
    await asyncio.sleep(0)
    del task; gc.collect()
    loop.call_exception_handler({"message": MARKER, "task": MARKER})
    loop.call_exception_handler({"message": "Task was destroyed but it is pending!", "task": MARKER})
asyncio.run(main())
"""
    )
    assert [line["where"] for line in lines] == ["loop"] * 3
    assert [line["fault"].split()[0] for line in lines] == [
        "ValueError",
        "no-exception",
        "task-destroyed-while-pending",
    ]


def test_the_reducer_never_formats(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    record = logging.LogRecord("n", logging.ERROR, __file__, 7, "%s %s", (MARKER,), None)  # too few arguments
    Reducer(Log(sys.stdout.buffer)).handle(record)
    assert orjson.loads(capsysbinary.readouterr().out)["place"] == "test_library:7"
