"""What clients reach: keys, paths, limits, refusals, ends; over real sockets, with the bytes that clients send."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.asgi.app import own_routes
from gateway.asgi.arriving_bodies import BodyLimits
from gateway.asgi.insight import unshared
from gateway.core.organisation import Budget, DataClass
from gateway.core.posture import Posture, Training
from gateway.exchange.services import Deadlines, InForce
from gateway.views import openapi as api
from tests.asgi.gate import CHAT, KEY, a_door, chat, error_of
from tests.builders import NOW, a_model, a_policy, a_provider, a_route, a_snapshot, an_organisation, some_means
from tests.dialects.test_translation import HELLO as HELLO_IN
from tests.exchange.desk import BODY, COMPLETION, DONE, SECRET, STOP, USAGE, WORDS
from tests.exchange.test_lifecycle import FAILS, GOOD, STREAM
from tests.scripted import END, Connection, Provider, chunk, hangs, stream_head, streams

JSON = {"content-type": "application/json"}
ENDPOINTS = [
    "/v1/models",
    "/v1/models/small",
    "/v1/catalog/models",
    "/v1/catalog/models/small",
    "/v1/explain?model=small",
    "/v1/usage",
    "/v1/receipts/01JD",
]
HELLO = json.dumps(BODY).encode()


# --- keys ------------------------------------------------------------------------------------------------------------


async def test_every_wrong_key_is_refused_alike_everywhere(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        revoked = await door.key("sc_revoked", id="key_r", revoked_at=NOW)
        expired = await door.key("sc_expired", id="key_e", expires_at=NOW - timedelta(seconds=1))
        orphan = await door.key("sc_orphan", id="key_o", team="a team that is declared no more")
        wrong: list[dict[str, str]] = [
            {},
            {"authorization": "Bearer MARKER-said"},
            {"authorization": f"Basic {SECRET}"},
            {"authorization": "Bearer"},
            {"authorization": f"Bearer {SECRET} {SECRET}"},
            {**KEY, "x-api-key": "sc_another"},
            {"x-api-key": SECRET, "api-key": "sc_another"},
            *(revoked, expired, orphan),
        ]
        seen: set[bytes] = set()
        for headers in wrong:
            answers = [await door.client.post(CHAT, content=HELLO, headers={**headers, **JSON})]
            answers += [await door.get(path, headers) for path in ENDPOINTS]
            for answer in answers:
                assert error_of(answer) == (401, "unknown_key")
                assert answer.headers["www-authenticate"] == "Bearer"
                assert "x-safeconduct-receipt" not in answer.headers
            seen |= {answer.content for answer in answers}
        assert len(seen) == 1, "nothing tells why a key is wrong"
        assert alpha.connections == 0
        assert door.desk.receipts() == []


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (KEY, ""),
        ({"authorization": f"bearer   {SECRET}"}, ""),
        ({"x-api-key": SECRET}, ""),
        ({"api-key": SECRET}, ""),
        ({"x-goog-api-key": SECRET}, ""),
        ({}, f"?key={SECRET}"),
        ({**KEY, "x-api-key": SECRET}, f"?key={SECRET}"),
    ],
)
async def test_a_key_may_stand_where_any_sdk_puts_it(tmp_path: Path, headers: dict[str, str], query: str) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.client.post(CHAT + query, content=HELLO, headers={**headers, **JSON})
        assert (answer.status_code, answer.json()) == (200, COMPLETION)
        assert (await door.get("/v1/models" + query, headers)).status_code == 200


async def test_a_revoked_key_is_refused_from_that_moment(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        assert (await door.ask()).status_code == 200
        await door.desk.keys.revoke(door.desk.key.id, NOW)
        assert error_of(await door.ask()) == (401, "unknown_key")


# --- paths, methods, probes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1", "/v1/chat", "/v1/chat/completions/", "/MARKER", "/v1/receipts/", "/v2/models"])
async def test_there_is_nothing_at_other_addresses(tmp_path: Path, path: str) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        assert error_of(await door.get(path)) == (404, "not_found")


async def test_a_wrong_base_url_is_answered_with_what_it_should_be(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.client.post("/api/v1/messages", headers=ANTHROPIC)
        assert "Anthropic's and Google's add the version themselves" in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/completions", "/openai/v1/completions", "/completions"])
async def test_legacy_completions_of_a_model_that_offers_none_name_the_address_that_serves(
    tmp_path: Path, path: str
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.client.post(path, headers=KEY, json={"model": "small", "prompt": "MARKER"})
        assert error_of(answer) == (400, "invalid_request")
        assert "/v1/chat/completions" in answer.json()["error"]["message"]
        assert alpha.connections == 0


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", CHAT, {"POST"}),
        ("PUT", CHAT, {"POST"}),
        ("OPTIONS", CHAT, {"POST"}),
        ("POST", "/v1/models", {"GET", "HEAD"}),
        ("DELETE", "/v1/models/small", {"GET", "HEAD"}),
        ("POST", "/readyz", {"GET", "HEAD"}),
    ],
)
async def test_other_methods_are_refused_with_those_that_are_taken(
    tmp_path: Path, method: str, path: str, allow: set[str]
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.client.request(method, path, headers=KEY)
        assert error_of(answer) == (405, "method_not_allowed")
        assert set(answer.headers["allow"].split(", ")) == allow


async def test_probes_need_no_key_and_reach_nobody(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        assert (await door.get("/livez", {})).status_code == 200
        ready = await door.get("/readyz", {})
        assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
        assert (await door.client.head("/")).status_code == 200
        assert alpha.connections == 0


# --- chat ------------------------------------------------------------------------------------------------------------


async def test_a_reply_has_its_receipt_route_region_and_cost_beside_it(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.ask()
        assert answer.json() == COMPLETION
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-safeconduct-route"] == "alpha/small"
        assert answer.headers["x-safeconduct-region"] == "declared:SE"
        assert answer.headers["x-safeconduct-cost"] == "0.000015 USD"
        assert answer.headers["x-request-id"] == answer.headers["x-safeconduct-receipt"]
        assert "server" not in answer.headers
        kept = await door.get(f"/v1/receipts/{answer.headers['x-safeconduct-receipt']}")
        assert (kept.status_code, kept.json()) == (200, door.desk.receipts()[0])


async def test_a_stream_is_an_event_stream_that_no_proxy_holds_back(tmp_path: Path) -> None:
    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.ask(STREAM)
        assert answer.content == WORDS + STOP + DONE
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-accel-buffering"] == "no"
        assert answer.headers["x-safeconduct-route"] == "alpha/small"
        assert "x-safeconduct-cost" not in answer.headers, "not known when a stream begins"


async def test_connections_are_kept_after_replies_streams_and_small_refusals(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        unknown = json.dumps({**BODY, "model": "other"}).encode()
        reader, _ = await door.raw(chat(HELLO) + chat(unknown) + chat(HELLO))
        text = b""
        while text.count(b"HTTP/1.1 ") < 3 or not text.endswith(b"}"):
            text += await reader.read(65_536)
        assert [answer[:3] for answer in text.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


async def test_refusals_name_a_receipt_that_only_its_key_can_read(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        refused = await door.ask({"model": "MARKER"})
        assert error_of(refused) == (404, "model_not_found")
        path = f"/v1/receipts/{refused.headers['x-safeconduct-receipt']}"
        assert (await door.get(path)).json()["code"] == "model_not_found"
        other = await door.key("sc_other")
        assert error_of(await door.get(path, other)) == (404, "not_found")
        assert error_of(await door.get("/v1/receipts/MARKER")) == (404, "not_found")


@pytest.mark.parametrize("name", ["smal", "small-lates", "alpha/smal"])
async def test_an_unknown_model_gets_near_names(tmp_path: Path, name: str) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        for answer in (
            await door.ask({"model": name}),
            await door.get(f"/v1/models/{name}"),
            await door.get(f"/v1/catalog/models/{name}"),
            await door.get(f"/v1/explain?model={name}"),
        ):
            assert error_of(answer) == (404, "model_not_found")
            assert answer.json()["error"]["near"] == ["small"]


async def test_a_policy_that_admits_nothing_refuses_with_reasons(tmp_path: Path) -> None:
    nowhere = a_policy("nowhere", bound=Posture(processed_in=frozenset()))
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, policies=[nowhere]) as door:
        for answer in (
            await door.ask(x_safeconduct_policy="nowhere"),
            await door.ask(x_safeconduct_policy='{"processed_in": ["FR"]}'),
            await door.ask({"provider": {"processed_in": ["FR"], "policy": "nowhere"}}),
            await door.ask({"provider": {"only": ["beta"]}}),
        ):
            assert error_of(answer) == (403, "no_eligible_route")
            (route,) = answer.json()["error"]["routes"]
            assert route["route"] == "alpha/small"
            assert {r["layer"] for r in route["reasons"]} == {"request"}
        assert alpha.connections == 0


async def test_an_empty_or_unknown_data_class_means_all_of_them_and_a_repeated_one_is_refused(tmp_path: Path) -> None:
    strict, open_ = a_policy("fr", bound=Posture(processed_in=frozenset({"FR"}))), a_policy("open")
    classes = {"personal": DataClass("personal", "fr"), "public": DataClass("public", "open")}
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, policies=[strict, open_]) as door:
        organisation = an_organisation(classes=classes, default_class="public")
        now = door.desk.in_force
        snapshot = a_snapshot(*now.snapshot.routes.values(), policies=(strict,), organisation=organisation)
        door.desk.in_force = InForce(snapshot, now.means, now.targets)
        assert (await door.ask()).status_code == 200
        for label in ("", "MARKER"):
            assert error_of(await door.ask(x_data_class=label)) == (403, "no_eligible_route")
            (model,) = (await door.get("/v1/catalog/models", {**KEY, "x-data-class": label})).json()["data"]
            assert model["routes_you_may_use"] == 0
        for label in classes:
            assert error_of(await door.ask(x_data_class=label)) == (403, "not_allowed")
        twice = [*KEY.items(), *JSON.items(), ("x-data-class", "public"), ("x-data-class", "public")]
        for answer in (
            await door.client.post(CHAT, content=HELLO, headers=twice),
            await door.client.get("/v1/models", headers=twice),
        ):
            assert error_of(answer) == (400, "invalid_request")


async def test_a_repeated_idempotency_key_is_a_conflict(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        first = await door.ask(idempotency_key="MARKER")
        second = await door.ask(idempotency_key="MARKER")
        assert error_of(second) == (409, "idempotency_conflict")
        assert second.json()["error"]["receipt"] == first.headers["x-safeconduct-receipt"]


async def test_an_empty_budget_refuses_with_the_sums(tmp_path: Path) -> None:
    budgets = (Budget(limit=1, window="day"),)
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, budgets=budgets) as door:
        answer = await door.ask()
        assert error_of(answer) == (402, "budget_exceeded")
        assert {"spent", "held", "limit", "resets_at"} <= set(answer.json()["error"])
        assert alpha.connections == 0


# --- bad input -------------------------------------------------------------------------------------------------------


def a_body(**changed: Any) -> bytes:
    return json.dumps({**BODY, **changed}).encode()


MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "cut": HELLO[:-1],
    "trailing": HELLO + b"{}",
    "a list": b"[" + HELLO + b"]",
    "a string": b'"MARKER"',
    "null": b"null",
    "duplicate key": b'{"model":"small","MARKER":1,"MARKER":2,"messages":[{"role":"user","content":"MARKER"}]}',
    "duplicate key, escaped": HELLO[:-1] + b',"mod\\u0065l":"MARKER"}',
    "duplicate key inside": HELLO[:-1] + b',"tools":[{"type":"function","type":"MARKER"}]}',
    "lookalike": HELLO[:-1] + b',"Model":"MARKER"}',
    "NaN": HELLO[:-1] + b',"temperature":NaN}',
    "Infinity": HELLO[:-1] + b',"temperature":-Infinity}',
    "lone surrogate": HELLO[:-1] + b',"user":"MARKER \\ud800"}',
    "raw surrogate": HELLO[:-1] + b',"user":"\xed\xa0\x80 MARKER"}',
    "not UTF-8": HELLO[:-1] + b',"user":"MARKER \xff"}',
    "byte order mark": b"\xef\xbb\xbf" + HELLO,
    "UTF-16": HELLO.decode().encode("utf-16"),
    "control character": HELLO[:-1] + b',"user":"MARKER\x01"}',
    "deep lists": HELLO[:-1] + b',"stop":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep and open": b"[" * 100_000,
    "dense": HELLO[:-1] + b',"stop":[' + b'"",' * 200_000 + b'""]}',
    "an endless number": HELLO[:-1] + b',"seed":1' + b"0" * 5_000 + b"MARKER}",
    "no model": a_body(model=None),
    "a number for a model": a_body(model=7),
    "no messages": a_body(messages=[]),
    "messages of strings": a_body(messages=["MARKER"]),
    "an unknown role": a_body(messages=[{"role": "MARKER", "content": "x"}]),
    "an object for content": a_body(messages=[{"role": "user", "content": {"MARKER": 1}}]),
    "a part without a type": a_body(messages=[{"role": "user", "content": [{"text": "MARKER"}]}]),
    "a word for stream": a_body(stream="MARKER"),
    "no tokens": a_body(max_tokens=0),
    "too many choices": a_body(n=10**9),
    "tools of nothing": a_body(tools="MARKER"),
    "an unknown wish": a_body(provider={"MARKER": 1}),
    "a wish of the wrong kind": a_body(provider="MARKER"),
    "an unknown country": a_body(provider={"processed_in": ["MARKER"]}),
    "an unknown policy": a_body(provider={"policy": "MARKER"}),
    "a price below zero": a_body(provider={"max_price": {"prompt": -1}}),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_no_request_is_refused_without_its_words_and_harms_nothing(tmp_path: Path, name: str) -> None:
    limits = BodyLimits(4 * 2**20, 10.0)
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, limits=limits) as door:
        answer = await door.ask(MALFORMED[name])
        assert error_of(answer) == (400, "invalid_request")
        assert {"param", "offset"} & set(answer.json()["error"])
        assert alpha.connections == 0
        assert (await door.ask()).json() == COMPLETION
        assert [r["code"] for r in door.desk.receipts()] == ["", "invalid_request"]
        assert "MARKER" not in json.dumps(door.desk.receipts())
        assert door.desk.heard.faults == []


@pytest.mark.parametrize("value", ["MARKER", '{"MARKER"', '["MARKER"]', '{"MARKER": 1}', '{"sort": "MARKER"}', "{}}"])
async def test_a_wish_in_the_header_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        assert error_of(await door.ask(x_safeconduct_policy=value)) == (400, "invalid_request")
        assert alpha.connections == 0


async def test_an_unknown_member_travels_or_is_refused_by_name_under_a_bound(tmp_path: Path) -> None:
    zero = a_policy("zero", bound=Posture(retention_days=0))
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, policies=[zero]) as door:
        assert (await door.ask({"new_thing": "x"})).status_code == 200
        assert json.loads(alpha.requests[0].body)["new_thing"] == "x"
        for name in ("new_thing", "MARKER said: x"):
            answer = await door.ask({name: "MARKER"}, x_safeconduct_policy="zero")
            assert error_of(answer) == (403, "not_allowed")
            (feature,) = answer.json()["error"]["features"]
            assert (feature == name) == (name == "new_thing")
        assert len(alpha.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=MARKER"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "MARKER"},
        {"content-type": ""},
        {"content-encoding": "gzip"},
        {"content-encoding": "br"},
        {"content-encoding": "zstd, gzip"},
    ],
)
async def test_only_plain_json_is_read(tmp_path: Path, headers: dict[str, str]) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        body = gzip.compress(HELLO) if "content-encoding" in headers else HELLO
        named = {name.replace("-", "_"): value for name, value in headers.items()}
        assert error_of(await door.ask(body, **named)) == (415, "unsupported_media")
        assert (await door.ask()).status_code == 200


async def test_a_body_of_300_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        declared = (b"content-type: application/json", b"content-length: 314572800")
        reader, _ = await door.raw(chat(b'{"MARKER', *declared))
        text = await reader.read()  # to the end: the server closes behind its answer
        assert text.startswith(b"HTTP/1.1 413 ")
        assert json.loads(text.partition(b"\r\n\r\n")[2])["error"]["limit"] == 2**20
        assert (await door.ask()).status_code == 200


async def test_a_body_that_grows_beyond_the_limit_is_refused_as_soon_as_it_does(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        declared = (b"content-type: application/json", b"transfer-encoding: chunked")
        reader, writer = await door.raw(chat(b"", *declared))
        writer.write(chunk(b"x" * 2**20) + chunk(b"y"))
        text = await reader.read()
        assert text.startswith(b"HTTP/1.1 413 ")
        assert (await door.ask()).status_code == 200


async def test_a_body_that_does_not_arrive_is_refused_in_time(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, limits=BodyLimits(2**20, 0.2)) as door:
        reader, _ = await door.raw(chat(HELLO)[:-5])
        text = await reader.read()
        assert text.startswith(b"HTTP/1.1 408 ")
        assert json.loads(text.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_timeout"
        assert door.desk.receipts() == []
        assert (await door.ask()).status_code == 200


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_forgotten(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        _, writer = await door.raw(chat(HELLO)[:-5])
        writer.close()
        await writer.wait_closed()
        assert (await door.ask()).status_code == 200
        assert len(door.desk.receipts()) == 1
        assert door.desk.heard.faults == []


# --- ends ------------------------------------------------------------------------------------------------------------


async def test_a_client_that_leaves_before_the_first_byte_cuts_the_provider_off(tmp_path: Path) -> None:
    async with Provider(hangs()) as alpha, a_door(tmp_path, alpha) as door:
        _, writer = await door.raw(chat(HELLO))
        await alpha.asked.wait()
        writer.close()
        await alpha.quiet()
        await door.desk.heard.ended()
        (receipt,) = door.desk.receipts()
        assert (receipt["outcome"], receipt["code"]) == ("client_left", "client_left")
        assert receipt["attempts"][0]["usage_source"] == "held"
        assert await door.desk.held() == 0


async def test_a_client_that_leaves_in_mid_stream_cuts_the_provider_off(tmp_path: Path) -> None:
    async with Provider(hangs(stream_head(), chunk(WORDS))) as alpha, a_door(tmp_path, alpha) as door:
        reader, writer = await door.raw(chat(a_body(stream=True)))
        await reader.readuntil(b"hello")
        writer.close()
        await alpha.quiet()
        await door.desk.heard.ended()
        (receipt,) = door.desk.receipts()
        assert receipt["outcome"] == "client_left"
        assert receipt["attempts"][0]["usage_source"] == "held"


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ([chunk(b'data: {"error":{"message":"MARKER said"}}\n\n'), chunk(DONE), END], "upstream_failed"),
        ([chunk(b"data: MARKER said\n\n"), chunk(DONE), END], "upstream_failed"),
        ([END], "upstream_failed"),
        ([], "upstream_failed"),
        (None, "upstream_timeout"),
    ],
    ids=["error event", "no event", "end without an end", "cut", "silence"],
)
async def test_a_stream_that_breaks_ends_with_an_error_event_and_no_proper_end(
    tmp_path: Path, rest: list[bytes] | None, code: str
) -> None:
    seen = asyncio.Event()

    async def breaks(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await seen.wait()
        await (connection.left() if rest is None else connection.send(*rest))

    soon = Deadlines(1, 5, 0.3, 10, 5)
    async with Provider(breaks) as alpha, a_door(tmp_path, alpha, deadlines=soon) as door:
        reader, _ = await door.raw(chat(a_body(stream=True)))
        text = await reader.readuntil(b"hello")
        seen.set()
        text += await reader.read()
        assert text.startswith(b"HTTP/1.1 200 ")
        last = [line for line in text.split(b"\r\n") if line.startswith(b"data: ")][-1]
        assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == code
        assert b"[DONE]" not in text
        assert b"MARKER" not in text
        assert not text.endswith(END), "a client must not take it for the whole"
        assert door.desk.receipts()[0]["outcome"] == "failed"


@pytest.mark.parametrize(("script", "status"), [(FAILS, 502), (hangs(), 504)])
async def test_what_a_retry_may_cure_says_so(tmp_path: Path, script: Any, status: int) -> None:
    soon = Deadlines(1, 0.3, 1, 10, 5, whole_s=0.3)
    async with Provider(script) as alpha, a_door(tmp_path, alpha, deadlines=soon) as door:
        answer = await door.ask()
        assert error_of(answer)[0] == status
        assert answer.headers["x-should-retry"] == "true"
        assert answer.headers["x-safeconduct-receipt"] == door.desk.receipts()[0]["id"]


async def test_a_fault_of_ours_is_a_500_without_words(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        door.desk.in_force.targets.clear()  # type: ignore[attr-defined]
        answer = await door.ask()
        assert error_of(answer) == (500, "internal_error")
        assert answer.json()["error"]["receipt"] == door.desk.receipts()[0]["id"]
        door.desk._in_force = None  # type: ignore[assignment]
        for answer in (await door.ask(), await door.get("/v1/models")):
            assert error_of(answer) == (500, "internal_error")
        assert len(door.desk.heard.faults) == 3


async def test_without_books_nothing_is_sent_and_receipts_cannot_be_read(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        door.desk.services.books._journal.close()  # type: ignore[attr-defined]
        assert error_of(await door.ask()) == (503, "books_unavailable")
        assert alpha.connections == 0


# --- leaving ---------------------------------------------------------------------------------------------------------


async def test_in_its_grace_a_gateway_is_alive_not_ready_and_serves(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha, grace_s=10.0, drain_s=10.0) as door:
        door.drain.begin()
        assert (await door.get("/livez", {})).status_code == 200
        ready = await door.get("/readyz", {})
        assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
        answer = await door.ask()
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")


async def test_after_its_grace_a_gateway_that_ends_takes_nothing_new(tmp_path: Path) -> None:
    async with Provider(hangs(stream_head(), chunk(WORDS))) as alpha, a_door(tmp_path, alpha, drain_s=10.0) as door:
        reader, writer = await door.raw(chat(a_body(stream=True)))
        await reader.readuntil(b"hello")
        door.drain.begin()
        for answer in (await door.ask(), *[await door.get(path) for path in ENDPOINTS]):
            assert error_of(answer) == (503, "draining")
        assert alpha.connections == 1
        writer.close()


async def test_what_is_under_way_ends_properly_while_draining(tmp_path: Path) -> None:
    goes_on = asyncio.Event()

    async def pauses(connection: Connection) -> None:
        await connection.request()
        await connection.send(stream_head(), chunk(WORDS))
        await goes_on.wait()
        await connection.send(chunk(STOP), chunk(DONE), END)

    async with Provider(pauses) as alpha, a_door(tmp_path, alpha) as door:
        reader, _ = await door.raw(chat(a_body(stream=True)))
        text = await reader.readuntil(b"hello")
        door.drain.begin()
        goes_on.set()
        text += await reader.read()
        assert b"[DONE]" in text
        assert text.endswith(END)
        assert door.desk.receipts()[0]["outcome"] == "served"


async def test_what_cannot_end_in_time_is_told_so_in_its_own_language(tmp_path: Path) -> None:
    waits = hangs(stream_head(), chunk(WORDS))
    async with Provider(waits, hangs()) as alpha, a_door(tmp_path, alpha, drain_s=0.2) as door:
        reader, _ = await door.raw(chat(a_body(stream=True)))
        await reader.readuntil(b"hello")
        alpha.asked.clear()
        whole_reader, _ = await door.raw(chat(HELLO))
        await alpha.asked.wait()
        door.drain.begin()
        text, whole = await reader.read(), await whole_reader.read()
        last = [line for line in text.split(b"\r\n") if line.startswith(b"data: ")][-1]
        assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "draining"
        assert not text.endswith(END)
        assert whole.startswith(b"HTTP/1.1 503 ")
        assert b"x-should-retry: true" in whole
        assert [(r["outcome"], r["code"]) for r in door.desk.receipts()] == [("failed", "draining")] * 2
        await alpha.quiet()


async def test_a_reload_changes_what_the_next_request_meets(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        assert (await door.ask()).status_code == 200
        no_training = a_policy("open", bound=Posture(training=Training.NO, processed_in=frozenset({"FR"})))
        routes = (*door.desk.in_force.snapshot.routes.values(), a_route(a_provider("beta"), a_model("large")))
        snapshot = a_snapshot(*routes, digest="6" * 64)
        snapshot.policies["open"] = no_training  # type: ignore[index]
        door.desk.in_force = InForce(snapshot, some_means("alpha"), door.desk.in_force.targets)
        assert error_of(await door.ask()) == (403, "no_eligible_route")
        assert [r["documents"][0] for r in door.desk.receipts()] == ["6", "5"]


# --- each family's own language --------------------------------------------------------------------------------------

ANTHROPIC = {"x-api-key": SECRET, "anthropic-version": "2023-06-01"}
GOOGLE = {"x-goog-api-key": SECRET}
MESSAGES, GENERATE = "/v1/messages", "/v1beta/models/small:generateContent"


def told(answer: httpx.Response) -> tuple[str, str]:
    """The family in whose shape an error is written, and its code."""
    assert answer.headers["content-type"] == "application/json"
    assert "MARKER" not in answer.text
    body = answer.json()
    if isinstance(body, list):
        (body,) = body
    error = body["error"]
    if body.get("type") == "error":
        assert set(body) == {"type", "error", "request_id"}
        assert body["request_id"] == answer.headers.get("request-id", "")
        return "anthropic", error["details"]["error_code"]
    if "status" in error:
        assert error["code"] == answer.status_code
        return "google", error["details"][0]["reason"]
    assert {"message", "type", "param"} <= set(error)
    return "openai", error["code"]


@pytest.mark.parametrize(
    ("path", "headers", "family"),
    [
        ("/v1/files", KEY, "openai"),
        ("/v1/complete", KEY, "openai"),
        ("/v1/images/generations", {}, "openai"),
        ("/v1/messages/batches", ANTHROPIC, "anthropic"),
        ("/anthropic/v1/files", {}, "anthropic"),
        ("/v1beta/cachedContents", GOOGLE, "google"),
        (f"/v1beta/files?key={SECRET}", {}, "google"),
        ("/google/v1beta/batches", KEY, "google"),
        ("/openai/v1/messages", ANTHROPIC, "openai"),
    ],
)
async def test_what_is_not_here_is_told_in_the_clients_own_shape(
    tmp_path: Path, path: str, headers: dict[str, str], family: str
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        for method in ("GET", "POST", "DELETE"):
            answer = await door.client.request(method, path, headers=headers)
            assert answer.status_code == 404
            assert told(answer) == (family, "not_found")
            assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("path", "family"),
    [
        (CHAT, "openai"),
        ("/responses", "openai"),
        ("/v1/completions", "openai"),
        ("/v1/embeddings", "openai"),
        (MESSAGES, "anthropic"),
        ("/anthropic/v1/messages/count_tokens", "anthropic"),
        (GENERATE, "google"),
        ("/models/a/b:streamGenerateContent?alt=sse", "google"),
        ("/v1/models/a:streamGenerateContent", "google"),
        ("/v1/models/a:countTokens", "google"),
    ],
)
async def test_another_method_is_refused_in_the_shape_of_its_address(tmp_path: Path, path: str, family: str) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            answer = await door.client.request(method, path, headers=KEY)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
            assert told(answer) == (family, "method_not_allowed")
        head = await door.client.head(path, headers=KEY)
        assert (head.status_code, head.content) == (405, b"")


@pytest.mark.parametrize("headers", [ANTHROPIC, GOOGLE])
async def test_lists_of_models_take_no_other_method_in_any_family(tmp_path: Path, headers: dict[str, str]) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        answer = await door.client.post("/v1/models", headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
        assert told(answer) == ("google" if headers is GOOGLE else "anthropic", "method_not_allowed")
        missing = await door.get("/v1/models/smal", headers)
        assert missing.status_code == 404
        assert told(missing)[1] == "model_not_found"
        unspoken = await door.client.post("/v1beta/models/small:predict", headers=headers)
        assert unspoken.status_code == 404
        assert told(unspoken)[1] == "not_found", "a verb that nobody has"


async def test_a_wrong_key_is_refused_in_the_clients_own_shape(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        for path, family in ((CHAT, "openai"), (MESSAGES, "anthropic"), (GENERATE, "google")):
            answer = await door.client.post(path, content=HELLO, headers={"x-api-key": "MARKER", **JSON})
            assert answer.status_code == 401
            assert told(answer) == (family, "unknown_key")
        for headers, family in ((ANTHROPIC, "anthropic"), (GOOGLE, "google")):
            wrong = dict.fromkeys(headers, "MARKER")
            assert told(await door.get("/v1/models", wrong)) == (family, "unknown_key")


@pytest.mark.parametrize(
    ("path", "dialect", "shown"),
    [
        ("/v1/chat/completions", "openai_chat", "choices"),
        ("/chat/completions", "openai_chat", "choices"),
        ("/openai/v1/responses", "openai_responses", "output"),
        ("/v1/messages?beta=true", "anthropic_messages", "content"),
        ("/anthropic/messages", "anthropic_messages", "content"),
        (GENERATE, "google_generate", "candidates"),
        ("/models/alpha/small:generateContent", "google_generate", "candidates"),
        (
            "/google/v1/models/models%2Fsmall:generateContent?$alt=json;enum-encoding=int",
            "google_generate",
            "candidates",
        ),
    ],
)
async def test_every_sdk_is_served_at_the_paths_that_it_builds(
    tmp_path: Path, path: str, dialect: str, shown: str
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        body = json.dumps(HELLO_IN[dialect]).encode()
        answer = await door.client.post(path, content=body, headers={**KEY, **JSON})
        assert answer.status_code == 200
        assert answer.json()[shown]
        assert answer.headers["request-id"] == answer.headers["x-request-id"] == door.desk.receipts()[0]["id"]
        assert door.desk.receipts()[0]["dialect"] == dialect


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1beta/models/small:streamGenerateContent?alt=sse", "text/event-stream; charset=utf-8"),
        ("/v1beta/models/small:streamGenerateContent", "application/json"),
    ],
)
async def test_google_streams_events_or_an_array(tmp_path: Path, path: str, kind: str) -> None:
    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_door(tmp_path, alpha) as door:
        body = json.dumps(HELLO_IN["google_generate"]).encode()
        answer = await door.client.post(path, content=body, headers={**GOOGLE, **JSON})
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        chunks = (
            answer.json()
            if kind == "application/json"
            else [json.loads(e.removeprefix("data: ")) for e in answer.text.split("\r\n\r\n") if e]
        )
        parts = [p for c in chunks for p in c["candidates"][0]["content"].get("parts", [])]
        assert "".join(p.get("text", "") for p in parts) == "hello"
        refused = await door.client.post(path, content=b'{"MARKER', headers={**GOOGLE, **JSON})
        assert told(refused) == ("google", "invalid_request")
        assert isinstance(refused.json(), list) == (kind == "application/json")


@pytest.mark.parametrize(
    ("path", "dialect", "counted"),
    [
        ("/v1/messages/count_tokens?beta=true", "anthropic_messages", "input_tokens"),
        ("/v1/responses/input_tokens", "openai_responses", "input_tokens"),
        ("/v1beta/models/small:countTokens", "google_generate", "totalTokens"),
    ],
)
async def test_every_family_gets_its_count_and_no_provider_learns_of_it(
    tmp_path: Path, path: str, dialect: str, counted: str
) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        body = json.dumps(HELLO_IN[dialect]).encode()
        answer = await door.client.post(path, content=body, headers={**KEY, **JSON})
        assert (answer.status_code, answer.headers["x-safeconduct-count"]) == (200, "estimated")
        assert answer.json()[counted] > 0
        assert "request-id" not in answer.headers
        assert (alpha.connections, door.desk.receipts()) == (0, [])


async def test_an_agent_that_asks_for_a_websocket_is_sent_back_at_once(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_door(tmp_path, alpha) as door:
        wanted = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
        answer = await door.get("/v1/responses", {**KEY, **wanted, "sec-websocket-key": "x" * 22 + "=="})
        assert answer.status_code == 426
        assert told(answer) == ("openai", "upgrade_refused")


async def test_the_document_of_the_api_names_every_route_and_no_other(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        routed = {
            route.path.replace(":path}", "}") for route in own_routes(door.gate, False, unshared(door.desk.services))
        }
        document = (await door.get("/openapi.json", {})).json()
        assert {*document["paths"]} == routed | {path for _, path, *_ in api.COMPATIBLE}
