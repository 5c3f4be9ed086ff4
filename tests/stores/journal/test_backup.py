"""A copy of a state directory is whole or is not there, and what was changed in it is found."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from pathlib import Path

import pytest

from gateway.stores.errors import StoreRefused
from gateway.stores.journal.backup import MANIFEST_FILE, checked, put_back, take
from gateway.stores.journal.documents import Documents
from gateway.stores.journal.journal import Journal
from gateway.stores.ledger.workers import WorkersLedger, state_of
from gateway.stores.pseudonyms import key_in
from tests.builders import NOW
from tests.stores.books_in import an_intent, books_in, served


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """A gateway of two workers; each has served one exchange, and the first has one under way."""
    home = tmp_path / "state"
    for number in (1, 2):
        with books_in(state_of(home, number)) as books:
            intent = an_intent(f"A{number}")
            await books.hold(intent)
            await books.settle(served(intent))
    key_in(home)
    Documents(home).keep("abc", {"config/organisation.toml": b"id = 1", "policies/one.toml": b"name"})
    return home


def copied(home: Path, target: Path) -> set[str]:
    take({".": home, "worker-2": state_of(home, 2)}, target, NOW)
    return set(checked(target).files)


async def test_everything_that_a_start_needs_is_copied_beside_the_process_that_writes(
    home: Path, tmp_path: Path
) -> None:
    with closing(Journal.open(home, "process")):
        files = copied(home, tmp_path / "copy")
    assert files == {
        "journal.sqlite",
        "journal.intents",
        "pseudonyms.key",
        "documents/abc/config/organisation.toml",
        "documents/abc/policies/one.toml",
        "worker-2/journal.sqlite",
        "worker-2/journal.intents",
    }
    assert checked(tmp_path / "copy").taken_at == NOW
    assert [chain.broken for chain in WorkersLedger(tmp_path / "copy").verify_chains()] == [None, None]


async def test_a_copy_is_of_its_owner_alone(home: Path, tmp_path: Path) -> None:
    copied(home, tmp_path / "copy")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700


async def test_what_was_put_back_is_what_was_copied(home: Path, tmp_path: Path) -> None:
    copied(home, tmp_path / "copy")
    put_back(checked(tmp_path / "copy"), tmp_path / "copy", tmp_path / "again")
    assert not (tmp_path / "again" / MANIFEST_FILE).exists()
    assert (tmp_path / "again/pseudonyms.key").read_bytes() == (home / "pseudonyms.key").read_bytes()
    ledgers = WorkersLedger(home), WorkersLedger(tmp_path / "again")
    assert ledgers[0].newest(10) == ledgers[1].newest(10) != []


async def test_nothing_is_written_over(home: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="must be empty"):
        copied(home, home)
    copied(home, tmp_path / "copy")
    with pytest.raises(StoreRefused, match="holds a journal already"):
        put_back(checked(tmp_path / "copy"), tmp_path / "copy", home)


@pytest.mark.parametrize("name", ["journal.sqlite", "pseudonyms.key", "documents/abc/policies/one.toml"])
async def test_a_file_that_was_changed_or_lost_is_named(home: Path, tmp_path: Path, name: str) -> None:
    copied(home, tmp_path / "copy")
    with (tmp_path / "copy" / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(StoreRefused, match=name):
        checked(tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    with pytest.raises(StoreRefused, match=name):
        checked(tmp_path / "copy")


@pytest.mark.parametrize("manifest", [b"", b"[]", json.dumps({"taken_at": "yesterday", "files": {}}).encode()])
def test_another_directory_is_no_copy(tmp_path: Path, manifest: bytes) -> None:
    with pytest.raises(StoreRefused, match="safeconduct backup"):
        checked(tmp_path)
    (tmp_path / MANIFEST_FILE).write_bytes(manifest)
    with pytest.raises(StoreRefused, match="cannot be read"):
        checked(tmp_path)


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/journal.sqlite").write_bytes(b"not a journal" * 500)
    with pytest.raises(StoreRefused, match="SQLITE_NOTADB"):
        take({".": tmp_path / "state"}, tmp_path / "copy", NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
