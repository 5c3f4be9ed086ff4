"""Several workers on one port: one process starts them, passes signals on, and replaces one that died.

It forks, and does nothing else: no thread, no event loop, no connection is open in it when a worker is made of it. All
workers accept from one socket, so that connections which wait outlive a worker; each has a state directory of its own.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_SETTLED_S: Final = 10.0
"""A worker that lived so long did not die of its start."""
_MOST_DELAY_S: Final = 30.0
_MOST_FAILURES: Final = 5
"""Starts of each worker that may fail one after the other, once no worker is left."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The place of a new process. `again`: it replaces one that died."""

    number: int
    listening: socket.socket
    again: bool
    _ready: int

    def ready(self) -> None:
        """To be called once, when it accepts requests."""
        os.write(self._ready, b"r")
        os.close(self._ready)


@dataclass(slots=True)
class _Place:
    """One worker's, whichever process fills it. `due`: when it is to be filled, None while it is."""

    number: int
    due: float | None = None
    pid: int = 0
    began: float = 0.0
    failures: int = 0
    pipe: int = -1
    """The pipe on which its process reports ready; -1 afterwards, or after its end."""
    served: bool = False
    """Some process of this place has been ready."""
    told_to_reload: bool = False


@dataclass(slots=True)
class Supervisor:
    """`died(number, code, again_ms)` is told of each worker that ended by itself; a code below 0 is a signal's."""

    count: int
    listening: socket.socket
    died: Callable[[int, int, int], None]
    delay_s: float = 1.0
    """Before a third start in a row of a worker that dies of it; doubled each time, up to half a minute."""
    _places: list[_Place] = field(default_factory=list)
    _leaving: bool = False
    _code: int = 0
    _wakes: tuple[int, int] = (-1, -1)
    _life: tuple[int, int] = (-1, -1)
    """A pipe into which nobody writes: workers see its end when this process is gone, and leave too."""

    def run(self) -> Worker | int:
        """In a new worker: its place, to go on with. In this process: the exit code, when all have ended."""
        self._places = [_Place(number) for number in range(1, self.count + 1)]
        self._places[0].due = monotonic()  # the first alone: the others read what it writes
        self._wakes, self._life = os.pipe(), os.pipe()
        for end in self._wakes:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakes[1], warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, _noted)
        while not self._over():
            for place in self._places:
                if place.due is not None and place.due <= monotonic() and (worker := self._fill(place)):
                    return worker
            self._wait()
            self._reap()
        return self._code

    def _over(self) -> bool:
        if any(place.pid for place in self._places):
            return False
        if not self._leaving and all(place.failures >= _MOST_FAILURES for place in self._places if place.due):
            self._leaving, self._code = True, 1
        return self._leaving

    def _fill(self, place: _Place) -> Worker | None:
        """The worker, in its own process; None in this one."""
        heard, said = os.pipe()
        place.due, place.began, place.told_to_reload = None, monotonic(), False
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # none may reach the child before it is itself
        place.pid = os.fork()
        if place.pid == 0:
            os.close(heard)
            self._become_worker()
            return Worker(place.number, self.listening, place.served, said)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(said)
        place.pipe = heard
        return None

    def _become_worker(self) -> None:
        os.setpgid(0, 0)  # Ctrl-C at a terminal is passed on, once
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for end in (*self._wakes, self._life[1], *(place.pipe for place in self._places if place.pipe >= 0)):
            os.close(end)
        threading.Thread(target=_end_with, args=(self._life[0],), name="supervisor", daemon=True).start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)  # in this thread only: the other one takes no signal

    def _wait(self) -> None:
        dues = [place.due for place in self._places if place.due is not None]
        patience = max(0.0, min(dues) - monotonic()) if dues else None
        pipes = {place.pipe: place for place in self._places if place.pipe >= 0}
        readable, _, _ = select.select([self._wakes[0], *pipes], [], [], patience)
        for pipe, place in pipes.items():
            if pipe in readable:
                self._hear(place)
        if self._wakes[0] in readable:
            for number in os.read(self._wakes[0], 512):
                self._pass_on(signal.Signals(number))

    def _hear(self, place: _Place) -> None:
        """It is ready, or its process has ended before."""
        ready = os.read(place.pipe, 1) == b"r"
        os.close(place.pipe)
        place.pipe = -1
        if not ready:
            return
        place.served = True
        if place.told_to_reload:
            os.kill(place.pid, signal.SIGHUP)
        for other in self._places:
            if not (other.served or other.pid or other.due or self._leaving):
                other.due = monotonic()

    def _pass_on(self, number: signal.Signals) -> None:
        if number is signal.SIGCHLD:
            return
        if number is not signal.SIGHUP:
            self._leave(number)
            return
        for place in self._places:
            if place.pipe >= 0:
                place.told_to_reload = True  # it may have read the documents already; it is told when it can hear
            elif place.pid:
                os.kill(place.pid, number)

    def _leave(self, number: signal.Signals) -> None:
        """No worker is begun any more; all that run are told, each time that this process is."""
        self._leaving = True
        self.listening.close()
        for place in self._places:
            place.due = None
            if place.pid:
                os.kill(place.pid, number)

    def _reap(self) -> None:
        for place in self._places:
            if place.pid:
                ended, status = os.waitpid(place.pid, os.WNOHANG)
                if ended:
                    self._ended(place, os.waitstatus_to_exitcode(status))

    def _ended(self, place: _Place, code: int) -> None:
        place.pid = 0
        if place.pipe >= 0:
            self._hear(place)
        if self._leaving:
            return
        if code > 0 and not place.served:  # it does not start, and has said why itself
            self._code = code
            self._leave(signal.SIGTERM)
            return
        place.failures = place.failures + 1 if monotonic() - place.began < _SETTLED_S else 0
        delay_s = min(self.delay_s * 2.0 ** (place.failures - 2), _MOST_DELAY_S) if place.failures > 1 else 0.0
        place.due = monotonic() + delay_s
        self.died(place.number, code, int(delay_s * 1000))


def _noted(_: int, __: FrameType | None) -> None:
    """The number is in the pipe of the wake-up."""


def _end_with(life: int) -> None:
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)
