from __future__ import annotations

import os
from datetime import date

from ulid import ULID

from gateway.compose.clock import Randomness, SystemClock


def test_the_clock_is_in_utc_and_its_ids_sort_by_time() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() is not None
    assert clock.today() in (clock.now().date(), date.today())
    ids = [clock.ulid() for _ in range(3)]
    assert len(set(ids)) == 3
    assert {len(i) for i in ids} == {26}
    assert ids[0][:8] <= ids[2][:8]


def test_its_ids_are_ulids_of_the_moment_with_80_random_bits() -> None:
    clock = SystemClock()
    before = clock.now()
    ids = [ULID.from_str(clock.ulid()) for _ in range(100)]
    after = clock.now()
    assert all(before.replace(microsecond=before.microsecond // 1000 * 1000) <= i.datetime <= after for i in ids)
    tails = [int.from_bytes(i.bytes[6:]) for i in ids]
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
