"""From words on the command line to a command's run, and from what it raises to words and an exit code."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn, TextIO

from gateway.commands.terminal.context import Command, CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.commands.terminal.stop import FAILED, MISUSED, Stop
from gateway.core.errors import Ended

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it."""
REST = "rest"
"""The option that holds the words after `--`, for a command that declares a default of it."""
_CHAPTERS = {
    "journal": "The state directory",
    "redis": "Budgets of many processes",
    "postgres": "The ledger of many gateways",
}
"""Chapter of docs/operations.md per store."""


def invoke(name: str, summary: str, command: Command, words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command. Nothing that a person did wrong leaves here as an exception."""
    parser = _Parser(prog=f"safeconduct {name}", description=summary, epilog=_CODES)
    command.arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON value, in a stable shape")
    try:
        options = parse(parser, words)
    except SystemExit as end:  # argparse's way to say that it has printed help or a fault
        return end.code if isinstance(end.code, int) else MISUSED
    out = Printer(sys.stdout, sys.stderr, as_json=options.json, width=_width(environ))
    try:
        return command.run(CommandContext(options, out, environ, program=_program(sys.argv[0])))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        _abandon(sys.stdout)
        return 0
    except Exception as fault:  # noqa: BLE001  # the last line of defence against tracebacks
        stop = _as_stop(fault)
        _tell(stop, out, name)
        return stop.code


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """The options. Words after the first `--` are the option `REST` of a command that declares a default of it."""
    if parser.get_default(REST) is None:
        return parser.parse_args(words)
    place = [*words, "--"].index("--")
    options = parser.parse_args(words[:place])
    setattr(options, REST, tuple(words[place + 1 :]))
    return options


_CODES = "Exit codes: 0 done; 1 not done, or not in order; 2 called wrongly."


class _Parser(argparse.ArgumentParser):
    """argparse, saying what to do next."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"{self.prog}: {message}\n  -> {self.prog} --help lists the options\n")


def _program(called: str) -> str:
    """The name that calls this program here: `safeconduct` from the search path, else the path that was typed."""
    if os.path.basename(called) != "safeconduct" or shutil.which("safeconduct") == called:
        return "safeconduct"
    return called


def _width(environ: Mapping[str, str]) -> int | None:
    columns = environ.get("COLUMNS", "")
    return max(40, int(columns)) if columns.isdecimal() else None


def _abandon(stream: TextIO) -> None:
    """Keep the interpreter from complaining of the broken pipe when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _tell(stop: Stop, out: Printer, name: str) -> None:
    out.value({"error": {"message": stop.what, "do": stop.do, "faults": list(stop.faults)}})
    out.note(f"safeconduct {name}: {stop.what}")
    for fault in stop.faults:
        out.note(f"  {fault}")
    out.note(f"  -> {stop.do}")


def _as_stop(fault: Exception) -> Stop:
    """An exception of the rooms below, in words for the user."""
    from gateway.settings import SettingsRefused
    from gateway.stores.errors import StoreRefused

    match fault:
        case Stop():
            return fault
        case SettingsRefused():
            faults = [str(f) for f in fault.faults]
            return Stop("the settings are not in order", "set them right, then try again", faults=faults)
        case StoreRefused():
            return Stop(_begun(str(fault)), f"docs/operations.md, {_CHAPTERS[fault.store]}, says more")
        case Ended():
            return Stop(
                _begun(fault.message), "try again; docs/operations.md says what can be wrong with the state directory"
            )
        case FileExistsError():
            return Stop(f"{fault.filename} is a file, not a directory", "name another, or move the file away")
        case OSError():
            place = f" ({fault.filename})" if fault.filename else ""
            return Stop(f"{fault.strerror or fault}{place}", "check the path and its permissions")
    from gateway.telemetry.faults import reduce

    return Stop(f"a fault of Safeconduct itself: {reduce(fault)}", "please report this line", code=FAILED)


def _begun(sentence: str) -> str:
    """A whole sentence, to go on after `safeconduct NAME: `."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".")
