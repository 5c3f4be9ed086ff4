"""Why a command ends early."""

from __future__ import annotations

from gateway.commands.terminal.stop import FAILED, MISUSED, Stop, undeclared


def test_a_name_that_nothing_declares_comes_with_near_names_and_a_place_to_look() -> None:
    stop = undeclared("model", "smal", ["small"], "`safeconduct routes` lists every model")
    assert stop.what == "unknown model 'smal'"
    assert stop.do == "did you mean small? `safeconduct routes` lists every model"
    assert stop.code == MISUSED


def test_without_near_names_the_place_stands_alone() -> None:
    assert undeclared("team", "x", [], "config/teams.toml declares them").do == "config/teams.toml declares them"


def test_a_stop_fails_unless_it_says_that_the_call_was_wrong() -> None:
    assert Stop("the disk is full", "make room").code == FAILED
