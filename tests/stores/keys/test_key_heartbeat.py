from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gateway.stores.keys.key_heartbeat import FRESH_FILE, Freshness


def test_it_lasts_from_a_note_on_for_every_process(tmp_path: Path) -> None:
    assert not Freshness(tmp_path).lasts()
    Freshness(tmp_path).note()
    assert Freshness(tmp_path).lasts()


@pytest.mark.parametrize("seconds", [-10, 10])
def test_a_note_of_another_time_says_nothing(tmp_path: Path, seconds: int) -> None:
    """The one who notes is gone, or the clock was set."""
    freshness = Freshness(tmp_path)
    freshness.note()
    os.utime(tmp_path / FRESH_FILE, (time.time() + seconds,) * 2)
    assert not freshness.lasts()
    freshness.note()
    assert freshness.lasts()


def test_a_note_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert not Freshness(tmp_path / "file").lasts()
