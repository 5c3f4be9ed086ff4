"""The process itself: it does not start under what records content, and its memory cannot be dumped."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.privacy.house import REAL, House
from tests.privacy.hunt import hunt, marker

PATIENCE_S = 20
AUTO = "/otel/opentelemetry/instrumentation/auto_instrumentation"


def started(folder: Path, environ: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[bytes]:
    """A process that is expected not to stay."""
    house = House(folder, "http://127.0.0.1:9")
    added = {name: value.replace("PYTHONPATH", house.environ["PYTHONPATH"]) for name, value in environ.items()}
    return subprocess.run(
        [sys.executable, *options, *REAL, "serve", "--json", "--port", "0"],
        cwd=house.cwd,
        env={**house.environ, **added},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("environ", "options", "named"),
    [
        ({"PYTHONASYNCIODEBUG": "1"}, (), b"PYTHONASYNCIODEBUG"),
        ({"PYTHONDEVMODE": "1"}, (), b"PYTHONDEVMODE"),
        ({}, ("-X", "dev"), b"-X dev"),
        ({"SENTRY_DSN": marker("start", "dsn")}, (), b"SENTRY_DSN"),
        ({"PYTHONPATH": f"{AUTO}:PYTHONPATH"}, (), b"auto-instrumentation"),
        ({"OTEL_PYTHON_DISTRO": marker("start", "distro")}, (), b"auto-instrumentation"),
    ],
    ids=lambda value: next(iter(value), "plain") if isinstance(value, dict) else "",
)
def test_it_does_not_start_where_content_would_be_recorded(
    tmp_path: Path, environ: dict[str, str], options: tuple[str, ...], named: bytes
) -> None:
    ended = started(tmp_path, environ, *options)
    assert ended.returncode == 1
    assert named in ended.stderr
    assert b"SAFECONDUCT_UNSAFE_ALLOW_DEBUG" in ended.stderr
    assert hunt({"stdout": ended.stdout, "stderr": ended.stderr}) == []
    assert not (tmp_path / "cwd/.safeconduct").exists()


PROBE = (
    "-c",
    "import ctypes, resource, sys; from gateway.__main__ import main; code = main(); "
    "print('dumpable', ctypes.CDLL(None).prctl(3), resource.getrlimit(resource.RLIMIT_CORE), file=sys.stderr); "
    "sys.exit(code)",
)
"""Says after the gateway's end whether its process could be dumped: PR_GET_DUMPABLE, and the size of a core."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, b"dumpable 0 (0, 0)"),
        ({"PYTHONASYNCIODEBUG": "1", "SAFECONDUCT_UNSAFE_ALLOW_DEBUG": "true"}, b"dumpable 1"),
    ],
    ids=["as-it-is", "unsafe"],
)
def test_its_memory_cannot_be_dumped_unless_debugging_is_allowed(
    tmp_path: Path, environ: dict[str, str], told: bytes
) -> None:
    async def story() -> None:
        house = House(tmp_path, "http://127.0.0.1:9")
        async with house.gateway(environ, PROBE) as gateway:
            assert await gateway.end() == 0
        assert told in house.stderr

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
