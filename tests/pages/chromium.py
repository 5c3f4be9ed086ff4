"""A real Chromium behind `tests/sdk/browse.mjs`: one process for all tests, a line of JSON for each visit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.sdk.node import NODE
from tests.sdk.scenarios import HOME


class Chromium:
    """Makes one visit at a time, each in a context of its own: no cookie or choice outlives it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def visit(self, origin: str, path: str, **how: Any) -> dict[str, Any]:
        """Open a page; the findings. `how`: as `visit` in `browse.mjs` takes it. AssertionError where a step failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"origin": origin, "path": path, **how}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser ended"
        answer: dict[str, Any] = json.loads(line)
        assert "fault" not in answer, answer["fault"]
        return answer


@contextmanager
def chromium() -> Iterator[Chromium]:
    assert (HOME / "node_modules/playwright-core").is_dir(), "the browser is not installed: run `make test`"
    with subprocess.Popen(
        [NODE, HOME / "browse.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Chromium(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
