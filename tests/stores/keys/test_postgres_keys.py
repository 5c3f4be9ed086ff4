from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeVar

import anyio
import pytest

from gateway.core.keyring import Rotation, created, revoked, rotated
from gateway.core.organisation import Budget
from gateway.core.principal import Key
from gateway.stores.keys.postgres_keys import PostgresKeys
from gateway.stores.postgres.connection import Postgres
from tests.builders import NOW, a_key
from tests.stores.books_in import run
from tests.stores.postgres_server import fresh_database
from tests.stores.shipped import asked

T = TypeVar("T")
WHOLE = a_key(
    digest="1" * 64,
    label="the laptop",
    expires_at=NOW + timedelta(days=30, microseconds=7),
    classes=frozenset({"personal", "public"}),
    budgets=(Budget(5_000_000_000, "month", soft=True), Budget(1, "total", floor=256)),
)


@pytest.fixture
def url() -> str:
    return fresh_database()


def keys_at(url: str, organisation: str = "acme") -> PostgresKeys:
    return PostgresKeys(Postgres(url), organisation)


def done(keys: PostgresKeys, work: Callable[..., Awaitable[T]], *values: object) -> T:
    """A method of it, with a connection of its own."""

    async def main() -> T:
        async with keys.connected() as connection:
            return await work(connection, *values)

    return run(main)


def test_a_key_is_there_with_all_that_it_is(url: str) -> None:
    keys = keys_at(url)
    assert done(keys, keys.change, created(WHOLE), ()) == (WHOLE,)
    assert done(keys, keys.all) == (WHOLE,)


def test_every_change_leaves_another_mark_and_a_look_none(url: str) -> None:
    keys = keys_at(url)
    marks = [done(keys, keys.mark)]
    for change in (created(WHOLE), revoked(WHOLE.id, NOW)):
        done(keys, keys.change, change, ())
        marks.append(done(keys, keys.mark))
    assert done(keys, keys.mark) == marks[-1]
    assert (marks[0], len(set(marks))) == ("", 3)


def test_organisations_in_one_database_do_not_see_one_another(url: str) -> None:
    ours, theirs = keys_at(url), keys_at(url, "other")
    done(ours, ours.change, created(WHOLE), ())
    assert done(theirs, theirs.all) == ()
    assert done(theirs, theirs.mark) == ""


def test_what_is_known_near_goes_there_with_any_change(url: str) -> None:
    keys, near = keys_at(url), a_key("key_2", digest="2" * 64)
    done(keys, keys.change, created(WHOLE), (near,))
    assert done(keys, keys.all) == (WHOLE, near)


def test_what_was_closed_stays_so_whoever_says_otherwise(url: str) -> None:
    keys = keys_at(url)
    done(keys, keys.change, created(WHOLE), ())
    done(keys, keys.change, revoked(WHOLE.id, NOW), ())
    done(keys, keys.change, created(WHOLE), (WHOLE,))
    ((found),) = done(keys, keys.all)
    assert (found.revoked_at, found.expires_at) == (NOW, WHOLE.expires_at)


def test_a_change_that_refuses_leaves_no_mark(url: str) -> None:
    def refused(_: object) -> tuple[Key, ...]:
        raise ValueError("refused")

    keys = keys_at(url)
    with pytest.raises(ValueError, match="refused"):
        done(keys, keys.change, refused, ())
    assert done(keys, keys.mark) == ""


def test_gateways_that_rotate_at_the_same_time_do_so_one_after_the_other(url: str) -> None:
    """So that of all secrets but the newest, each ends."""
    keys = keys_at(url)
    done(keys, keys.change, created(WHOLE), ())

    async def one(digest: str) -> None:
        async with keys.connected() as connection:
            change = rotated(WHOLE.id, Rotation(digest, NOW + timedelta(hours=1), timedelta()))
            await keys.change(connection, change, ())

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(4):
                tasks.start_soon(partial(one, f"{number}" * 60))

    run(main)
    found = done(keys, keys.all)
    assert len(found) == 5
    assert [key.state(NOW) for key in found] == ["revoked"] * 4 + ["active"]


def test_a_label_that_no_text_can_hold_is_kept_without_what_it_cannot(url: str) -> None:
    keys = keys_at(url)
    done(keys, keys.change, created(a_key(label="a\0b")), ())
    assert [key.label for key in done(keys, keys.all)] == ["a\ufffdb"]


def test_times_are_in_utc_whatever_the_server_prefers(url: str) -> None:
    keys = keys_at(url)
    done(keys, keys.change, created(WHOLE), ())
    asked(
        url,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kathmandu''', current_database()); END $$",
    )
    ((found),) = done(keys, keys.all)
    assert found.created_at.isoformat() == WHOLE.created_at.isoformat()
