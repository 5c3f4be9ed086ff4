"""Prints the path of the fastest Python 3.11 of this machine that can make a virtual environment, or of a newer one.

How an interpreter was built (with profiles and link-time optimisation, or without) makes a third of its speed, and
nothing that it says of itself tells. So each gets a moment of the work that this gateway does most: calls and objects.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WORK = """
import sys, time, ensurepip, venv
if sys.version_info[:2] != (3, 11): raise SystemExit(1)
class Thing:
    def __init__(self, a, b): self.a, self.b = a, b
    def both(self, more): return self.a + more, self.b
def work():
    kept = {}
    for n in range(20_000): kept[str(n % 10)] = [*Thing(n, n).both(1), *kept.values()]
def spent():
    began = time.process_time()
    work()
    return time.process_time() - began
print(min(spent() for _ in range(9)))
"""


def seconds(python: str) -> float:
    """CPU time of the work; infinite where it is another version, or one that makes no environments."""
    try:
        done = subprocess.run([python, "-I", "-c", WORK], capture_output=True, text=True, timeout=60, check=True)
        return float(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return float("inf")


def main() -> None:
    places = dict.fromkeys([*os.environ.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin"])
    files = [path for place in places if place and (path := Path(place) / "python3.11").is_file()]
    found = [str(path) for path in {path.resolve(): path for path in reversed(files)}.values()]
    if not found and sys.version_info >= (3, 11):
        found = [sys.executable]
    if not found:
        raise SystemExit("Safeconduct needs Python 3.11 or newer; say PYTHON=/path/to/python3.11.")
    if len(found) > 1:
        found = sorted(found, key=seconds)
        print(f"Using {found[0]}, the fastest Python 3.11 here (another: PYTHON=/path/to/python3.11)", file=sys.stderr)
    print(found[0])


if __name__ == "__main__":
    main()
