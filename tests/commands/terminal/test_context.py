"""Options over the environment."""

from __future__ import annotations

import io
from argparse import ArgumentParser
from pathlib import Path

import pytest

from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Printer
from gateway.settings import SettingsRefused
from tests.builders import NOW, TODAY


def context(words: list[str], environ: dict[str, str]) -> CommandContext:
    parser = ArgumentParser()
    parser.add_argument("--port")
    document_options(parser)
    state_options(parser)
    printer = Printer(io.StringIO(), io.StringIO(), as_json=False)
    return CommandContext(parser.parse_args(words), printer, environ, lambda: NOW)


def test_an_option_stands_over_the_environment() -> None:
    settings = context(
        ["--state", "/one", "--port", "0", "--sandbox"], {"SAFECONDUCT_STATE": "/two", "SAFECONDUCT_PORT": "9"}
    ).settings()
    assert (settings.state, settings.port, settings.sandbox) == (Path("/one"), 0, True)


def test_what_is_not_given_is_the_environments() -> None:
    settings = context([], {"SAFECONDUCT_STATE": "/two", "SAFECONDUCT_SANDBOX": "true"}).settings()
    assert (settings.state, settings.sandbox) == (Path("/two"), True)


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsRefused):
        context([], {"SAFECONDUCT_PROT": "8080"}).settings()


def test_the_day_is_that_of_the_clock() -> None:
    assert context([], {}).today == TODAY
