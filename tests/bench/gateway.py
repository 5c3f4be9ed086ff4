"""The measured gateway: the shipped catalogue, and beside it one model at thirty providers of which policy admits one.

usage: python -m tests.bench.gateway PORT UPSTREAM

SAFECONDUCT_DURABILITY (here `process` if not said), SAFECONDUCT_REDIS_URL and SAFECONDUCT_WORKERS hold as everywhere.
BENCH_CANDIDATES: another number of providers; BENCH_BUDGET: what the organisation may spend in all.
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
from gateway.compose.supervisor import Supervisor, Worker  # noqa: E402
from gateway.http.listeners import bind_tcp  # noqa: E402
from gateway.settings import Settings, read  # noqa: E402
from gateway.stores.ledger.workers import state_of  # noqa: E402
from gateway.telemetry.log import Log  # noqa: E402

CANDIDATES: Final = int(os.environ.get("BENCH_CANDIDATES", "30"))
BUDGET: Final = '\n[[budgets]]\nlimit = "{limit}"\nwindow = "total"\n'

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
    owner = os.getpid()
    work = Path(tempfile.mkdtemp(prefix="safeconduct-bench-"))
    try:
        for name in ("config", "policies"):
            shutil.copytree(root / name, work / name)
        for n in range(CANDIDATES):
            record = PROVIDER.format(n=n, upstream=upstream, country="SE" if n == 0 else "US")
            (work / f"config/catalog/bench-{n}.toml").write_text(record)
        (work / "config/models/bench.toml").write_text(MODEL)
        (work / "policies/bench.toml").write_text(POLICY)
        if limit := os.environ.get("BENCH_BUDGET"):
            with (work / "config/organisation.toml").open("a") as organisation:
                organisation.write(BUDGET.format(limit=limit))
        serve(port, work)
    finally:
        if os.getpid() == owner:  # not in a worker
            shutil.rmtree(work, ignore_errors=True)


def serve(port: int, work: Path) -> None:
    """Run until told to end; the log goes to a file, as a container's would to a pipe."""
    handed_on = ("SAFECONDUCT_REDIS_URL", "SAFECONDUCT_WORKERS")
    environ = {
        "SAFECONDUCT_PORT": str(port),
        "SAFECONDUCT_CONFIG": str(work / "config"),
        "SAFECONDUCT_POLICIES": str(work / "policies"),
        "SAFECONDUCT_STATE": str(work / "state"),
        "SAFECONDUCT_DURABILITY": os.environ.get("SAFECONDUCT_DURABILITY", "process"),
        **{f"SAFECONDUCT_PROVIDER_BENCH_{n}_KEY": "bench" for n in range(CANDIDATES)},
        **{name: os.environ[name] for name in handed_on if name in os.environ},
    }
    settings = read(environ)
    worker = _worker(settings) if settings.workers > 1 else None
    if worker is None:
        one_process(settings, environ, work, None)
    elif isinstance(worker, Worker):
        one_process(settings, environ, work, worker)


def _worker(settings: Settings) -> Worker | int:
    listening = bind_tcp(settings.host, settings.port)
    return Supervisor(settings.workers, listening, lambda *died: print(*died, file=sys.stderr)).run()


def one_process(settings: Settings, environ: dict[str, str], work: Path, worker: Worker | None) -> None:
    """The only process, or that worker of several; the first of them says the key."""
    number = worker.number if worker else 1
    own = settings.model_copy(update={"state": state_of(settings.state, number)})
    place = compose.WorkerPlace(settings.state, worker.listening if worker else None, "bench" if number == 1 else "")

    def ready(now: compose.Ready) -> None:
        if worker:
            worker.ready()
        print(now.secret or "ready", flush=True)

    with (work / f"log-{number}.jsonl").open("wb", buffering=0) as stream:
        opened = partial(compose.access, environ=environ)
        compose.run_gateway(own, opened, Log(stream), ready=ready, place=place)


if __name__ == "__main__":
    main()
