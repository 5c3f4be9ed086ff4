from __future__ import annotations

from gateway.identity.attempts import Attempts
from tests.exchange.desk import Stopped


def test_a_sender_waits_for_its_window_and_others_do_not() -> None:
    clock = Stopped()
    attempts = Attempts(2, 60.0, clock.monotonic)
    assert [attempts.wait_s("a") for _ in range(3)] == [0.0, 0.0, 60.0]
    clock.passes(20.0)
    assert (attempts.wait_s("a"), attempts.wait_s("b")) == (40.0, 0.0)
    clock.passes(40.0)
    assert attempts.wait_s("a") == 0.0


def test_memory_is_bounded_and_the_newest_senders_stay_limited() -> None:
    clock = Stopped()
    attempts = Attempts(1, 60.0, clock.monotonic)
    for number in range(10_000):
        clock.passes(0.001)
        attempts.wait_s(str(number))
    assert len(attempts._counts) <= 4_096
    assert attempts.wait_s("9999") > 0.0
    clock.passes(60.0)
    assert attempts.wait_s("9999") == 0.0
