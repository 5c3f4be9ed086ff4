from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.keyring import Rotation
from gateway.core.organisation import Budget
from gateway.core.principal import KeyId
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of, new_key_id, new_secret
from tests.builders import NOW, a_key
from tests.stores.books_in import run


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "process")
    yield opened
    opened.close()


def test_a_created_key_is_found_at_once_and_after_a_restart(journal: Journal) -> None:
    key = a_key(
        digest="d" * 64,
        label="the laptop",
        expires_at=NOW + timedelta(days=30),
        classes=frozenset({"personal", "public"}),
        budgets=(Budget(5_000_000_000, "month", floor=256), Budget(4_000_000_000, "month", soft=True)),
    )
    keys = SqliteKeys(journal)
    run(lambda: keys.create(key))
    assert keys.find("d" * 64) == key
    assert SqliteKeys(journal).find("d" * 64) == key


def test_a_budget_as_it_was_kept_before_there_were_soft_ones_is_hard(journal: Journal) -> None:
    key = a_key(budgets=(Budget(5, "month"),))
    run(lambda: SqliteKeys(journal).create(key))
    journal.write_now(lambda connection: connection.execute("""UPDATE keys SET budgets = '[[5, "month"]]'"""))
    assert SqliteKeys(journal).find(key.digest) == key


def test_an_unknown_digest_finds_nothing(journal: Journal) -> None:
    assert SqliteKeys(journal).find("0" * 64) is None


def test_a_revoked_key_is_still_found_and_no_longer_active(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    revoked = run(lambda: keys.revoke(key.id, NOW))
    assert revoked is not None
    assert revoked.state(NOW) == "revoked"
    assert keys.find(key.digest) == revoked
    assert SqliteKeys(journal).find(key.digest) == revoked


def test_the_first_revocation_counts(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    first = run(lambda: keys.revoke(key.id, NOW))
    assert run(lambda: keys.revoke(key.id, NOW + timedelta(days=1))) == first


def test_revoking_what_is_not_there(journal: Journal) -> None:
    keys = SqliteKeys(journal)
    assert run(lambda: keys.revoke(KeyId("key_none"), NOW)) is None


def test_keys_are_listed_oldest_first(journal: Journal) -> None:
    keys = SqliteKeys(journal)
    for number in (2, 1, 3):
        key = a_key(f"key_{number}", digest=str(number) * 64, created_at=NOW + timedelta(days=number))
        run(partial(keys.create, key))
    assert [key.id for key in run(keys.all)] == ["key_1", "key_2", "key_3"]


def test_a_key_that_could_not_be_written_is_not_found(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key(digest="d" * 64)
    journal.close()
    with pytest.raises(Unavailable) as refused:
        run(lambda: keys.create(key))
    assert refused.value.code == "keys_unavailable"
    assert keys.find(key.digest) is None


def test_a_revocation_that_could_not_be_written_holds_in_this_process(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    journal.close()
    with pytest.raises(Unavailable):
        run(lambda: keys.revoke(key.id, NOW))
    found = keys.find(key.digest)
    assert found is not None
    assert found.state(NOW) == "revoked"


def test_a_secret_is_nowhere_in_the_files(tmp_path: Path, journal: Journal) -> None:
    secret = new_secret()
    key = a_key(digest=digest_of(secret))
    keys = SqliteKeys(journal)
    run(lambda: keys.create(key))
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert key.digest.encode() in kept
    assert secret.encode() not in kept
    assert secret.removeprefix("sc_").encode() not in kept


def test_secrets_are_selected_by_a_double_click_and_never_alike() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"sc_[A-Za-z0-9]{43}", secret) for secret in secrets)


def test_a_digest_is_sha_256_of_any_text() -> None:
    assert digest_of("sc_x") == "0f80d0da1770c19a027bb4549c2ff736d98a891a1f806dcb38598ef51676523b"
    assert digest_of("a lone surrogate: \ud800") != digest_of("a lone surrogate: \ud801")


def test_key_ids_are_public_names() -> None:
    assert re.fullmatch(r"key_[0-9A-Z]{26}", new_key_id())
    assert new_key_id() != new_key_id()


def test_a_rotated_key_opens_with_both_secrets_and_is_revoked_with_both(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    fresh, replaced = run(lambda: keys.rotate(key.id, Rotation("e" * 64, NOW, timedelta(days=7))))
    assert (fresh.id, fresh.digest, fresh.expires_at) == (key.id, "e" * 64, None)
    assert replaced.expires_at == NOW + timedelta(days=7)
    for store in (keys, SqliteKeys(journal)):
        assert (store.find("e" * 64), store.find(key.digest)) == (fresh, replaced)
    run(lambda: keys.revoke(key.id, NOW))
    assert {found.state(NOW) for found in run(SqliteKeys(journal).all)} == {"revoked"}


def test_a_rotation_that_could_not_be_written_leaves_the_old_secret_as_it_was(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    journal.close()
    with pytest.raises(Unavailable):
        run(lambda: keys.rotate(key.id, Rotation("e" * 64, NOW, timedelta())))
    assert (keys.find("e" * 64), keys.find(key.digest)) == (None, key)


def test_what_was_closed_here_is_not_opened_by_what_is_learned(journal: Journal) -> None:
    keys, key = SqliteKeys(journal), a_key()
    run(lambda: keys.create(key))
    run(lambda: keys.revoke(key.id, NOW))
    run(lambda: keys.change(lambda _: (key,)))
    assert {found.state(NOW) for found in (*run(keys.all), *run(SqliteKeys(journal).all))} == {"revoked"}
