"""A supervisor whose workers do what its first argument says; every process tells what befalls it, a line each.

`wait`: until it is told to end. `stay`: also then, once. `fall`: end with 3 once ready. `refuse`: end with 2 before.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from gateway.compose.supervisor import Supervisor, Worker


def tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(worker: Worker, manner: str) -> int:
    number = worker.number
    if manner == "refuse":
        return 2
    told = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, told)  # the process's own thread takes them, below
    tell("again" if worker.again else "begun", number, os.getpid())
    worker.ready()
    tell("ready", number)
    if manner == "fall":
        return 3
    ends = 2 if manner == "stay" else 1
    while ends:
        heard = signal.Signals(signal.sigwait(told))
        tell(heard.name, number)
        ends -= heard is not signal.SIGHUP
    return 0


def main(manner: str, count: int) -> int:
    with socket.socket() as listening:
        found = Supervisor(count, listening, lambda *died: tell("died", *died[:2]), delay_s=0.01).run()
        return found if isinstance(found, int) else work(found, manner)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
