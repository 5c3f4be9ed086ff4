"""Keys that another process writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.stores.journal.files import JOURNAL_FILE
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.key_heartbeat import Freshness
from gateway.stores.keys.keys import SqliteKeys
from gateway.stores.keys.postgres_keys import PostgresKeys
from gateway.stores.keys.shared_keys import SharedKeys
from gateway.stores.keys.sibling_keys import FollowedKeys, open_keys
from gateway.stores.postgres.connection import Postgres
from tests.builders import NOW, a_key
from tests.stores.books_in import run

FAR = PostgresKeys(Postgres("postgresql:///none"), "acme")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "process")
    yield opened
    opened.close()


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[FollowedKeys]:
    found = FollowedKeys(tmp_path / JOURNAL_FILE)
    yield found
    found.close()


def test_a_new_key_and_its_revocation_are_seen_by_the_next_look(journal: Journal, followed: FollowedKeys) -> None:
    keys, key = SqliteKeys(journal), a_key()
    assert followed.find(key.digest) is None
    run(lambda: keys.create(key))
    assert followed.find(key.digest) == key
    revoked = run(lambda: keys.revoke(key.id, NOW))
    assert followed.find(key.digest) == revoked
    assert run(followed.all) == (revoked,)


def test_what_was_seen_last_holds_while_the_file_cannot_be_read(journal: Journal, followed: FollowedKeys) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    assert followed.find(key.digest) == key
    followed.close()
    journal.close()
    journal.path.write_bytes(b"no database at all, of some length" * 400)
    assert followed.find(key.digest) == key
    for asked in (partial(followed.find, "0" * 64), lambda: run(followed.all)):
        with pytest.raises(Unavailable) as refused:
            asked()
        assert refused.value.code == "keys_unavailable"


def test_keys_that_were_never_seen_are_unavailable_and_not_unknown(followed: FollowedKeys) -> None:
    with pytest.raises(Unavailable) as refused:
        followed.find("0" * 64)
    assert (refused.value.code, refused.value.status) == ("keys_unavailable", 503)


def test_a_file_that_comes_later_is_found(tmp_path: Path, followed: FollowedKeys) -> None:
    with pytest.raises(Unavailable):
        followed.find("0" * 64)
    Journal.open(tmp_path, "process").close()
    assert followed.find("0" * 64) is None


def test_it_writes_none(journal: Journal, followed: FollowedKeys) -> None:
    key = a_key()
    for asked in (lambda: followed.create(key), lambda: followed.revoke(key.id, NOW)):
        with pytest.raises(Unavailable) as refused:
            run(asked)
        assert "first one" in refused.value.message
    assert SqliteKeys(journal).find(key.digest) is None


@pytest.mark.usefixtures("journal")
def test_where_keys_are_shared_an_unknown_one_is_unknown_only_if_all_are_known(tmp_path: Path) -> None:
    own = Journal.open(tmp_path / "worker-2", "process")
    with closing(own), open_keys(own, tmp_path, FAR) as keys:
        with pytest.raises(Unavailable):
            keys.find("0" * 64)
        Freshness(tmp_path).note()
        assert keys.find("0" * 64) is None


def test_a_process_writes_the_keys_of_its_own_journal_only(tmp_path: Path, journal: Journal) -> None:
    for far, kind in ((None, SqliteKeys), (FAR, SharedKeys)):
        with open_keys(journal, tmp_path, far) as own, open_keys(journal, tmp_path / "else", far) as other:
            assert isinstance(own, kind)
            assert isinstance(other, FollowedKeys)
