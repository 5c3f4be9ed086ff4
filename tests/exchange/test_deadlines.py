# ruff: noqa: PT012  # what is cut has to be waiting inside
"""Deadlines and departures of one exchange: what is cut, what is not, and what nobody loses when two things meet."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TypeVarTuple

import pytest

from gateway.exchange.deadlines import Deadline, DeadlineScope

FOR_EVER = 3600.0
_Ts = TypeVarTuple("_Ts")


def play(story: Callable[[DeadlineScope], Awaitable[None]]) -> None:
    """The story in a task of its own, with nothing left over when it ends."""

    async def told() -> None:
        watch = DeadlineScope()
        task = asyncio.ensure_future(story(watch))
        try:
            await asyncio.wait_for(task, 30)
        finally:
            watch.close()
        await asyncio.sleep(0)

    asyncio.run(told())


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def later(call: Callable[[], object]) -> None:
    asyncio.get_running_loop().call_soon(call)


def cancels() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()


def test_a_block_ends_when_its_deadline_passes_and_the_next_one_is_not_touched() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(0.01) as limit:
            await for_ever()
        assert limit.passed
        assert cancels() == 0
        with watch.within(FOR_EVER) as next_one:
            await asyncio.sleep(0.02)
        assert not next_one.passed

    play(story)


def test_a_block_that_is_quick_enough_leaves_no_trace() -> None:
    async def story(watch: DeadlineScope) -> None:
        for _ in range(3):
            with watch.within(0.01) as limit:
                await asyncio.sleep(0)
            assert not limit.passed
        await asyncio.sleep(0.03)
        assert cancels() == 0

    play(story)


@pytest.mark.parametrize(("outer_s", "inner_s"), [(0.01, FOR_EVER), (FOR_EVER, 0.01), (0.01, 0.01)])
def test_the_deadline_that_passes_ends_its_own_block(outer_s: float, inner_s: float) -> None:
    async def story(watch: DeadlineScope) -> None:
        inner_ended = False
        with watch.within(outer_s) as outer:
            with watch.within(inner_s) as inner:
                await for_ever()
            inner_ended = True
            if outer_s < FOR_EVER:
                await for_ever()
        assert outer.passed == (outer_s < FOR_EVER)
        assert inner_ended == inner.passed
        assert cancels() == 0

    play(story)


def test_a_deadline_can_be_moved_both_ways_and_taken_away() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(0.01) as limit:
            limit.move(watch.now() + 0.05)
            await asyncio.sleep(0.03)
            limit.move(float("inf"))
            await asyncio.sleep(0.04)
            assert not limit.passed
            limit.move(watch.now() + 0.01)
            await for_ever()
        assert limit.passed

    play(story)


def test_a_client_that_leaves_ends_every_block() -> None:
    async def story(watch: DeadlineScope) -> None:
        seen = []
        try:
            with watch.within(FOR_EVER) as outer, watch.within(FOR_EVER) as inner:
                later(watch.leave)
                await for_ever()
        except asyncio.CancelledError:
            assert watch.departed()
            seen = [outer.passed, inner.passed]
        assert seen == [False, False]
        assert cancels() == 0
        await asyncio.sleep(0)

    play(story)


def test_a_client_that_has_left_before_the_first_block_is_found_there() -> None:
    async def story(watch: DeadlineScope) -> None:
        watch.leave()
        with pytest.raises(asyncio.CancelledError), watch.within(FOR_EVER):
            raise AssertionError("nothing begins")
        assert watch.departed()

    play(story)


def test_a_departure_is_not_lost_to_a_deadline_that_passes_at_the_same_moment() -> None:
    async def story(watch: DeadlineScope) -> None:
        with pytest.raises(asyncio.CancelledError), watch.within(FOR_EVER) as limit:
            later(limit.cut)
            later(watch.leave)
            await for_ever()
        assert watch.departed()
        assert cancels() == 0

    play(story)


def test_a_departure_counts_once() -> None:
    async def story(watch: DeadlineScope) -> None:
        with pytest.raises(asyncio.CancelledError), watch.within(FOR_EVER):
            later(watch.leave)
            later(watch.leave)
            await for_ever()
        assert watch.departed()
        watch.leave()
        with watch.within(FOR_EVER):
            await asyncio.sleep(0.01)

    play(story)


def test_what_is_shielded_goes_on_and_is_told_behind_it() -> None:
    async def story(watch: DeadlineScope) -> None:
        done = False
        with pytest.raises(asyncio.CancelledError), watch.within(FOR_EVER):
            with watch.within(FOR_EVER, shielded=True):
                later(watch.leave)
                await asyncio.sleep(0.01)
                done = True
            raise AssertionError("told where the shield ends")
        assert done
        assert watch.departed()

    play(story)


@pytest.mark.parametrize("leaves", [True, False], ids=["a departure", "a deadline"])
def test_what_comes_to_a_shield_within_a_shield_is_told_behind_both(leaves: bool) -> None:
    async def story(watch: DeadlineScope) -> None:
        done = 0
        with contextlib.suppress(asyncio.CancelledError), watch.within(FOR_EVER) as outer:
            with watch.within(FOR_EVER, shielded=True):
                with watch.within(FOR_EVER, shielded=True):
                    later(watch.leave if leaves else outer.cut)
                    await asyncio.sleep(0.01)
                    done = 1
                with watch.within(FOR_EVER):
                    await asyncio.sleep(0.01)
                done = 2
            raise AssertionError("told where the last shield ends")
        assert done == 2
        assert (watch.departed(), outer.passed) == (leaves, not leaves)
        assert cancels() == 0

    play(story)


def test_a_deadline_within_a_shield_ends_its_block_and_the_one_around_it_still_waits() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(FOR_EVER) as outer:
            with watch.within(FOR_EVER, shielded=True):
                with watch.within(FOR_EVER) as inner:
                    later(inner.cut)
                    later(outer.cut)
                    await for_ever()
                assert inner.passed
                assert not outer.passed
                await asyncio.sleep(0.01)
            raise AssertionError("told where the shield ends")
        assert outer.passed
        assert cancels() == 0

    play(story)


def test_a_watch_that_was_closed_rings_again_for_its_next_block() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(0.005):
            pass
        watch.close()
        with watch.within(0.01) as limit:
            await for_ever()
        assert limit.passed

    play(story)


def test_an_outer_deadline_waits_for_the_shield() -> None:
    async def story(watch: DeadlineScope) -> None:
        done = False
        with watch.within(0.01) as outer:
            with watch.within(FOR_EVER, shielded=True):
                await asyncio.sleep(0.03)
                done = True
            raise AssertionError("told where the shield ends")
        assert outer.passed
        assert done

    play(story)


def test_a_shield_has_a_deadline_of_its_own_also_behind_a_departure() -> None:
    async def story(watch: DeadlineScope) -> None:
        try:
            with watch.within(FOR_EVER):
                later(watch.leave)
                await for_ever()
        except asyncio.CancelledError:
            with watch.within(0.01, shielded=True) as limit:
                await for_ever()
            assert limit.passed
        assert watch.departed()
        assert cancels() == 0

    play(story)


def test_a_fault_in_a_shield_goes_through_and_what_waited_is_told_at_the_next_await() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(FOR_EVER) as outer:
            with pytest.raises(ValueError, match="ours"), watch.within(FOR_EVER, shielded=True):
                later(outer.cut)
                await asyncio.sleep(0.01)
                raise ValueError("ours")
            await for_ever()
        assert outer.passed

    play(story)


def test_a_cancellation_from_elsewhere_is_nobodys_deadline() -> None:
    async def story(watch: DeadlineScope) -> None:
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(asyncio.CancelledError), watch.within(FOR_EVER) as limit:
            later(task.cancel)
            await for_ever()
        assert not limit.passed
        assert not watch.departed()
        assert task.uncancel() == 0

    play(story)


def cut_off(_scope: DeadlineScope, limit: Deadline) -> None:
    limit.cut()


def client_leaves(scope: DeadlineScope, _limit: Deadline) -> None:
    scope.leave()


@pytest.mark.parametrize("interrupt", [cut_off, client_leaves])
@pytest.mark.parametrize("first", ["ours", "elsewhere"])
def test_a_cancellation_from_elsewhere_goes_through_in_the_turn_of_an_interruption(
    interrupt: Callable[[DeadlineScope, Deadline], None], first: str
) -> None:
    async def story(watch: DeadlineScope) -> None:
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(asyncio.CancelledError), watch.within(FOR_EVER) as limit:
            both: list[Callable[[], object]] = [lambda: interrupt(watch, limit), task.cancel]
            for call in both if first == "ours" else reversed(both):
                later(call)
            await for_ever()
        assert not watch.departed()
        assert task.uncancel() == 0

    play(story)


def test_a_block_behind_a_cancellation_from_elsewhere_still_ends_at_its_deadline() -> None:
    async def story(watch: DeadlineScope) -> None:
        task = asyncio.current_task()
        assert task is not None
        with pytest.raises(asyncio.CancelledError):
            try:
                with watch.within(FOR_EVER):
                    later(task.cancel)
                    await for_ever()
            finally:
                with watch.within(0.01) as last:
                    await for_ever()
                assert last.passed
        assert task.uncancel() == 0

    play(story)


def test_a_clean_up_within_a_block_that_ends_has_a_deadline_of_its_own() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(0.01) as outer:
            try:
                await for_ever()
            finally:
                with watch.within(0.01, shielded=True) as last:
                    await for_ever()
                assert last.passed
        assert outer.passed
        assert cancels() == 0

    play(story)


def test_a_block_whose_deadline_passes_in_the_clean_up_of_one_within_it_ends_too() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(FOR_EVER) as outer:
            with watch.within(0.01):
                try:
                    await for_ever()
                finally:
                    with watch.within(FOR_EVER, shielded=True):
                        later(outer.cut)
                        await asyncio.sleep(0.01)
            raise AssertionError("the block around it has ended")
        assert outer.passed
        assert cancels() == 0

    play(story)


def test_a_deadline_is_watched_behind_a_block_whose_end_became_a_fault() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(0.04) as outer:
            with pytest.raises(ValueError, match="ours"), watch.within(0.01):
                try:
                    await for_ever()
                except asyncio.CancelledError:
                    raise ValueError("ours") from None
            await for_ever()
        assert outer.passed
        assert cancels() == 0

    play(story)


@pytest.mark.parametrize("interrupt", [cut_off, client_leaves])
def test_an_interruption_by_the_task_itself_comes_where_it_waits(
    interrupt: Callable[[DeadlineScope, Deadline], None],
) -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(FOR_EVER) as before:
            before.cut()
        await asyncio.sleep(0.01)
        assert not before.passed
        with contextlib.suppress(asyncio.CancelledError), watch.within(FOR_EVER) as limit:
            interrupt(watch, limit)
            await for_ever()
        assert limit.passed is not watch.departed()
        assert cancels() == 0

    play(story)


def test_one_timer_serves_all_blocks() -> None:
    async def story(watch: DeadlineScope) -> None:
        loop, made = asyncio.get_running_loop(), 0
        call_at = loop.call_at

        def counted(*args: object, **named: object) -> asyncio.TimerHandle:
            nonlocal made
            made += 1
            return call_at(*args, **named)  # type: ignore[arg-type]

        loop.call_at = counted  # type: ignore[method-assign]
        with watch.within(600):
            for _ in range(1000):
                with watch.within(700) as limit:
                    limit.move(watch.now() + 800)
        assert made == 1

    play(story)


def test_an_outer_deadline_is_still_watched_behind_an_inner_one_that_passed() -> None:
    async def story(watch: DeadlineScope) -> None:
        with watch.within(0.05) as outer:
            with watch.within(0.01) as inner:
                await for_ever()
            assert inner.passed
            await for_ever()
        assert outer.passed

    play(story)


def test_a_deadline_that_a_shield_holds_off_keeps_nobody_busy() -> None:
    async def story(watch: DeadlineScope) -> None:
        loop, made = asyncio.get_running_loop(), 0
        call_at = loop.call_at

        def counted(*args: object, **named: object) -> asyncio.TimerHandle:
            nonlocal made
            made += 1
            return call_at(*args, **named)  # type: ignore[arg-type]

        loop.call_at = counted  # type: ignore[method-assign]
        with watch.within(0.01) as outer, watch.within(FOR_EVER, shielded=True):
            await asyncio.sleep(0.03)
        assert outer.passed
        assert made < 10

    play(story)


class BusyLoop(asyncio.SelectorEventLoop):
    """Timers ring a moment early, as uvloop rounds them, and each look at the clock is a millisecond later."""

    looks = 0

    def time(self) -> float:
        self.looks += 1
        return self.looks / 1_000

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when - 0.001_5, callback, *args, context=context)


@pytest.mark.parametrize("seconds", [n / 10_000 for n in range(200, 230)])
def test_a_deadline_that_passes_between_two_looks_at_the_clock_is_not_lost(seconds: float) -> None:
    async def main() -> bool:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        loop.call_later(1, task.cancel)
        scope = DeadlineScope()
        with scope.within(seconds) as deadline:
            await asyncio.Event().wait()
        scope.close()
        return deadline.passed

    with asyncio.Runner(loop_factory=BusyLoop) as runner:
        assert runner.run(main())
