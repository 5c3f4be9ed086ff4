"""Ids that sort by time and that nobody can guess."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from ulid import ULID

from gateway.stores.ids import Randomness, ulid


def test_an_id_is_a_ulid_of_the_moment_with_80_random_bits() -> None:
    before = datetime.now(UTC)
    made = [ULID.from_str(ulid()) for _ in range(100)]
    after = datetime.now(UTC)
    assert all(before.replace(microsecond=before.microsecond // 1000 * 1000) <= i.datetime <= after for i in made)
    tails = [int.from_bytes(i.bytes[6:]) for i in made]
    for bit in range(80):
        assert {tail >> bit & 1 for tail in tails} == {0, 1}


def test_no_bytes_are_given_twice() -> None:
    randomness = Randomness()
    assert len({randomness.take() for _ in range(2_000)}) == 2_000


def test_a_forked_process_has_bytes_of_its_own() -> None:
    randomness, (heard, said) = Randomness(), os.pipe()
    randomness.take()
    child = os.fork()
    if child == 0:
        os.write(said, randomness.take())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(heard, 64)
    for end in (heard, said):
        os.close(end)
    assert len(told) == 10
    assert told not in {randomness.take() for _ in range(2_000)}
