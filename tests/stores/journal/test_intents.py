from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.errors import Unavailable
from gateway.core.principal import AccountId
from gateway.core.receipt import ReceiptId
from gateway.stores.holds import Hold
from gateway.stores.journal.intents import INTENTS_FILE, Intents, kept

DRAFT = b'{"id":"A"}'


@pytest.fixture
def intents(tmp_path: Path) -> Iterator[Intents]:
    with closing(Intents.open(tmp_path, syncs=True)) as opened:
        yield opened


def a_hold(number: int) -> Hold:
    accounts = (AccountId("organisation/acme"), AccountId("team/å"))
    return Hold(f"A.{number}", ReceiptId("A"), 10**15 + number, accounts, 1_800_000_000, number, "Europe/Stockholm")


def names(state: Path) -> list[str]:
    return [intent.hold for intent in kept(state)]


def test_what_is_kept_can_be_read_whole_beside_the_writer(tmp_path: Path, intents: Intents) -> None:
    intents.keep(a_hold(1), DRAFT)
    (found,) = kept(tmp_path)
    hold = a_hold(1)
    assert (found.hold, found.receipt, found.amount, found.at) == (hold.id, hold.receipt, hold.amount, hold.at)
    assert (found.accounts, found.zone, found.row, found.draft) == (hold.accounts, hold.zone, hold.row, DRAFT)


def test_what_is_dropped_is_gone_with_its_bytes(tmp_path: Path, intents: Intents) -> None:
    intents.keep(a_hold(1), b"x" * 5_000)
    intents.keep(a_hold(2), DRAFT)
    intents.drop("A.1")
    intents.drop("A.1")
    intents.drop("never kept")
    assert names(tmp_path) == ["A.2"]
    assert b"xxx" not in (tmp_path / INTENTS_FILE).read_bytes()


@pytest.mark.parametrize("size", [0, 1, 1_900, 2_040, 2_041, 4_096, 700_000])
def test_records_of_every_size_stand_beside_one_another(tmp_path: Path, intents: Intents, size: int) -> None:
    drafts = {f"A.{number}": bytes([64 + number]) * size for number in range(1, 5)}
    for number, draft in enumerate(drafts.values(), start=1):
        intents.keep(a_hold(number), draft)
    intents.drop("A.2")
    intents.keep(replace(a_hold(5), id="A.5"), DRAFT)
    del drafts["A.2"]
    assert {i.hold: i.draft for i in kept(tmp_path)} == {**drafts, "A.5": DRAFT}


def test_thousands_at_once_are_kept_in_their_order_and_their_room_is_used_again(
    tmp_path: Path, intents: Intents
) -> None:
    for number in range(1, 3_001):
        intents.keep(a_hold(number), DRAFT)
    assert names(tmp_path) == [f"A.{number}" for number in range(1, 3_001)]
    size = (tmp_path / INTENTS_FILE).stat().st_size
    for number in range(1, 3_001):
        intents.drop(f"A.{number}")
        intents.keep(a_hold(number + 3_000), DRAFT)
    assert (tmp_path / INTENTS_FILE).stat().st_size == size
    assert names(tmp_path) == [f"A.{number}" for number in range(3_001, 6_001)]


def test_what_an_earlier_process_left_stays_until_it_is_cleared(tmp_path: Path) -> None:
    with closing(Intents.open(tmp_path, syncs=False)) as first:
        first.keep(a_hold(2), DRAFT)
        first.keep(a_hold(1), b"y" * 3_000)
    with closing(Intents.open(tmp_path, syncs=False)) as second:
        assert [intent.hold for intent in second.left()] == ["A.1", "A.2"]
        second.clear()
        assert second.left() == []
        second.keep(a_hold(3), DRAFT)
    assert names(tmp_path) == ["A.3"]


@pytest.mark.parametrize("at", [0, 4, 8, 60])
def test_a_record_that_is_not_whole_was_never_kept(tmp_path: Path, intents: Intents, at: int) -> None:
    """A power cut may leave some of its bytes on the disk and not others; the one behind it stands."""
    intents.keep(a_hold(1), b"z" * 5_000)
    intents.keep(a_hold(2), DRAFT)
    handle = os.open(tmp_path / INTENTS_FILE, os.O_WRONLY)
    os.pwrite(handle, b"\0", at)
    os.close(handle)
    assert names(tmp_path) == ["A.2"]


def test_a_file_that_was_cut_off_loses_what_was_cut_and_no_more(tmp_path: Path) -> None:
    with closing(Intents.open(tmp_path, syncs=False)) as first:
        first.keep(a_hold(1), DRAFT)
        first.keep(a_hold(2), b"z" * 5_000)
    os.truncate(tmp_path / INTENTS_FILE, 5_000)
    with closing(Intents.open(tmp_path, syncs=False)) as second:
        assert [intent.hold for intent in second.left()] == ["A.1"]


def test_there_is_an_end_to_what_can_be_under_way(tmp_path: Path, intents: Intents) -> None:
    intents.keep(a_hold(1), DRAFT)
    with pytest.raises(Unavailable) as refused:
        intents.keep(a_hold(2), b"x" * 150_000_000)
    assert refused.value.code == "overloaded"
    assert names(tmp_path) == ["A.1"]


def test_closed_it_keeps_nothing_more_and_loses_nothing(tmp_path: Path) -> None:
    intents = Intents.open(tmp_path, syncs=True)
    intents.keep(a_hold(1), DRAFT)
    intents.close()
    intents.close()
    with pytest.raises(Unavailable):
        intents.keep(a_hold(2), DRAFT)
    intents.drop("A.1")
    assert names(tmp_path) == ["A.1"]


def test_where_there_is_no_file_nothing_is_kept(tmp_path: Path) -> None:
    assert kept(tmp_path) == []
