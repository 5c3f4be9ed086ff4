"""Edits of documents on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.access.document_edits import put_documents, replace_files
from gateway.commands.terminal.stop import Stop
from gateway.settings import read
from tests.commands.calling import documents


def test_documents_are_replaced_together(tmp_path: Path) -> None:
    one, other = tmp_path / "a.toml", tmp_path / "b.toml"
    one.write_bytes(b"old")
    one.chmod(0o640)
    replace_files({one: b"new", other: b"added"})
    assert (one.read_bytes(), other.read_bytes()) == (b"new", b"added")
    assert one.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "b.toml"]


def test_a_file_that_cannot_be_replaced_puts_the_others_back(tmp_path: Path) -> None:
    one, blocked = tmp_path / "a.toml", tmp_path / "b.toml"
    one.write_bytes(b"old")
    added = tmp_path / "aa.toml"
    blocked.mkdir()
    (blocked / "inside").touch()
    with pytest.raises(OSError, match=r"b\.toml"):
        replace_files({one: b"new", added: b"added", blocked: b"new"})
    assert one.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "b.toml"]


def test_a_directory_that_is_missing_leaves_nothing_half_written(tmp_path: Path) -> None:
    one = tmp_path / "a.toml"
    one.write_bytes(b"old")
    with pytest.raises(OSError, match="gone"):
        replace_files({one: b"new", tmp_path / "gone/b.toml": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]
    assert one.read_bytes() == b"old"


def test_a_new_fault_stops_and_an_old_one_does_not(tmp_path: Path) -> None:
    documents(tmp_path)
    names = {"SAFECONDUCT_CONFIG": str(tmp_path / "config"), "SAFECONDUCT_POLICIES": str(tmp_path / "policies")}
    settings = read(names)
    record = tmp_path / "config/catalog/alpha.toml"
    content = record.read_bytes()
    with pytest.raises(Stop) as stop:
        put_documents({record: content + b"\nodd = 1\n"}, settings, "correct it")
    assert str(tmp_path / "config/catalog/alpha.toml") in stop.value.faults[0]
    assert record.read_bytes() == content
    (tmp_path / "config/odd.toml").write_text("")
    put_documents({record: content + b"# remark\n"}, settings, "correct it")
    assert record.read_bytes() == content + b"# remark\n"
