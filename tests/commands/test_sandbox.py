"""`safeconduct sandbox`: the bundled provider by itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import httpx
import pytest

from gateway.commands.terminal.stop import MISUSED
from gateway.sandbox import PERSONAS
from tests.commands.calling import ROOT, call


def test_it_says_where_it_is_and_answers_for_its_key() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "sandbox", "--json"], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        told = json.loads("".join(lines))
        body = {"model": told["model"], "messages": [{"role": "user", "content": "Hello"}]}
        headers = {"authorization": f"Bearer {told['key']}"}
        answer = httpx.post(f"{told['base_urls'][0]}/chat/completions", json=body, headers=headers, timeout=30)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert answer.status_code == 200
    assert [url.split("/")[-2] for url in told["base_urls"]] == list(PERSONAS)


@pytest.mark.parametrize("port", ["x", "70000"])
def test_a_port_that_is_none_is_said(port: str) -> None:
    assert call("sandbox", "--port", port).code == MISUSED
