"""`safeconduct serve`: what it prints, and what keeps it from starting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.commands.terminal.stop import FAILED, MISUSED
from tests.commands.calling import ROOT, call, documents
from tests.commands.conftest import Running


def environment(given: Mapping[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAFECONDUCT_")}
    return {**ours, **given}


def serve(*words: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A start that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", "serve", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(environ or {}),
        timeout=60,
        check=False,
    )


def test_a_newcomer_reads_an_address_a_key_and_requests_to_paste(tmp_path: Path) -> None:
    words = [*documents(tmp_path), "--state", str(tmp_path / "state"), "--port", "0", "--sandbox", "--with-key"]
    (tmp_path / "policies/unrestricted.toml").write_text('name = "unrestricted"\npurpose = "Everything."\n')
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=environment({}),
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert any(line.startswith("export OPENAI_BASE_URL=http://127.0.0.1:") and line.endswith("/v1") for line in lines)
    assert any(line.startswith("export OPENAI_API_KEY=sc_") for line in lines)


def test_the_key_it_made_opens_the_sandbox(running: Running) -> None:
    answer = running.ask()
    assert answer.status_code == 200
    assert answer.json()["model"] == "sandbox-small"


def test_outside_the_sandbox_no_key_is_made_at_start(tmp_path: Path) -> None:
    called = call("serve", "--with-key", *documents(tmp_path))
    assert called.code == MISUSED
    assert called.stop is not None
    assert "keys create" in called.stop.do


def test_several_workers_need_a_redis(tmp_path: Path) -> None:
    called = call("serve", "--workers", "2", *documents(tmp_path), "--state", str(tmp_path / "state"))
    assert called.code == MISUSED
    assert called.stop is not None
    assert "needs a Redis" in called.stop.what
    assert "SAFECONDUCT_REDIS_URL" in called.stop.do
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("count", ["0", "65", "many"])
def test_a_number_of_workers_that_is_none_is_said(tmp_path: Path, count: str) -> None:
    done = serve(*documents(tmp_path), "--workers", count)
    assert done.returncode == FAILED
    assert "SAFECONDUCT_WORKERS" in done.stderr


def test_workers_say_once_why_they_do_not_start(tmp_path: Path) -> None:
    environ = {"SAFECONDUCT_REDIS_URL": f"unix://{tmp_path}/nobody"}
    words = [*documents(tmp_path), "--state", str(tmp_path / "state"), "--port", "0", "--workers", "2"]
    done = serve(*words, environ=environ)
    assert done.returncode == FAILED
    assert done.stderr.count("safeconduct serve: ") == 1
    assert "cannot be reached" in done.stderr


def test_what_would_record_content_keeps_it_from_starting(tmp_path: Path) -> None:
    called = call("serve", *documents(tmp_path), environ={"PYTHONASYNCIODEBUG": "1"})
    assert called.code == FAILED
    assert called.stop is not None
    assert called.stop.faults[0].startswith("PYTHONASYNCIODEBUG is set")


def test_faulty_documents_keep_it_from_starting(tmp_path: Path) -> None:
    words = documents(tmp_path)
    path = tmp_path / "config/catalog/alpha.toml"
    path.write_text(path.read_text().replace("retention_days = 0", "retention_dyas = 0"))
    done = serve(*words, "--state", str(tmp_path / "state"), "--port", "0")
    assert done.returncode == FAILED
    assert "alpha.toml: posture.retention_dyas" in done.stderr
    assert "retention_days" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_secret_keeps_it_from_starting_and_is_named(tmp_path: Path) -> None:
    environ = {"SAFECONDUCT_PROVIDER_ALPHA_KEY": " "}
    done = serve(*documents(tmp_path), "--state", str(tmp_path / "state"), "--port", "0", environ=environ)
    assert done.returncode == FAILED
    assert "SAFECONDUCT_PROVIDER_ALPHA_KEY: the key is empty" in done.stderr


def test_an_address_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve(*documents(tmp_path), "--state", str(tmp_path / "state"), "--port", str(port))
    assert done.returncode == FAILED
    assert f"127.0.0.1:{port} is taken by another process" in done.stderr


def test_a_state_directory_belongs_to_one_process(running: Running) -> None:
    done = serve(*running.options, "--port", "0")
    assert done.returncode == FAILED
    assert "held by another process" in done.stderr


@pytest.mark.parametrize("port", ["80800", "many"])
def test_a_port_that_is_none_is_said(tmp_path: Path, port: str) -> None:
    done = serve(*documents(tmp_path), "--port", port)
    assert done.returncode == FAILED
    assert "SAFECONDUCT_PORT" in done.stderr
