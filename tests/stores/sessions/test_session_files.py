from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.stores.sessions.session_files import Session, SessionFiles
from tests.builders import NOW

SESSION = Session(NOW + timedelta(hours=1), "c" * 64, "admin", "uid:1")


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_a_session_is_found_by_every_worker_and_by_its_owner_alone(tmp_path: Path, time: Time) -> None:
    SessionFiles(tmp_path / "sessions", time).keep("d1", SESSION)
    assert SessionFiles(tmp_path / "sessions", time).find("d1") == SESSION
    assert SessionFiles(tmp_path / "sessions", time).find("d2") is None
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "sessions", tmp_path / "sessions/d1")]
    assert modes == [0o700, 0o600]


def test_a_session_ends_with_its_time_and_is_swept_later(tmp_path: Path, time: Time) -> None:
    files = SessionFiles(tmp_path, time)
    files.keep("d1", SESSION)
    time.now = SESSION.ends_at
    assert (files.find("d1"), files.take("d1")) == (None, None)
    files.keep("d2", SESSION)
    files.keep("d3", Session(SESSION.ends_at + timedelta(hours=1)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d3"]


def test_of_several_takers_one_gets_it(tmp_path: Path, time: Time) -> None:
    files = SessionFiles(tmp_path, time)
    for number in range(20):
        files.keep(f"d{number}", SESSION)
        with ThreadPoolExecutor(4) as pool:
            taken = [*pool.map(files.take, [f"d{number}"] * 4)]
        assert [each for each in taken if each is not None] == [SESSION]
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"ends_at": 3}', b"\xff\xfe"])
def test_a_file_that_holds_no_session_opens_nothing(tmp_path: Path, time: Time, content: bytes) -> None:
    (tmp_path / "d1").write_bytes(content)
    files = SessionFiles(tmp_path, time)
    assert (files.find("d1"), files.take("d1")) == (None, None)


def test_a_session_that_cannot_be_written_is_not_begun(tmp_path: Path, time: Time) -> None:
    (tmp_path / "sessions").write_text("a file stands in the way")
    with pytest.raises(Unavailable):
        SessionFiles(tmp_path / "sessions", time).keep("d1", SESSION)


def test_too_many_sessions_are_refused(tmp_path: Path, time: Time) -> None:
    files = SessionFiles(tmp_path, time, most=2)
    files.keep("d1", SESSION)
    files.keep("d2", SESSION)
    with pytest.raises(Unavailable):
        files.keep("d3", SESSION)
