"""One process that starts workers, passes signals on, and replaces those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.processes import PATIENCE_S, ROOT


class Supervised:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def lines(self, count: int) -> list[list[str]]:
        """As many lines, in words; workers of one moment speak in any order, so they are sorted."""
        assert self.process.stdout is not None
        return sorted(self.process.stdout.readline().split() for _ in range(count))

    def pids(self) -> list[int]:
        """Of two workers, once both are ready."""
        said = self.lines(4)
        assert [words[:2] for words in said] == [["begun", "1"], ["begun", "2"], ["ready", "1"], ["ready", "2"]]
        return [int(words[2]) for words in said[:2]]

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def rest(self) -> tuple[int, list[str]]:
        """Its exit code, and what was still said."""
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out.splitlines()


@contextmanager
def supervised(manner: str, count: int) -> Iterator[Supervised]:
    command = [sys.executable, "-m", "tests.commands.supervised", manner, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield Supervised(process)
        finally:
            process.kill()  # its workers end with it


def test_the_first_is_ready_before_the_others_begin() -> None:
    with supervised("wait", 3) as workers:
        assert workers.lines(1)[0][:2] == ["begun", "1"]
        assert [words[:2] for words in workers.lines(5)] == [
            *(["begun", "2"], ["begun", "3"]),
            *(["ready", "1"], ["ready", "2"], ["ready", "3"]),
        ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_are_told_to_end_once_and_it_ends_with_them(number: signal.Signals) -> None:
    with supervised("wait", 2) as workers:
        workers.pids()
        workers.tell(number)
        code, said = workers.rest()
        assert code == 0
        assert sorted(said) == [f"{number.name} 1", f"{number.name} 2"]


def test_the_second_signal_is_passed_on_too() -> None:
    with supervised("stay", 2) as workers:
        workers.pids()
        workers.tell(signal.SIGTERM)
        assert workers.lines(2) == [["SIGTERM", "1"], ["SIGTERM", "2"]]
        workers.tell(signal.SIGINT)
        code, said = workers.rest()
        assert (code, sorted(said)) == (0, ["SIGINT 1", "SIGINT 2"])


def test_all_are_told_to_reload_and_go_on() -> None:
    with supervised("wait", 2) as workers:
        workers.pids()
        for _ in range(2):
            workers.tell(signal.SIGHUP)
            assert workers.lines(2) == [["SIGHUP", "1"], ["SIGHUP", "2"]]


@pytest.mark.parametrize("killed", [1, 2])
def test_one_that_died_is_replaced_and_knows_it(killed: int) -> None:
    with supervised("wait", 2) as workers:
        pids = workers.pids()
        os.kill(pids[killed - 1], signal.SIGKILL)
        assert workers.lines(1) == [["died", str(killed), "-9"]]
        (how, number, pid), _ = workers.lines(2)
        assert (how, number) == ("again", str(killed))
        assert int(pid) not in pids


def test_one_that_was_told_to_end_alone_is_replaced_too() -> None:
    with supervised("wait", 2) as workers:
        os.kill(workers.pids()[0], signal.SIGTERM)
        assert [words[:2] for words in workers.lines(4)] == [
            *(["SIGTERM", "1"], ["again", "1"], ["died", "1"], ["ready", "1"]),
        ]


def test_a_start_that_fails_ends_all_with_its_own_code() -> None:
    with supervised("refuse", 2) as workers:
        assert workers.rest() == (2, [])


def test_when_all_die_again_and_again_it_gives_up() -> None:
    with supervised("fall", 2) as workers:
        code, said = workers.rest()
        assert code == 1
        assert said.count("died 1 3") >= 5
        assert said.count("died 2 3") >= 5


def test_workers_end_when_the_one_that_began_them_is_killed() -> None:
    with supervised("wait", 2) as workers:
        workers.pids()
        workers.tell(signal.SIGKILL)
        assert workers.lines(2) == [["SIGTERM", "1"], ["SIGTERM", "2"]]
