"""`make bench`: every mark of the gateway's own cost, beside nginx and the scripted provider alone, in one table.

BENCH=quick takes seconds instead of minutes. The gateway, or nginx, has the first core; provider and load the second.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Final

from tests.bench import sessions
from tests.bench.measures import FULL, QUICK
from tests.bench.processes import CORES, provider
from tests.bench.table import Row, table

SESSIONS: Final = (
    sessions.embedded,
    sessions.synced,
    sessions.shared,
    sessions.decisions,
    sessions.pages,
    sessions.reports,
)


def main() -> None:
    size = QUICK if os.environ.get("BENCH") == "quick" or "--quick" in sys.argv else FULL
    os.sched_setaffinity(0, {CORES[1 % len(CORES)]})  # this process, and a Redis that it starts, keep off the first
    began, rows = time.monotonic(), list[Row]()
    with provider() as direct:
        for session in SESSIONS:
            for row in session(direct, size):
                print(f"\r\033[K{row.what.strip()} …", end="", file=sys.stderr, flush=True)
                rows.append(row)
    print("\r\033[K", end="", file=sys.stderr)
    print(table(rows))
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    took = f"{size.rounds} round(s), medians; {time.monotonic() - began:.0f} s"
    print(f"\n{took}; {len(CORES)} cores, load average {loads}: figures want a machine that does nothing else.")


if __name__ == "__main__":
    main()
