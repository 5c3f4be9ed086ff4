"""What is kept in a state directory."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

import pytest

from gateway.commands.asked import Asked
from gateway.commands.kept import kept
from gateway.commands.printing import Printer
from gateway.commands.stop import FAILED, Stop
from tests.commands.calling import call, documents


def asked(state: Path) -> Asked:
    return Asked(Namespace(state=str(state)), Printer(io.StringIO(), io.StringIO(), as_json=False), {})


def test_a_journal_is_read_though_nothing_runs(tmp_path: Path) -> None:
    call("keys", "create", "--team", "research", "--policy", "open", *documents(tmp_path), "--state", str(tmp_path))
    assert kept(asked(tmp_path)).newest(5) == []


def test_where_nothing_was_kept_the_right_directory_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Stop) as stopped:
        kept(asked(tmp_path))
    assert stopped.value.code == FAILED
    assert str(tmp_path) in stopped.value.what
    assert "--state" in stopped.value.do
    assert list(tmp_path.iterdir()) == []
