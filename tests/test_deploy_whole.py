"""What compose.yaml brings up, without its containers: its proxy before two gateways, Redis and PostgreSQL."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.bench.processes import nginx_binary
from tests.commands.calling import call
from tests.processes import PATIENCE_S, running
from tests.stores.postgres_server import fresh_database
from tests.stores.servers import a_server
from tests.test_shared_workers import ASK, two_workers


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CONF = Path(__file__).parents[1] / "deploy" / "compose.nginx.conf"


@contextmanager
def proxy(at: Path, *gateways: str) -> Iterator[str]:
    """The proxy's own file; but for addresses, which are those of containers there, and paths that two tests share."""
    binary = nginx_binary()
    if binary is None:
        pytest.skip("there is no nginx on this machine, and no package of it")
    port, text = free_port(), CONF.read_text()
    changes = {
        "server gateway:8080;": " ".join(f"server {urlsplit(gateway).netloc};" for gateway in gateways),
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "/tmp/": f"{at}/",
    }
    for there, here in changes.items():
        assert there in text
        text = text.replace(there, here)
    (at / "nginx.conf").write_text(text)
    with subprocess.Popen([binary, "-p", at, "-c", at / "nginx.conf", "-g", "daemon off;"]) as started:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            started.terminate()


def test_the_whole_answers_through_its_proxy_and_holds_nothing_back(tmp_path: Path) -> None:
    ledger = fresh_database()
    with (
        a_server() as redis,
        two_workers(tmp_path / "state", redis, SAFECONDUCT_LEDGER_URL=ledger) as gateway,
        proxy(tmp_path, gateway.url) as address,
        httpx.Client(
            base_url=address, headers={"authorization": f"Bearer {gateway.key}"}, timeout=PATIENCE_S
        ) as client,
    ):
        client.headers["authorization"] = f"Bearer {gateway.key}"
        until = time.monotonic() + PATIENCE_S
        while not ready(client):
            assert time.monotonic() < until
        whole = client.post("/v1/chat/completions", json=ASK)
        assert (whole.status_code, whole.json()["object"]) == (200, "chat.completion")
        streamed = ASK | {"model": "sandbox-slow/sandbox-small", "stream": True, "max_tokens": 20}
        with client.stream("POST", "/v1/chat/completions", json=streamed) as stream:
            pieces = [piece for piece in stream.iter_raw() if piece]
        assert len(pieces) > 3, "they come as they are written"
        assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
        assert call("books", "verify", "--state", str(gateway.state)).code == 0
    assert not list((tmp_path / "body").glob("**/*.*")), "no prompt in a file of the proxy's"


def test_a_replica_that_is_gone_costs_no_request_and_without_any_the_error_is_json(tmp_path: Path) -> None:
    with (
        running(tmp_path / "state") as gateway,
        proxy(tmp_path, gateway.url, f"http://127.0.0.1:{free_port()}") as address,
        httpx.Client(
            base_url=address, headers={"authorization": f"Bearer {gateway.key}"}, timeout=PATIENCE_S
        ) as client,
    ):
        until = time.monotonic() + PATIENCE_S
        while not ready(client):
            assert time.monotonic() < until
        answers = [client.post("/v1/chat/completions", json=ASK) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 6
        assert len(gateway.receipts()) == 6, "each was sent once"
        assert too_large(address) == (413, "too_large")
        gateway.end()
        away = client.post("/v1/chat/completions", json=ASK)
        assert (away.status_code, away.json()["error"]["code"]) == (503, "overloaded")
        assert away.headers["retry-after"] == "1"


def too_large(address: str) -> tuple[int, str]:
    """The answer to the head of a request that announces more than the proxy takes."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    with closing(connection):
        connection.putrequest("POST", "/v1/chat/completions")
        connection.putheader("content-length", str(2**30))
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())["error"]["code"]


def ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
