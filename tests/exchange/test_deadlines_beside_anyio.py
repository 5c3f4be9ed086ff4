"""Random programs of deadlines, shields, moves, departures and cancellations end as they do under anyio's scopes.

Time is virtual: a loop whose selector jumps to the next timer. Waits of a program end between the ticks at which
something happens to it, so that no outcome depends on which of two callbacks of one turn comes first.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gateway.exchange.deadlines import Deadline, DeadlineScope
from tests.strategies import examples

# --- programs --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wait:
    """For so many ticks."""

    name: int
    ticks: int


@dataclass(frozen=True)
class Block:
    """`at`: the tick of its deadline."""

    name: int
    at: float
    shielded: bool
    body: Program


@dataclass(frozen=True)
class CleanUp:
    """`try: body finally: last`, where `last` stands behind a shield."""

    body: Program
    last: Block


@dataclass(frozen=True)
class Move:
    """Another deadline for the innermost open block."""

    at: float


Statement: TypeAlias = Wait | Block | CleanUp | Move
Program: TypeAlias = tuple[Statement, ...]


@dataclass(frozen=True)
class Happening:
    """What happens to the task from outside: in the same turn as the one before, in the next one, or long after it."""

    at: int
    what: Literal["cancel", "leave", "cut", "move"]
    block: int
    to: float
    turns: int


TICKS = 12
ticks = st.integers(1, TICKS)
deadlines = st.one_of(ticks.map(float), st.just(math.inf))
names = st.integers(0, 2**30)


def blocks(body: st.SearchStrategy[Program], shielded: st.SearchStrategy[bool]) -> st.SearchStrategy[Block]:
    return st.builds(Block, names, deadlines, shielded, body)


waits = st.builds(Wait, names, st.integers(1, 6))
straight: st.SearchStrategy[Program] = st.lists(waits, min_size=1, max_size=2).map(tuple)


def around(body: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
    clean_up = st.builds(CleanUp, body, blocks(straight, st.just(True)))
    block = blocks(body, st.sampled_from([False, False, True]))
    statement: st.SearchStrategy[Statement] = st.one_of(block, block, clean_up, waits, st.builds(Move, deadlines))
    return st.tuples(waits, st.lists(statement, min_size=1, max_size=3)).map(lambda p: (p[0], *p[1]))


programs = st.recursive(straight, around, max_leaves=8)
happenings = st.lists(
    st.builds(
        Happening,
        ticks,
        st.sampled_from(["cancel", "cancel", "leave", "cut", "move"]),
        st.integers(0, 4),
        ticks.map(float),
        st.sampled_from([0, 0, 1, 9]),
    ),
    max_size=4,
)

# --- two machines that run them --------------------------------------------------------------------------------------


class Scope(Protocol):
    """One open block of either machine."""

    def move(self, at: float) -> None: ...
    def cut(self) -> None: ...


class Machine(Protocol):
    async def run(self, story: Callable[[], Awaitable[None]]) -> str: ...
    async def block(self, at: float, shielded: bool, body: Callable[[Scope], Awaitable[None]]) -> bool: ...
    def leave(self) -> None: ...


class Ours:
    def __init__(self) -> None:
        self.scope = DeadlineScope()
        self.leave = self.scope.leave

    async def run(self, story: Callable[[], Awaitable[None]]) -> str:
        try:
            with self.scope.within(math.inf):
                await story()
            return "completed"
        except asyncio.CancelledError:
            if not self.scope.departed():
                raise
            return "left"
        finally:
            self.scope.close()

    async def block(self, at: float, shielded: bool, body: Callable[[Scope], Awaitable[None]]) -> bool:
        with self.scope.within(at - self.scope.now(), shielded=shielded) as deadline:
            await body(OurScope(deadline))
        return deadline.passed


@dataclass(frozen=True, eq=False)
class OurScope:
    deadline: Deadline

    def move(self, at: float) -> None:
        self.deadline.move(at)

    def cut(self) -> None:
        self.deadline.cut()


class Theirs:
    def __init__(self) -> None:
        self.client = anyio.CancelScope()
        self.leave = self.client.cancel

    async def run(self, story: Callable[[], Awaitable[None]]) -> str:
        with self.client:
            await story()
        return "left" if self.client.cancelled_caught else "completed"

    async def block(self, at: float, shielded: bool, body: Callable[[Scope], Awaitable[None]]) -> bool:
        with anyio.CancelScope(deadline=at, shield=shielded) as scope:
            await body(TheirScope(scope))
        if sys.exc_info()[0] is None:
            await checkpoint_if_cancelled()  # we interrupt where a shield ends, anyio at the first wait behind it
        return scope.cancelled_caught


@dataclass(frozen=True, eq=False)
class TheirScope:
    scope: anyio.CancelScope

    def move(self, at: float) -> None:
        self.scope.deadline = at

    def cut(self) -> None:
        self.scope.cancel()


# --- what they leave behind ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Course:
    """Everything that can be seen of one run: what was reached, in order and when; how it ended; how often the task
    counts as cancelled then."""

    reached: tuple[tuple[float, str], ...]
    end: str
    cancelling: int


class Performance:
    """One program under way on one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._loop = machine, asyncio.get_running_loop()
        self._reached: list[tuple[float, str]] = []
        self._open: list[Scope] = []
        self._cut: list[Scope] = []  # ours takes a cut back that has not ended its block when it is moved, anyio never

    async def play(self, program: Program, events: list[Happening]) -> Course:
        task = asyncio.ensure_future(self._machine.run(lambda: self._steps(program)))
        for tick, chain in chains(events):
            self._loop.call_at(tick, self._happen, chain, task)
        await asyncio.wait([task])
        end = "cancelled" if task.cancelled() else task.result()
        return Course(tuple(self._reached), end, task.cancelling())

    async def _steps(self, program: Program) -> None:
        for statement in program:
            await self._step(statement)

    async def _step(self, statement: Statement) -> None:
        if isinstance(statement, Wait):
            await self._until(math.floor(self._loop.time()) + statement.ticks + 0.5)
            self._reach(f"waited {statement.name}")
        elif isinstance(statement, Block):
            await self._block(statement)
        elif isinstance(statement, Move):
            self._move(len(self._open) - 1, statement.at)
        else:
            try:
                await self._steps(statement.body)
            except asyncio.CancelledError:
                await self._run(statement.last)  # behind it the task is cancelled anyway, so that nothing is reached
                raise
            await self._block(statement.last)

    async def _until(self, at: float) -> None:
        future = self._loop.create_future()
        timer = self._loop.call_at(at, future.set_result, None)
        try:
            await future
        finally:  # never between the two callbacks: nothing happens to a program at the half ticks
            timer.cancel()

    async def _block(self, block: Block) -> None:
        if block.at > self._loop.time():
            ended = await self._run(block)
            self._reach(f"block {block.name} {'ended' if ended else 'completed'}")

    async def _run(self, block: Block) -> bool:

        async def body(scope: Scope) -> None:
            self._open.append(scope)
            try:
                await self._steps(block.body)
            finally:
                self._open.remove(scope)

        return await self._machine.block(max(block.at, self._loop.time()), block.shielded, body)

    def _reach(self, what: str) -> None:
        self._reached.append((self._loop.time(), what))

    def _happen(self, chain: list[Happening], task: asyncio.Future[Any]) -> None:
        """The first of them, and in the same turn those that come with it; the others so many turns later."""
        happening, *others = chain
        if not task.done():
            self._do(happening, task)
        if others and others[0].turns == 0:
            self._happen(others, task)
        elif others:
            self._after(others[0].turns, lambda: self._happen(others, task))

    def _after(self, turns: int, call: Callable[[], None]) -> None:
        self._loop.call_soon(call if turns == 1 else lambda: self._after(turns - 1, call))

    def _do(self, happening: Happening, task: asyncio.Future[Any]) -> None:
        if happening.what == "cancel":
            task.cancel()
        elif happening.what == "leave":
            self._machine.leave()
        elif happening.block < len(self._open):
            if happening.what == "move":
                return self._move(happening.block, happening.to)
            self._cut.append(self._open[happening.block])
            self._cut[-1].cut()
        return None

    def _move(self, index: int, at: float) -> None:
        scope = self._open[index] if self._open else None
        if scope is not None and scope not in self._cut and at > self._loop.time():
            scope.move(at)


def chains(events: list[Happening]) -> list[tuple[int, list[Happening]]]:
    """Everything that happens at one tick, in one chain of turns."""
    by_tick: dict[int, list[Happening]] = {}
    for happening in events:
        by_tick.setdefault(happening.at, []).append(happening)
    return sorted(by_tick.items())


class Jump(selectors.SelectSelector):
    """A selector for which time passes at once."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing left to wait for"
        self.passed += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.passed


def course(machine: Callable[[], Machine], program: Program, events: list[Happening]) -> Course:
    async def played() -> Course:
        return await Performance(machine()).play(program, events)

    with closing(VirtualLoop()) as loop:
        return loop.run_until_complete(played())


def shields(program: Program) -> bool:
    return any(isinstance(s, CleanUp) or (isinstance(s, Block) and (s.shielded or shields(s.body))) for s in program)


@settings(max_examples=examples(300), deadline=None)
@given(programs, happenings)
def test_a_program_takes_the_course_that_it_takes_under_anyio(program: Program, events: list[Happening]) -> None:
    if shields(program):  # ours is interrupted where a shield ends, anyio's a turn later: nothing comes between
        events = [replace(e, turns=9 if e.turns else 0) for e in events]
    expected = course(Theirs, program, events)
    event(expected.end)
    assert course(Ours, program, events) == expected
