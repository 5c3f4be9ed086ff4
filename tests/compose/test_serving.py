"""The whole gateway as a process: the official SDK against it, documents changed under it, and all its ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from gateway import sandbox
from tests.processes import PATIENCE_S, ROOT, Process, documents, edit, environment, running

MESSAGES: Any = [{"role": "user", "content": "MARKER said"}]
ASK: Any = {"model": "sandbox-small", "messages": MESSAGES}
ZERO = {"x-safeconduct-policy": "eu-zero-retention"}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def sdk(process: Process, key: str = "", retries: int = 0) -> OpenAI:
    return OpenAI(base_url=process.url, api_key=key or process.key, max_retries=retries, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running(tmp_path_factory.mktemp("gateway")) as process:
        yield process


@pytest.fixture(scope="module")
def client(gateway: Process) -> Iterator[OpenAI]:
    with sdk(gateway) as made:
        yield made


def receipt_of(client: OpenAI, receipt: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {client.api_key}"}
    answer = httpx.get(f"{client.base_url}receipts/{receipt}", headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 200
    return dict(answer.json())


# --- the official SDK ------------------------------------------------------------------------------------------------


def test_a_request_is_answered_on_the_cheapest_route_and_has_a_receipt(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(**ASK)
    reply = raw.parse()
    assert str(reply.choices[0].message.content).startswith("Hello from sandbox-us.")
    assert raw.headers["x-safeconduct-route"] == "sandbox-us/sandbox-small"
    assert raw.headers["x-safeconduct-region"] == "declared:US"
    receipt = receipt_of(client, raw.headers["x-safeconduct-receipt"])
    assert reply.usage is not None
    cost = reply.usage.prompt_tokens * 50 + reply.usage.completion_tokens * 150
    assert (receipt["outcome"], receipt["route"], receipt["cost"]) == ("served", "sandbox-us/sandbox-small", cost)
    amount, currency = raw.headers["x-safeconduct-cost"].split()
    assert (round(float(amount) * 10**9), currency) == (cost, "USD")
    assert receipt["policy"] == {"organisation": "unrestricted", "team": "unrestricted", "key": "unrestricted"}
    assert set(receipt["plan"]) == {f"{name}/sandbox-small" for name in sandbox.PERSONAS}


def test_a_stream_is_whole_and_metered_whether_or_not_its_usage_is_asked_for(client: OpenAI) -> None:
    asked = list(client.chat.completions.create(**ASK, stream=True, stream_options={"include_usage": True}))
    plain = list(client.chat.completions.create(**ASK, stream=True))
    words = [[c.choices[0].delta.content or "" for c in chunks if c.choices] for chunks in (asked, plain)]
    assert "".join(words[0]) == "".join(words[1])
    assert len(words[0]) > 10
    assert asked[-1].usage is not None
    assert all(chunk.usage is None for chunk in plain), "what was not asked for is not shown"
    with client.chat.completions.with_streaming_response.create(**ASK, stream=True) as raw:
        for _ in raw.iter_lines():
            pass
        receipt = receipt_of(client, raw.headers["x-safeconduct-receipt"])
    (attempt,) = receipt["attempts"]
    assert attempt["usage_source"] == "provider"
    usage = asked[-1].usage
    assert attempt["usage"] == {"input": usage.prompt_tokens, "output": usage.completion_tokens}


@pytest.mark.parametrize("streaming", [False, True])
def test_tools_are_called(client: OpenAI, streaming: bool) -> None:
    wanted: Any = {**ASK, "tools": [WEATHER], "tool_choice": "required"}
    if streaming:
        chunks = [c for c in client.chat.completions.create(**wanted, stream=True) if c.choices]
        calls = [call for c in chunks for call in c.choices[0].delta.tool_calls or ()]
        name = "".join(c.function.name or "" for c in calls if c.function)
        arguments = "".join(c.function.arguments or "" for c in calls if c.function)
        finish = chunks[-1].choices[0].finish_reason
    else:
        choice = client.chat.completions.create(**wanted).choices[0]
        (call,) = choice.message.tool_calls
        name, arguments, finish = call.function.name, call.function.arguments, choice.finish_reason
    assert (name, finish) == ("weather", "tool_calls")
    assert '"city"' in arguments


def test_a_stricter_policy_moves_the_request_or_refuses_it_with_reasons(client: OpenAI) -> None:
    moved = client.chat.completions.with_raw_response.create(**ASK, extra_headers=ZERO)
    assert moved.headers["x-safeconduct-region"].startswith("declared:")
    assert moved.headers["x-safeconduct-route"].partition("/")[0] in ("sandbox-se", "sandbox-ie", "sandbox-slow")
    pinned = {**ASK, "model": "sandbox-us/sandbox-small"}
    for stricter in ({"extra_headers": ZERO}, {"extra_body": {"provider": {"zdr": True, "processed_in": ["EU"]}}}):
        with pytest.raises(openai.PermissionDeniedError) as refused:
            client.chat.completions.create(**pinned, **stricter)
        body: Any = refused.value.body
        assert (refused.value.code, refused.value.status_code) == ("no_eligible_route", 403)
        reasons = {r["route"]: r["reasons"] for r in body["routes"]}
        dimensions = {r["dimension"] for r in reasons["sandbox-us/sandbox-small"] if r["kind"] == "posture"}
        assert {"retention_days", "processed_in"} <= dimensions
        assert "MARKER" not in refused.value.response.text
        receipt = receipt_of(client, refused.value.response.headers["x-safeconduct-receipt"])
        assert (receipt["outcome"], receipt["attempts"], receipt["cost"]) == ("refused", [], 0)


def test_errors_are_the_classes_that_the_sdk_promises(gateway: Process, client: OpenAI) -> None:
    create = client.chat.completions.create
    with sdk(gateway, "sc_wrong") as stranger, pytest.raises(openai.AuthenticationError) as unknown:
        stranger.chat.completions.create(**ASK)
    assert unknown.value.code == "unknown_key"
    with pytest.raises(openai.NotFoundError) as missing:
        create(model="sandbox-smal", messages=MESSAGES)
    assert missing.value.code == "model_not_found"
    assert missing.value.body["near"] == ["sandbox-small"]  # type: ignore[index]
    with pytest.raises(openai.BadRequestError) as malformed:
        create(**ASK, max_tokens=0)
    assert (malformed.value.code, malformed.value.param) == ("invalid_request", "max_tokens")
    with pytest.raises(openai.BadRequestError):
        create(**ASK, extra_body={"provider": {"MARKER": 1}})
    with pytest.raises(openai.PermissionDeniedError) as nobody:
        create(**ASK, extra_body={"provider": {"only": ["evroc"]}})
    assert "MARKER" not in nobody.value.response.text


def test_models_are_listed_and_retrieved(client: OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    talking = {"sandbox-small", *(f"{name}/sandbox-small" for name in sandbox.PERSONAS)}
    stood_in = {sandbox.STAND_IN, *(f"sandbox-{place}/{sandbox.STAND_IN}" for place in ("se", "fr", "us"))}
    assert set(ids) == talking | stood_in | {"sandbox-embed", "sandbox-se/sandbox-embed", "sandbox-us/sandbox-embed"}
    assert client.models.retrieve("sandbox-se/sandbox-small").id == "sandbox-se/sandbox-small"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("sandbox-none")


def test_a_route_that_fails_is_left_for_the_next_one(tmp_path: Path) -> None:
    """sandbox-flaky fails the first call of a process, the third, and so on."""
    with running(tmp_path) as process, sdk(process) as client:
        preferred: Any = {"extra_body": {"provider": {"order": ["sandbox-flaky", "sandbox-se"]}}}
        raw = client.chat.completions.with_raw_response.create(**ASK, **preferred)
        assert raw.headers["x-safeconduct-route"] == "sandbox-se/sandbox-small"
        receipt = receipt_of(client, raw.headers["x-safeconduct-receipt"])
        assert [(a["route"], a["outcome"], a["status"]) for a in receipt["attempts"]] == [
            ("sandbox-flaky/sandbox-small", "failed", 500),
            ("sandbox-se/sandbox-small", "served", 200),
        ]
        raw = client.chat.completions.with_raw_response.create(**ASK, **preferred)
        assert raw.headers["x-safeconduct-route"] == "sandbox-flaky/sandbox-small"
        with pytest.raises(openai.InternalServerError) as failed:
            client.chat.completions.create(**{**ASK, "model": "sandbox-flaky/sandbox-small"})
        assert (failed.value.status_code, failed.value.code) == (502, "upstream_failed")
        with sdk(process, retries=2) as patient:
            patient.chat.completions.create(**{**ASK, "model": "sandbox-flaky/sandbox-small"})


# --- bytes -----------------------------------------------------------------------------------------------------------


def sent_raw(process: Process, *headers: str, body: bytes) -> bytes:
    """The answer to a chat request of a client that ends its side of the connection behind it; without the interim
    answers by which the server finds out whether such a client is still there."""
    address = httpx.URL(process.url)
    lines = [f"authorization: Bearer {process.key}", "content-type: application/json", "host: gateway", *headers]
    head = "\r\n".join(["POST /v1/chat/completions HTTP/1.1", *lines, "", ""]).encode()
    with socket.create_connection((address.host, address.port or 80), timeout=PATIENCE_S) as connection:
        connection.sendall(head + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(2**16):
            answer += piece
        return answer.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")


@pytest.mark.parametrize("streaming", [False, True])
def test_a_client_that_ended_its_side_behind_trailers_gets_its_whole_answer(gateway: Process, streaming: bool) -> None:
    body = json.dumps({**ASK, "stream": streaming}).encode()
    chunked = b"%x\r\n%b\r\n0\r\nx-checksum: 1\r\n\r\n" % (len(body), body)
    answer = sent_raw(gateway, "transfer-encoding: chunked", "trailer: x-checksum", body=chunked)
    head, _, said = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nx-content-type-options: nosniff\r\n" in head
    assert (b"data: [DONE]" if streaming else b'"finish_reason"') in said
    assert gateway.receipts()[0]["outcome"] == "served"


def test_trailers_have_a_bound(gateway: Process) -> None:
    body = json.dumps(ASK).encode()
    trailers = b"".join(b"x-%d: %b\r\n" % (at, b"y" * 1000) for at in range(100))
    chunked = b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailers)
    assert sent_raw(gateway, "transfer-encoding: chunked", body=chunked).startswith(b"HTTP/1.1 4")


def test_others_are_answered_while_a_large_body_is_read(gateway: Process) -> None:
    headers = {"authorization": f"Bearer {gateway.key}", "content-type": "application/json"}
    large = json.dumps({**ASK, "messages": [{"role": "user", "content": "a" * 30}] * 150_000}).encode()
    done = threading.Event()

    def ask() -> None:
        httpx.post(f"{gateway.url}/chat/completions", content=large, headers=headers, timeout=PATIENCE_S)
        done.set()

    asking = threading.Thread(target=ask)
    asking.start()
    answered = 0
    with httpx.Client(base_url=gateway.url.removesuffix("/v1"), timeout=PATIENCE_S) as probe:
        while not done.is_set():
            assert probe.get("/livez").status_code == 200
            answered += 1
    asking.join(PATIENCE_S)
    assert answered > 10


# --- ends ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path) as process:
        with sdk(process) as client:
            client.chat.completions.create(**ASK)
            assert (tmp_path / "admin.sock").is_socket()
            assert process.end(number) == (0, b"")
        assert not (tmp_path / "admin.sock").exists()
        assert [r["outcome"] for r in process.receipts()] == ["served"]
        (chain,) = process.ledger.verify_chains()
        assert (chain.receipts, chain.broken) == (1, None)


def test_a_stream_under_way_ends_before_the_process_does(tmp_path: Path) -> None:
    with running(tmp_path, SAFECONDUCT_SANDBOX_PACE_MS="10") as process, sdk(process) as client:
        stream = iter(client.chat.completions.create(**ASK, stream=True))
        next(stream)
        process.tell(signal.SIGTERM)
        chunks = list(stream)
        assert chunks[-1].choices[0].finish_reason == "stop"
        assert process.popen.wait(PATIENCE_S) == 0
        assert [r["outcome"] for r in process.receipts()] == ["served"]


class Load:
    """Clients that ask until the gateway is gone; `answered` are the receipts of whole replies."""

    def __init__(self, process: Process, clients: int) -> None:
        self._process = process
        self.answered: list[str] = []
        self.enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        with sdk(self._process) as client:
            while True:
                try:
                    raw = client.chat.completions.with_raw_response.create(**ASK, extra_headers=ZERO)
                except openai.APIError:
                    return
                self.answered.append(raw.headers["x-safeconduct-receipt"])
                if len(self.answered) >= 100:
                    self.enough.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def test_after_a_kill_under_load_every_exchange_has_one_receipt(tmp_path: Path) -> None:
    with running(tmp_path, SAFECONDUCT_DURABILITY="process") as process:
        load = Load(process, clients=4)
        assert load.enough.wait(PATIENCE_S)
        process.popen.kill()
        process.popen.wait(PATIENCE_S)
        load.join()
    with running(tmp_path) as again:
        receipts = again.receipts()
        ids = [r["id"] for r in receipts]
        assert len(ids) == len(set(ids))
        assert set(load.answered) <= {r["id"] for r in receipts if r["outcome"] == "served"}
        assert {r["outcome"] for r in receipts} <= {"served", "interrupted"}
        assert len(receipts) <= len(load.answered) + 4, "no client had more than one under way"
        assert all(chain.broken is None for chain in again.ledger.verify_chains())
        with sdk(again, process.key) as client:
            client.chat.completions.create(**ASK)
        assert again.end() == (0, b"")
    with running(tmp_path) as once_more:
        assert len(once_more.receipts()) == len(receipts) + 1, "a second start recovers nothing twice"
        assert once_more.end() == (0, b"")


def test_streams_that_a_kill_interrupted_are_marked_and_stay_at_their_hold(tmp_path: Path) -> None:
    interrupted: list[str] = []
    with running(tmp_path, SAFECONDUCT_SANDBOX_PACE_MS="1000") as process, sdk(process) as client:
        with ExitStack() as streams:
            for _ in range(2):
                asked = client.chat.completions.with_streaming_response.create(**ASK, stream=True)
                raw = streams.enter_context(asked)  # its first words have come: it is under way
                interrupted.append(raw.headers["x-safeconduct-receipt"])
            process.popen.kill()
            process.popen.wait(PATIENCE_S)
        assert process.receipts() == []
    with running(tmp_path) as again:
        assert again.event("recovered")["exchanges"] == 2
        receipts = again.receipts()
        assert sorted(r["id"] for r in receipts) == sorted(interrupted)
        for receipt in receipts:
            assert receipt["outcome"] == "interrupted"
            (attempt,) = receipt["attempts"]
            assert (attempt["usage_source"], attempt["outcome"]) == ("held", "interrupted")
            assert receipt["cost"] == attempt["cost"] == attempt["hold"] > 0
        assert again.end() == (0, b"")


# --- documents -------------------------------------------------------------------------------------------------------


def test_a_bad_document_keeps_the_old_set_and_a_good_one_is_in_force_at_once(tmp_path: Path) -> None:
    state, policy = tmp_path / "state", tmp_path / "policies" / "unrestricted.toml"
    with running(state, *documents(tmp_path)) as process, sdk(process) as client:
        before = process.admin("GET", "/status").json()["snapshot"]
        policy.write_text('name = "unrestricted"\npurpose = "Nothing is kept."\n[bound]\nretention_dais = 0\n')
        process.tell(signal.SIGHUP)
        kept = process.event("reload_refused")
        assert (kept["level"], kept["documents"], kept["faults"]) == ("error", before, 1)
        assert kept["places"] == [f"{policy}:bound.retention_dais"]
        assert (kept["restart"], kept["actor"]) == ([], "signal")
        assert 'safeconduct_events_total{event="reload_refused"} 1\n' in process.admin("GET", "/metrics").text
        refused = process.admin("POST", "/reload")
        assert kept["words"] == refused.json()["faults"], "the log says it as the command does"
        (fault,) = refused.json()["faults"]
        assert refused.status_code == 409
        assert "policies/unrestricted.toml" in fault
        assert "retention_dais" in fault
        assert "retention_days" in fault, "it says what was meant"
        client.chat.completions.create(**ASK)
        process.event("exchange_ended")
        seen = len(process.events)
        edit(policy, lambda text: text.replace("dais", "days"))
        process.tell(signal.SIGHUP)
        swapped = process.event("reloaded", since=seen)
        assert swapped["documents"] != before
        raw = client.chat.completions.with_raw_response.create(**ASK)
        served = raw.headers["x-safeconduct-route"].partition("/")[0]
        assert served in {*sandbox.PERSONAS} - {"sandbox-fr", "sandbox-us"}, "those keep content"
        first, second = [r["documents"] for r in process.receipts()][::-1]
        assert (first, second) == (before, swapped["documents"])
        kept_sets = {path.name for path in (state / "documents").iterdir()}
        assert kept_sets >= {before, swapped["documents"]}, "what served can be read for years"
        assert process.end() == (0, b"")


def refused_start(tmp_path: Path, *words: str, **environ: str) -> str:
    """What a start says that must not succeed."""
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0", "--state", str(tmp_path / "state"), *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(environ), capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr
    return done.stderr.decode()


def test_a_typing_error_in_the_catalogue_is_named_by_file_and_key(tmp_path: Path) -> None:
    words = documents(tmp_path)
    edit(tmp_path / "config/catalog/evroc.toml", lambda text: text.replace("\ntraining = ", "\ntrainnig = ", 1))
    said = refused_start(tmp_path, *words)
    assert "config/catalog/evroc.toml" in said
    assert "posture.trainnig" in said
    assert not (tmp_path / "state" / "admin.sock").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAFECONDUCT_PROVIDER_EVROC_KEY", ""),
        ("SAFECONDUCT_PROVIDER_EVROC_KEY", "  "),
        ("SAFECONDUCT_PROVIDER_EVROCK_KEY", "MARKER"),
        ("SAFECONDUCT_PROVIDER_EVROC_KEY_FILE", "/nonexistent/MARKER"),
        ("SAFECONDUCT_PROT", "MARKER"),
        ("SAFECONDUCT_TOTAL_S", "MARKER"),
    ],
)
def test_a_setting_that_is_none_is_named_without_its_value(tmp_path: Path, name: str, value: str) -> None:
    said = refused_start(tmp_path, **{name: value})
    assert name in said
    assert "MARKER" not in said


def test_without_a_terminal_the_first_line_is_json(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "serve", "--sandbox", "--with-key", "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, env=environment({})
    ) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.terminate()
        rest = [json.loads(line) for line in process.stdout]
    assert {"time", "level", "event"} <= set(first)
    assert rest, "every line of the log is JSON"


def test_a_state_directory_serves_one_gateway(tmp_path: Path) -> None:
    with running(tmp_path / "state") as process:
        assert "state" in refused_start(tmp_path)
        with sdk(process) as client:
            client.chat.completions.create(**ASK)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused_start(tmp_path, "--port", port)
