"""`make soak`: SOAK_MINUTES (10) of load and faults, whose order SOAK_SEED decides. Ends with 1 if anything fails."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import Soak
from tests.stores.servers import a_server


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES", "10"))
    seed = int(os.environ.get("SOAK_SEED", "0")) or random.randrange(1, 1_000_000)
    print(f"Soaking for {minutes:g} minutes, SOAK_SEED={seed} …", flush=True)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, a_server("--appendonly", "yes") as server:
        report = asyncio.run(Soak(Path(folder), server, random.Random(seed)).run(minutes * 60))
    for line in report.lines():
        print(line)
    return 0 if report.holds else 1


if __name__ == "__main__":
    sys.exit(main())
