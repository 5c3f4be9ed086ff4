from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import anyio
import pytest

from gateway.core.errors import Unavailable
from gateway.core.keyring import Change, Rotation, created, revoked
from gateway.core.principal import Key, KeyId
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.key_heartbeat import FRESH_FILE, Freshness
from gateway.stores.keys.keys import SqliteKeys
from gateway.stores.keys.postgres_keys import PostgresKeys
from gateway.stores.keys.shared_keys import EVERY_S, KeyStoreAlone, KeyStoreNews, KeyStoreShared, SharedKeys
from gateway.stores.postgres.connection import Postgres, PostgresAway
from tests.builders import NOW, a_key
from tests.processes import PATIENCE_S
from tests.stores.books_in import run
from tests.stores.postgres_server import PostgresServer, a_postgres, fresh_database
from tests.stores.shipped import asked

KEY = a_key(digest="1" * 64)
OTHER = a_key("key_2", digest="2" * 64)
AWAY = "postgresql:///none?host=/nonexistent"


class Learning(SqliteKeys):
    """Says when something was learned."""

    learned: anyio.Event | None = None

    async def change(self, change: Change) -> tuple[Key, ...]:
        changed = await super().change(change)
        if changed and self.learned is not None:
            self.learned.set()
        return changed


class House:
    """Gateways by name, each with a state directory of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.near: dict[str, Learning] = {}
        self.news: list[KeyStoreNews] = []
        self.hear: Callable[[KeyStoreNews], None] = lambda _: None

    def keys(self, name: str, url: str) -> SharedKeys:
        """Of that gateway, as it is with a PostgreSQL at that address."""
        if name not in self.near:
            journal = Journal.open(self.folder / name, "process")
            self._stack.callback(journal.close)
            self.near[name] = Learning(journal)
        far = PostgresKeys(Postgres(url, connect_s=5, answer_s=5), "acme")
        return SharedKeys(self.near[name], far, Freshness(self.folder / name), self._tell)

    def _tell(self, news: KeyStoreNews) -> None:
        self.news.append(news)
        self.hear(news)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(tmp_path, stack)


@pytest.fixture
def url() -> str:
    return fresh_database()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    with a_postgres() as started:
        yield started


def test_a_key_of_one_gateway_is_known_to_the_other_after_a_look(house: House, url: str) -> None:
    one, two = house.keys("one", url), house.keys("two", url)
    run(lambda: one.create(KEY))
    assert one.find(KEY.digest) == KEY, "at once"
    run(two.join)
    assert two.find(KEY.digest) == KEY
    revoked = run(lambda: two.revoke(KEY.id, NOW))
    assert two.find(KEY.digest) == revoked
    run(one.join)
    assert one.find(KEY.digest) == revoked
    assert run(one.all) == run(two.all) == (revoked,)


def test_a_key_that_the_others_made_is_revoked_and_rotated_before_it_was_seen_here(house: House, url: str) -> None:
    one, two = house.keys("one", url), house.keys("two", url)
    run(lambda: one.create(KEY))
    run(lambda: one.create(OTHER))
    assert run(lambda: two.revoke(KEY.id, NOW)) is not None
    fresh, replaced = run(lambda: two.rotate(OTHER.id, Rotation("3" * 64, NOW, timedelta(days=1))))
    assert (two.find("3" * 64), two.find(OTHER.digest)) == (fresh, replaced)
    assert run(lambda: two.revoke(KeyId("key_none"), NOW)) is None


def test_keys_that_gateways_had_before_they_joined_are_known_to_all(house: House, url: str) -> None:
    one, two = house.keys("one", url), house.keys("two", url)
    run(lambda: one.near.create(KEY))
    run(lambda: two.near.create(OTHER))
    for keys in (one, two, one):
        run(keys.join)
    assert run(one.all) == run(two.all) == (KEY, OTHER)


def test_an_unknown_key_is_unknown_only_while_others_are_heard(house: House, url: str) -> None:
    keys = house.keys("one", url)
    with pytest.raises(Unavailable) as never:
        keys.find("0" * 64)
    assert (never.value.code, never.value.status) == ("keys_unavailable", 503)
    run(lambda: keys.create(KEY))
    run(keys.join)
    assert keys.find("0" * 64) is None
    os.utime(house.folder / "one" / FRESH_FILE, (0, 0))
    assert keys.find(KEY.digest) == KEY
    with pytest.raises(Unavailable):
        keys.find("0" * 64)


def test_while_nobody_answers_nothing_is_made_or_rotated(house: House) -> None:
    keys = house.keys("one", AWAY)
    run(lambda: keys.near.create(KEY))
    for asking in (lambda: keys.create(OTHER), lambda: keys.rotate(KEY.id, Rotation("3" * 64, NOW, timedelta()))):
        with pytest.raises(Unavailable) as refused:
            run(asking)
        assert refused.value.code == "keys_unavailable"
        assert "did not confirm" in refused.value.message
    assert run(keys.all) == (KEY,)
    with pytest.raises(PostgresAway):
        run(keys.join)


def test_a_revocation_holds_here_while_nobody_answers_and_everywhere_afterwards(house: House, url: str) -> None:
    for keys in (one := house.keys("one", url), two := house.keys("two", url)):
        run(keys.join)
    run(lambda: one.create(KEY))
    run(two.join)
    with pytest.raises(Unavailable) as refused:
        run(lambda: house.keys("one", AWAY).revoke(KEY.id, NOW))
    assert "closed at this gateway" in refused.value.message
    found = one.find(KEY.digest)
    assert found is not None
    assert found.state(NOW) == "revoked"
    run(lambda: two.rotate(KEY.id, Rotation("3" * 64, NOW, timedelta(days=1))))
    run(one.join)
    run(two.join)
    assert {key.state(NOW) for key in run(two.all)} == {"revoked"}, "its new secret too"


def test_no_key_is_closed_here_that_is_not_there(house: House) -> None:
    with pytest.raises(Unavailable) as refused:
        run(lambda: house.keys("one", AWAY).revoke(KeyId("key_none"), NOW))
    assert "did not confirm" in refused.value.message


def test_a_restored_backup_opens_nothing_and_forgets_nothing(house: House, url: str) -> None:
    one, two = house.keys("one", url), house.keys("two", url)
    run(lambda: one.create(KEY))
    run(two.join)
    backup = asked(url, "SELECT mark FROM key_changes")
    run(lambda: one.create(OTHER))
    run(lambda: one.revoke(KEY.id, NOW))
    asked(url, "DELETE FROM keys WHERE id = %s", OTHER.id)
    asked(url, "UPDATE keys SET revoked_at = NULL")
    asked(url, "UPDATE key_changes SET mark = %s", *backup[0])
    for keys in (one, two):
        run(keys.join)
    assert [(key.id, key.state(NOW)) for key in run(two.all)] == [(KEY.id, "revoked"), (OTHER.id, "active")]


def until(house: House, kind: type[KeyStoreNews], keys: SharedKeys) -> KeyStoreNews:
    """The next news of that kind while those keys are kept up to date."""

    async def main() -> KeyStoreNews:
        told = anyio.Event()
        house.hear = lambda news: told.set() if isinstance(news, kind) else None
        await while_running(keys, told.wait)
        return house.news[-1]

    return run(main)


async def while_running(keys: SharedKeys, story: Callable[[], Awaitable[None]]) -> None:
    with anyio.fail_after(PATIENCE_S):
        async with anyio.create_task_group() as group:
            group.start_soon(partial(keys.run, every_s=0.01))
            await story()
            group.cancel_scope.cancel()


def test_it_is_said_when_others_are_not_heard_and_when_they_are_again(house: House, server: PostgresServer) -> None:
    url = server.database()
    keys = house.keys("one", url)
    run(lambda: keys.create(KEY))
    server.stop()
    away = until(house, KeyStoreAlone, keys)
    assert away == KeyStoreAlone("OperationalError", 0)
    with pytest.raises(Unavailable):
        run(lambda: keys.revoke(KEY.id, NOW))
    server.start()
    assert until(house, KeyStoreShared, keys) == KeyStoreShared(1)
    other = house.keys("two", url)
    run(other.join)
    assert [key.state(NOW) for key in run(other.all)] == ["revoked"], "it was told what it had missed"


def test_a_change_of_another_gateway_is_seen_without_being_asked_for(house: House, url: str) -> None:
    one, two = house.keys("one", url), house.keys("two", url)
    run(two.join)

    async def story() -> None:
        for change, state in ((created(KEY), "active"), (revoked(KEY.id, NOW), "revoked")):
            learned = house.near["two"].learned = anyio.Event()
            await one.change(change)
            await learned.wait()
            assert [key.state(NOW) for key in await two.all()] == [state]

    run(lambda: while_running(two, story))
    assert house.news == []


def test_what_others_changed_is_looked_for_often_enough_to_be_known_within_a_second() -> None:
    assert EVERY_S <= 0.5
