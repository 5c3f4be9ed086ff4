from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.stores.journal.documents import Documents

DIGEST = "a1" * 32
SET = {"config/catalog/evroc.toml": b'id = "evroc"\n', "policies/eu.toml": b"\xff raw bytes"}


def test_a_set_is_loaded_as_it_was_kept(tmp_path: Path) -> None:
    Documents(tmp_path).keep(DIGEST, SET)
    assert Documents(tmp_path).load(DIGEST) == SET


def test_a_set_is_never_written_again(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    documents.keep(DIGEST, SET)
    documents.keep(DIGEST, {"config/other.toml": b""})
    assert documents.load(DIGEST) == SET


def test_an_unknown_set_is_not_there(tmp_path: Path) -> None:
    assert Documents(tmp_path).load(DIGEST) is None


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../outside", "config/../../outside", "a\0b"])
def test_a_name_outside_is_refused_and_nothing_is_kept(tmp_path: Path, name: str) -> None:
    documents = Documents(tmp_path / "state")
    with pytest.raises(ValueError, match="relative path"):
        documents.keep(DIGEST, {"config/a.toml": b"", name: b""})
    assert documents.load(DIGEST) is None
    assert list((tmp_path / "state" / "documents").iterdir()) == []


@pytest.mark.parametrize("digest", ["", "..", "A1", "a/b"])
def test_only_a_digest_names_a_set(tmp_path: Path, digest: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        Documents(tmp_path).load(digest)


def test_a_set_that_could_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    with pytest.raises(OSError, match=r"a\.toml"):
        documents.keep(DIGEST, {"a.toml": b"a file", "a.toml/b.toml": b"in a file"})
    assert documents.load(DIGEST) is None
    assert list((tmp_path / "documents").iterdir()) == []


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    """The state directory too, where it is made here."""
    state = tmp_path / "state"
    Documents(state).keep(DIGEST, SET)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (state, *state.rglob("*"))}
    assert modes == {0o700, 0o600}
