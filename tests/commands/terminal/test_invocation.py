"""From words to an exit code, and never a traceback."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.invocation import INTERRUPTED, REST, invoke, parse
from gateway.commands.terminal.stop import FAILED, MISUSED, Stop
from gateway.core.errors import Unavailable
from gateway.settings import SettingsFault, SettingsRefused
from gateway.stores.errors import StoreRefused


@dataclass
class Doing:
    """A command that does one thing."""

    act: Callable[[CommandContext], int]

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--count", type=int)

    def run(self, context: CommandContext) -> int:
        return self.act(context)


def raising(fault: BaseException) -> Doing:
    def act(_: CommandContext) -> int:
        raise fault

    return Doing(act)


def test_the_commands_exit_code_is_the_programs() -> None:
    assert invoke("count", "Counts.", Doing(lambda context: int(context.options.count)), ["--count", "1"], {}) == 1


@pytest.mark.parametrize("words", [["--count", "many"], ["--nope"]])
def test_a_wrong_option_says_where_the_right_ones_are(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke("count", "Counts.", Doing(lambda _: 0), words, {}) == MISUSED
    assert "safeconduct count --help lists the options" in capsys.readouterr().err


def test_help_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke("count", "Counts.", Doing(lambda _: 0), ["--help"], {}) == 0
    assert "Exit codes: 0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (
            Stop("it is dark", "light a lamp", code=MISUSED, faults=["no lamp"]),
            MISUSED,
            ["it is dark", "no lamp", "lamp"],
        ),
        (
            SettingsRefused([SettingsFault("SAFECONDUCT_PORT", "the value is not valid", "write a number")]),
            FAILED,
            ["SAFECONDUCT_PORT: the value is not valid; write a number"],
        ),
        (StoreRefused("journal", "Another process has it."), FAILED, ["another process has it\n"]),
        (Unavailable("books_unavailable", "The journal cannot be read."), FAILED, ["the journal cannot be read\n"]),
        (PermissionError(13, "Permission denied", "/state"), FAILED, ["Permission denied (/state)"]),
        (FileExistsError(17, "File exists", "/state"), FAILED, ["/state is a file, not a directory"]),
        (KeyError("the word a client said"), FAILED, ["KeyError at ", "please report"]),
    ],
)
def test_whatever_is_raised_becomes_words(
    fault: Exception, code: int, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke("do", "Does.", raising(fault), [], {}) == code
    out, notes = capsys.readouterr()
    assert out == ""
    assert notes.startswith("safeconduct do: ")
    assert "Traceback" not in notes
    assert "the word a client said" not in notes
    for words in said:
        assert words in notes


def test_with_json_the_error_is_a_value_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke("do", "Does.", raising(Stop("it is dark", "light a lamp")), ["--json"], {}) == FAILED
    assert json.loads(capsys.readouterr().out) == {
        "error": {"message": "it is dark", "do": "light a lamp", "faults": []}
    }


def test_ctrl_c_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke("do", "Does.", raising(KeyboardInterrupt()), [], {}) == INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_words_behind_two_dashes_belong_to_a_command_that_has_a_use_for_them() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--json", action="store_true")
    assert parse(parser, ["--", "-x"]).name == "-x"
    parser.set_defaults(**{REST: ()})
    options = parse(parser, ["x", "--", "--json", "--", "y"])
    assert (options.name, options.json, options.rest) == ("x", False, ("--json", "--", "y"))
    assert parse(parser, ["x", "--json"]).rest == ()
