"""Everything that a running gateway derives from documents follows a reload, or the reload names it for a restart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from gateway.commands.terminal.stop import FAILED
from tests.commands.calling import call
from tests.processes import PATIENCE_S, Process, documents, edit, running
from tests.scripted import Connection, Provider, reply
from tests.stores.servers import Server, a_server

LIMIT = '\n[[teams.everyone.limits]]\nrequests = 1\nper = "day"\n'


def reloaded(process: Process, at: Path, name: str, old: str, new: str) -> Any:
    """Edit one document, reload, and return the answer with its exit code."""
    path = at / "config" / name
    assert old in path.read_text()
    edit(path, lambda text: text.replace(old, new, 1))
    called = call("reload", "--state", str(process.state), json=True)
    return {**called.json, "code": called.code}


def asked(process: Process, **body: Any) -> httpx.Response:
    told = {"model": "sandbox-small", "messages": [{"role": "user", "content": "Hello"}], **body}
    headers = {"authorization": f"Bearer {process.key}"}
    return httpx.post(f"{process.url}/chat/completions", json=told, headers=headers, timeout=PATIENCE_S)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Process]:
    words = documents(tmp_path)
    named = "[teams.everyone]\nend_users = true"
    edit(tmp_path / "config/teams.toml", lambda text: text.replace("[teams.everyone]", named))
    with running(tmp_path / "state", *words) as process:
        yield process


def test_the_organisation_its_budgets_and_its_pseudonyms_follow(gateway: Process, tmp_path: Path) -> None:
    assert asked(gateway, user="anna").status_code == 200
    answer = reloaded(gateway, tmp_path, "organisation.toml", 'id = "organisation"', 'id = "acme"')
    assert (answer["code"], answer["reloaded"], answer["restart"]) == (0, True, [])
    assert asked(gateway, user="anna").status_code == 200
    after, before = gateway.receipts()[:2]
    assert (before["organisation"], after["organisation"]) == ("organisation", "acme")
    assert before["end_user"] != after["end_user"] != ""


def test_limits_follow(gateway: Process, tmp_path: Path) -> None:
    for _ in range(2):
        assert asked(gateway).status_code == 200
    path = tmp_path / "config/teams.toml"
    answer = reloaded(gateway, tmp_path, "teams.toml", path.read_text(), path.read_text() + LIMIT)
    assert answer["code"] == 0
    assert [asked(gateway).status_code for _ in range(2)] == [200, 429]


def test_a_change_that_shared_stores_cannot_follow_is_named_for_a_restart(tmp_path: Path, redis: Server) -> None:
    with running(tmp_path / "state", *documents(tmp_path), SAFECONDUCT_REDIS_URL=redis.url) as process:
        before = process.admin("GET", "/status").json()["snapshot"]
        answer = reloaded(process, tmp_path, "organisation.toml", 'id = "organisation"', 'id = "acme"')
        assert (answer["code"], answer["reloaded"], answer["faults"]) == (FAILED, False, [])
        (change,) = answer["restart"]
        assert "changed from organisation to acme; restart the gateway" in change
        assert answer["snapshot"] == before
        event = process.event("reload_refused")
        assert (event["level"], event["faults"], event["restart"]) == ("error", 0, ["config/organisation.toml:id"])
        assert asked(process).status_code == 200
        assert process.receipts()[0]["organisation"] == "organisation"
        edit(tmp_path / "config/organisation.toml", lambda text: text.replace('id = "acme"', 'id = "organisation"'))
        assert call("reload", "--state", str(process.state)).code == 0


RECORD = """
id = "own"
name = "Own"
operator = "Own"
read_on = 2026-11-20
sources = ["ours"]
connection = {{ dialect = "openai_chat", auth = "none", base_url = "{url}/v1", callable = true, source = "ours" }}
[posture]
retention_days = 0
[[routes]]
model = "magistral-small"
upstream_model = "m"
price = {{ currency = "USD", input = 1, output = 1, source = "ours", read_on = 2026-11-20 }}
"""


async def test_a_plain_http_record_that_a_reload_adds_is_served_without_a_restart(
    gateway: Process, tmp_path: Path
) -> None:
    async def serve(connection: Connection) -> None:
        await connection.request()
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        message = {"role": "assistant", "content": "hello"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        await connection.send(reply(body=json.dumps(body).encode()))

    async with Provider(serve) as provider:
        assert asked(gateway, model="own/magistral-small").status_code == 404
        (tmp_path / "config/catalog/own.toml").write_text(RECORD.format(url=provider.url))
        assert call("reload", "--state", str(gateway.state)).code == 0
        answer = await anyio.to_thread.run_sync(lambda: asked(gateway, model="own/magistral-small"))
        assert (answer.status_code, answer.json()["choices"][0]["message"]["content"]) == (200, "hello")


async def test_an_outage_is_seen_by_every_reader_and_ends_with_a_reload(gateway: Process, tmp_path: Path) -> None:
    async def refuse(connection: Connection) -> None:
        await connection.request()
        await connection.send(reply(401, body=b'{"error":{"message":"no"}}'))

    async with Provider(refuse) as provider:
        (tmp_path / "config/catalog/own.toml").write_text(RECORD.format(url=provider.url))
        assert call("reload", "--state", str(gateway.state)).code == 0
        await anyio.to_thread.run_sync(lambda: asked(gateway, model="own/magistral-small"))
    locked = gateway.event("route_locked_out")
    assert (locked["route"], locked["kind"], locked["status"]) == ("own", "credential", 401)
    named = ["--config", str(tmp_path / "config"), "--policies", str(tmp_path / "policies"), "--sandbox"]
    readers: dict[str, Callable[[], str]] = {
        "status": lambda: json.dumps(gateway.admin("GET", "/status").json()["health"]),
        "metrics": lambda: gateway.admin("GET", "/metrics").text.partition("route_closed_until_seconds{")[2],
        "routes": lambda: told_by("routes", "--provider", "own", *named, state=gateway.state),
        "explain": lambda: told_by("explain", "--model", "own/magistral-small", *named, state=gateway.state),
    }
    words = {"status": "credential", "metrics": 'route="own",kind="credential"', "routes": "locked_out"}
    words["explain"] = "locked_out"
    assert [name for name, read in readers.items() if words[name] not in read()] == []
    assert call("reload", "--state", str(gateway.state)).code == 0
    assert gateway.event("route_recovered")["route"] == "own"
    assert [name for name, read in readers.items() if words[name] in read()] == []


def told_by(command: str, *words: str, state: Path) -> str:
    return call(command, *words, "--state", str(state), json=True).out


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    with a_server() as server:
        yield server
