"""The targets hold for their seeds and for mutations of them; in `make proof`, under the fuzzer itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds
from tests.strategies import examples

SECONDS = 60


@pytest.mark.parametrize("name", TARGETS)
@settings(database=None, deadline=None, max_examples=examples(30))
@given(data=st.data())
def test_a_target_holds_for_its_seeds_and_for_what_is_near_them(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds(name)))
    at, cut = data.draw(st.integers(0, len(seed))), data.draw(st.integers(0, 8))
    TARGETS[name](seed[:at] + data.draw(st.binary(max_size=4)) + seed[at + cut :])


@pytest.mark.parametrize(
    ("name", "lie"),
    [("strict_json", b'{"a":1,"a":2}'), ("sse", b"\x01data: a\r\n\r\n"), ("narrowing", b'{"nobody":1}')],
)
def test_an_input_that_is_hard_is_answered(name: str, lie: bytes) -> None:
    TARGETS[name](lie)


@pytest.mark.proof
@pytest.mark.parametrize("name", TARGETS)
def test_the_fuzzer_finds_nothing(tmp_path: Path, name: str) -> None:
    pytest.importorskip("atheris", reason="atheris has wheels for Linux on x86-64 alone")
    command = [sys.executable, "-m", "tests.fuzz", name, str(SECONDS), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 120, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert not list(tmp_path.glob("*crash-*"))
