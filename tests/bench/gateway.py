"""The measured gateway: the shipped catalogue, and beside it one model at thirty providers of which policy admits one.

usage: python -m tests.bench.gateway PORT UPSTREAM. Durability from SAFECONDUCT_DURABILITY, as everywhere.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

gc.disable()  # as `safeconduct serve` does; `compose` looks again once requests are accepted

from gateway import compose  # noqa: E402
from gateway.asgi.server import run  # noqa: E402
from gateway.settings import read  # noqa: E402
from gateway.telemetry.log import Log  # noqa: E402

CANDIDATES: Final = 30

PROVIDER: Final = """\
id = "bench-{n}"
name = "Bench {n}"
operator = "Bench"
read_on = 2026-11-23
sources = ["none: for measurements"]
[connection]
dialect = "openai_chat"
auth = "bearer"
base_url = "{upstream}/v1"
callable = true
source = "none: for measurements"
[posture]
processed_in = ["{country}"]
retention_days = 0
training = "no"
logging = "none"
third_party_access = []
jurisdiction = ["{country}"]
transfer = "not_applicable"
dpa = "in_force"
location_guarantee = "contractual"
[[routes]]
model = "mock-model"
upstream_model = "mock-model"
[routes.price]
currency = "USD"
input = 0.54
output = 2.16
source = "bench"
read_on = 2026-11-23
"""
MODEL: Final = """\
[[models]]
id = "mock-model"
name = "Mock"
lab = "Bench"
context = 128000
max_output = 8192
"""
POLICY: Final = """\
name = "bench"
purpose = "Admits one of the candidates."
[bound]
processed_in = ["SE"]
retention_days = 0
training = "no"
"""


def main() -> None:
    port, upstream = int(sys.argv[1]), sys.argv[2].rstrip("/")
    root = Path(__file__).resolve().parents[2]
    work = Path(tempfile.mkdtemp(prefix="safeconduct-bench-"))
    try:
        for name in ("config", "policies"):
            shutil.copytree(root / name, work / name)
        for n in range(CANDIDATES):
            record = PROVIDER.format(n=n, upstream=upstream, country="SE" if n == 0 else "US")
            (work / f"config/catalog/bench-{n}.toml").write_text(record)
        (work / "config/models/bench.toml").write_text(MODEL)
        (work / "policies/bench.toml").write_text(POLICY)
        serve(port, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def serve(port: int, work: Path) -> None:
    """Run until told to end; the log goes to a file, as a container's would to a pipe."""
    environ = {
        "SAFECONDUCT_PORT": str(port),
        "SAFECONDUCT_CONFIG": str(work / "config"),
        "SAFECONDUCT_POLICIES": str(work / "policies"),
        "SAFECONDUCT_STATE": str(work / "state"),
        "SAFECONDUCT_DURABILITY": os.environ.get("SAFECONDUCT_DURABILITY", "process"),
        **{f"SAFECONDUCT_PROVIDER_BENCH_{n}_KEY": "bench" for n in range(CANDIDATES)},
    }
    with (work / "log.jsonl").open("wb", buffering=0) as stream:
        opened = partial(compose.access, environ=environ)
        settings = read(environ)
        post = compose.Post(settings.state, first_key="bench")
        run(lambda: compose.serve(settings, opened, Log(stream), ready=announced, post=post))


def announced(ready: compose.Ready) -> None:
    print(ready.secret, flush=True)


if __name__ == "__main__":
    main()
