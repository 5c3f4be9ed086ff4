"""`safeconduct places`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import MISUSED
from tests.builders import a_receipt
from tests.commands.calling import call
from tests.commands.conftest import Running
from tests.stores.books_in import books_in, run

SINCE = ("--since", "2026-11-20", "--until", "2026-11-30")


def test_the_countries_of_attempts_are_summed_as_the_api_sums_them(tmp_path: Path) -> None:
    with books_in(tmp_path) as books:
        for name, region in (("A", "SE"), ("B", "US"), ("C", "US")):
            run(partial(books.settle, a_receipt(name, region=f"declared:{region}")))
    words = ("--state", str(tmp_path), *SINCE)
    view = call("places", *words, json=True).json
    assert [(line["value"], line["requests"]) for line in view["places"]] == [("US", 2), ("SE", 1)]
    told = call("places", *words).out
    assert "3 requests left; 2 of them left the EU." in told
    assert "United States" in told
    assert call("places", *words, "--home", "EEA", json=True).json["home"]["word"] == "EEA"


def test_a_time_in_which_nothing_left_says_so(running: Running) -> None:
    out = call("places", *running.options, "--since", "2020-01-01", "--until", "2020-01-02").out
    assert "Nothing has left this gateway in this time." in out


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--home", "Atlantis")])
def test_a_question_that_is_not_understood_is_refused(running: Running, words: tuple[str, ...]) -> None:
    called = call("places", *running.options, *words)
    assert called.code == MISUSED
    assert called.stop is not None
    assert f"`{words[0].removeprefix('--')}` must be" in called.stop.what
