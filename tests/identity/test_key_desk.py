from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.errors import InvalidRequest, NotFound
from gateway.core.organisation import Budget
from gateway.identity.key_desk import KeyDesk, KeyNews, NewKey, budgets_in
from gateway.stores.journal.journal import Journal
from gateway.stores.keys.keys import SqliteKeys, digest_of
from tests.builders import NOW, a_snapshot


class Room:
    """A desk over a journal of its own. `heard`: every event of it."""

    def __init__(self, journal: Journal, default_policy: str = "") -> None:
        self.heard: list[KeyNews] = []
        self.keys = SqliteKeys(journal)
        self.desk = KeyDesk(self.keys, a_snapshot, lambda: NOW, default_policy, self.heard.append)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path, "process")
    yield journal
    journal.close()


async def test_a_key_is_made_rotated_and_revoked_and_each_change_is_an_event(journal: Journal) -> None:
    room = Room(journal)
    made = await room.desk.create(NewKey("research", "open", "laptop"), "uid:1")
    assert room.keys.find(digest_of(made.secret)) == made.key
    fresh = await room.desk.rotate(made.key.id, timedelta(hours=1), None, "uid:2")
    assert fresh.replaced_until == NOW + timedelta(hours=1)
    assert fresh.key.id == made.key.id
    assert (await room.desk.revoke(made.key.id, "uid:3")).state(NOW) == "revoked"
    assert [(type(news).__name__, news.actor) for news in room.heard] == [
        ("KeyCreated", "uid:1"),
        ("KeyRotated", "uid:2"),
        ("KeyRevoked", "uid:3"),
    ]
    assert made.secret not in repr(made)


async def test_nothing_is_made_of_names_that_nobody_declares(journal: Journal) -> None:
    room = Room(journal)
    for new in (
        NewKey("research"),
        NewKey("nobody", "open"),
        NewKey("research", "nothing"),
        NewKey("research", "open", classes=frozenset({"secret"})),
    ):
        with pytest.raises(InvalidRequest):
            await room.desk.create(new, "uid:1")
    assert (room.heard, await room.keys.all()) == ([], ())
    assert (await Room(journal, "open").desk.create(NewKey("research"), "uid:1")).key.policy == "open"


async def test_an_unknown_key_is_refused(journal: Journal) -> None:
    room = Room(journal)
    with pytest.raises(NotFound):
        await room.desk.rotate("key_9", timedelta(), None, "uid:1")
    with pytest.raises(NotFound):
        await room.desk.revoke("key_9", "uid:1")


def test_budgets_are_read_from_their_short_form() -> None:
    assert budgets_in(["5/month", "4/day,soft"]) == (Budget(5_000_000_000, "month"), Budget(4_000_000_000, "day", True))
    for wrong in (["much"], ["5/month", "6/month"], [5]):
        with pytest.raises(InvalidRequest):
            budgets_in(wrong)
