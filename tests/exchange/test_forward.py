"""Failover before the first content event: what speaks of a route, what of the request, and what may be billed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.core.health import FaultScope
from gateway.dialects.error_codes import CODES, TOO_LONG
from gateway.exchange import forward
from gateway.exchange.services import Deadlines
from gateway.upstream.calls import ProviderCall
from gateway.upstream.client import ProviderClient
from gateway.upstream.credentials import Headers, Refusal, UnsignedRequest
from gateway.upstream.egress import Egress
from gateway.upstream.faults import UpstreamFault
from tests.exchange.desk import COMPLETION, DONE, STOP, USAGE, WORDS, Desk, a_desk
from tests.exchange.test_lifecycle import GOOD, STREAM
from tests.scripted import Connection, Provider, Script, chunk, hangs, head, once, replies, reply, stream_head, streams

FAILED = {
    "route": "alpha/small",
    "region": "SE",
    "observed": None,
    "outcome": "failed",
    "status": 500,
    "fault": "route",
    "left": True,
}


def an_error(status: int, code: object = None, **more: Any) -> Script:
    error = {"message": "MARKER said", "param": "MARKER said", "code": code, **more}
    return replies(reply(status, body=json.dumps({"error": error}).encode()))


async def asked_both(tmp_path: Path, script: Script, body: dict[str, Any] | None = None) -> tuple[Any, Any, int]:
    """The client, its receipt, and how often the second route was asked."""
    async with Provider(script) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        client = await desk.ask(body)
        assert await desk.held() == 0
        assert "MARKER" not in json.dumps(desk.receipts())
        return client, desk.receipts()[0], len(beta.requests)


@pytest.mark.parametrize(
    "status", [401, 402, 403, 404, 405, 408, 409, 424, 425, 429, 498, 499, 500, 501, 503, 529, 599]
)
async def test_the_next_route_is_asked_where_the_fault_is_not_the_requests(tmp_path: Path, status: int) -> None:
    client, receipt, asked = await asked_both(tmp_path, an_error(status))
    assert client.complete
    assert asked == 1
    failed = receipt["attempts"][0]
    assert (failed["outcome"], failed["status"], failed["cost"], failed["usage_source"]) == ("failed", status, 0, "")


@pytest.mark.parametrize("status", [400, 406, 410, 411, 412, 413, 414, 415, 416, 418, 421, 422, 423, 431, 451])
async def test_no_other_route_is_asked_when_the_request_is_at_fault(tmp_path: Path, status: int) -> None:
    client, receipt, asked = await asked_both(tmp_path, an_error(status))
    assert (client.error.status, client.error.code) == (status, "upstream_refused")
    assert client.error.details == {
        "attempts": [FAILED | {"outcome": "refused", "status": status, "fault": "request"}],
        "route": "alpha/small",
        "upstream_code": None,
    }
    assert not client.error.may_retry
    assert asked == 0
    assert receipt["outcome"] == "failed"
    assert [(a["outcome"], a["fault"], a["cost"]) for a in receipt["attempts"]] == [("refused", "request", 0)]


PASSED_CODES = sorted(code for code, scope in CODES.items() if scope is FaultScope.REQUEST)


@pytest.mark.parametrize("code", [*PASSED_CODES, "MARKER_said", 7, None, ["MARKER"]])
async def test_only_listed_codes_of_a_provider_reach_the_client(tmp_path: Path, code: object) -> None:
    client, _, _ = await asked_both(tmp_path, an_error(400, code))
    expected = code if isinstance(code, str) and code in PASSED_CODES else None
    if code == TOO_LONG:
        assert client.error.code == expected, "a code of our own, which clients look for"
    else:
        assert client.error.details["upstream_code"] == expected
        assert ("Its code" in client.error.message) == (expected is not None)
    assert "MARKER" not in client.error.message


@pytest.mark.parametrize(
    "body", [b"", b"MARKER", b"[]", b'{"error":"MARKER"}', b'{"error":[1]}', b"\xff", b'{"error":{}}']
)
async def test_an_error_of_any_shape_is_a_refusal_without_words(tmp_path: Path, body: bytes) -> None:
    client, _, asked = await asked_both(tmp_path, replies(reply(400, body=body)))
    assert client.error.code == "upstream_refused"
    assert "MARKER" not in client.error.message
    assert asked == 0


@pytest.mark.parametrize(
    "script",
    [
        replies(reply(400, body=b'{"error":{"code":"invalid_value"},"x":"' + b"y" * forward.MAX_ERROR + b'"}')),
        once(head(400, [("content-length", "500")]) + b'{"error"'),
    ],
    ids=["too large", "broken off"],
)
async def test_a_refusal_stays_one_whatever_becomes_of_its_body(tmp_path: Path, script: Script) -> None:
    client, receipt, asked = await asked_both(tmp_path, script)
    assert (client.error.status, client.error.details["upstream_code"]) == (400, None)
    assert asked == 0
    assert receipt["attempts"][0]["cost"] == 0


@pytest.mark.parametrize("status", [201, 202, 206])
async def test_another_success_than_200_is_no_answer_and_may_have_been_billed(tmp_path: Path, status: int) -> None:
    client, receipt, _ = await asked_both(tmp_path, replies(reply(status, body=json.dumps(COMPLETION).encode())))
    assert client.headers["x-safeconduct-route"] == "beta/small"
    assert receipt["attempts"][0]["usage_source"] == "held"
    assert receipt["attempts"][0]["cost"] == receipt["attempts"][0]["hold"] > 0


async def test_a_reply_that_is_none_may_have_been_billed_and_one_that_never_left_cannot(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    _, receipt, _ = await asked_both(tmp_path / "a", replies(reply(body=b"{}")))
    assert receipt["attempts"][0]["usage_source"] == "held"
    async with Provider(GOOD) as alpha, Provider(GOOD) as beta, a_desk(tmp_path / "b", alpha, beta) as desk:
        alpha._server.close()
        await alpha._server.wait_closed()
        client = await desk.ask()
        assert client.complete
        assert [a["usage_source"] for a in desk.receipts()[0]["attempts"]] == ["", "provider"]


GOOGLES_401 = {"code": 400, "message": "MARKER", "details": [{"reason": "API_KEY_INVALID"}]}
"""Google refuses a key with a status that speaks of the request."""


async def test_our_key_refused_in_the_words_of_a_bad_request_is_the_routes_fault(tmp_path: Path) -> None:
    refuses = replies(reply(400, body=json.dumps({"error": GOOGLES_401}).encode()))
    async with Provider(refuses) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        for _ in range(2):
            client = await desk.ask()
            assert client.headers["x-safeconduct-route"] == "beta/small"
        second, first = desk.receipts()
        assert (first["attempts"][0]["outcome"], first["attempts"][0]["cost"]) == ("failed", 0)
        assert second["rejections"] == {"alpha/small": ["locked_out"]}
        assert await out(desk) == (set(), {"alpha"})
        assert len(alpha.requests) == 1


async def out(desk: Desk) -> tuple[set[str], set[str]]:
    view = desk.services.health.view(desk.services.clock.monotonic())
    return set(map(str, view.cooling)), set(view.locked_out)


WITHDRAWN = an_error(404, "model_not_found")
FLAGGED = an_error(403, 403, message="Your chosen model requires moderation and your input was flagged: MARKER")


@pytest.mark.parametrize(
    ("script", "cooling", "locked"),
    [
        (replies(reply(429, headers=[("retry-after", "60")])), {"alpha/small"}, set()),
        (replies(reply(503, headers=[("retry-after", "60")])), {"alpha/small"}, set()),
        (replies(reply(429)), {"alpha/small"}, set()),
        (replies(reply(401)), set(), {"alpha"}),
        (replies(reply(402)), set(), {"alpha"}),
        (an_error(400, "insufficient_quota"), set(), {"alpha"}),
        (an_error(429, "insufficient_quota"), set(), {"alpha"}),
        (an_error(400, message="Your credit balance is too low."), set(), {"alpha"}),
        (WITHDRAWN, set(), {"alpha/small"}),
        (an_error(400, "model_decommissioned"), set(), {"alpha/small"}),
        (an_error(403, "model_permission_blocked_org"), set(), {"alpha/small"}),
        (replies(reply(403)), set(), set()),
        (replies(reply(404)), set(), set()),
        (FLAGGED, set(), set()),
        (an_error(413, "rate_limit_exceeded"), set(), set()),
        (an_error(400), set(), set()),
        (an_error(400, message="Invalid value: 'Your credit balance is too low.'"), set(), set()),
    ],
)
async def test_the_scope_of_a_fault_is_the_scope_of_its_outage(
    tmp_path: Path, script: Script, cooling: set[str], locked: set[str]
) -> None:
    async with Provider(script) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        await desk.ask()
        assert await out(desk) == (cooling, locked)


@pytest.mark.parametrize(
    "script", [FLAGGED, an_error(400), an_error(422), replies(reply(403)), an_error(404, message="No such file")]
)
async def test_a_request_that_is_refused_for_its_own_sake_changes_nothing_for_the_next(
    tmp_path: Path, script: Script
) -> None:
    once_refused: list[bytes] = []

    async def refuses_first(connection: Connection) -> None:
        if not once_refused:
            once_refused.append(b"")
            await script(connection)
        await GOOD(connection)

    files = {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]}
    async with Provider(refuses_first, GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        assert (await desk.ask(files)).error is not None
        once_refused.append(b"")
        await desk.services.upstream.close()
        desk.services = replace(desk.services, upstream=(upstream := ProviderClient()))
        assert (await desk.ask()).complete
        await upstream.close()


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ([("retry-after", "7")], b"{}", 7),
        ([("retry-after-ms", "2500"), ("retry-after", "3")], b"{}", 2.5),
        ([], b'{"error":{"details":[{"retryDelay":"34s"}]}}', 34),
        ([("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "6m0s")], b"{}", 360),
        ([], b"{}", 5),
    ],
)
async def test_a_rate_limit_of_the_last_route_reaches_the_client_with_its_time(
    tmp_path: Path, headers: list[tuple[str, str]], body: bytes, seconds: float
) -> None:
    async with Provider(replies(reply(429, body=body, headers=headers))) as alpha, a_desk(tmp_path, alpha) as desk:
        for error in [(await desk.ask()).error for _ in range(2)]:
            assert error is not None
            assert (error.status, error.code, error.may_retry) == (429, "rate_limited", True)
            assert error.retry_after_s == pytest.approx(seconds, abs=1)
        assert len(alpha.requests) == 1, "it cools down meanwhile"
        assert [r["outcome"] for r in desk.receipts()] == ["failed", "failed"]


@pytest.mark.parametrize("script", [replies(reply(500)), once(), replies(reply(body=b"{}")), replies(reply(204))])
async def test_three_faults_in_a_row_cool_a_route_down_and_it_is_not_asked(tmp_path: Path, script: Script) -> None:
    async with Provider(script) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        for _ in range(4):
            assert (await desk.ask()).complete
        assert await out(desk) == ({"alpha/small"}, set())
        assert len(alpha.requests) == 3


async def test_when_all_eligible_routes_cool_down_the_answer_says_so(tmp_path: Path) -> None:
    async with Provider(replies(reply(500))) as alpha, a_desk(tmp_path, alpha) as desk:
        for _ in range(3):
            error = (await desk.ask()).error
            assert error is not None
            assert (error.status, error.code) == (502, "upstream_failed")
            assert error.details["attempts"] == [FAILED]
        error = (await desk.ask()).error
        assert error is not None
        assert (error.status, error.code, error.may_retry) == (503, "routes_unavailable", True)


async def test_a_whole_reply_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = json.dumps(COMPLETION).encode()

    for name in ("fits", "not"):
        (tmp_path / name).mkdir()
    assert forward.MAX_REPLY == 64 * 2**20
    monkeypatch.setattr(forward, "MAX_REPLY", len(whole))
    client, _, asked = await asked_both(tmp_path / "fits", replies(reply(body=whole)))
    assert (client.complete, asked) == (True, 0)
    monkeypatch.setattr(forward, "MAX_REPLY", len(whole) - 1)
    client, receipt, asked = await asked_both(tmp_path / "not", replies(reply(body=whole)))
    assert receipt["attempts"][0]["usage_source"] == "held"
    assert asked == 1


async def comments_for_ever(connection: Connection) -> None:
    await connection.request()
    await connection.send(stream_head())
    while True:
        await connection.send(chunk(b": waiting\n\n" * 1000))


@pytest.mark.parametrize(
    "script",
    [
        comments_for_ever,
        streams(b"data: " + b"x" * forward.MAX_OPENING + b"\n\n", WORDS, STOP, DONE),
        streams(DONE),
        streams(b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'),
        streams(b'data: {"error":{"message":"MARKER said"}}\n\n'),
        streams(WORDS[:-2] + b"\n\n" + b'data: {"error":{"message":"MARKER said"}}\n\n'),
        streams(b"data: MARKER said\n\n"),
        replies(reply(body=b'{"error":{"message":"MARKER said"}}')),
        replies(reply(body=b'{"choices":[]}')),
        replies(reply(body=b"[]")),
        streams(),
    ],
)
async def test_a_stream_that_begins_without_content_is_left_for_the_next_route(tmp_path: Path, script: Script) -> None:
    async with Provider(script) as alpha, Provider(streams(WORDS, STOP, USAGE, DONE)) as beta:
        async with a_desk(tmp_path, alpha, beta) as desk:
            client = await desk.ask(STREAM)
            assert client.headers["x-safeconduct-route"] == "beta/small"
            assert client.body == WORDS + STOP + DONE, "nothing of the first route"
            (receipt,) = desk.receipts()
            assert [a["outcome"] for a in receipt["attempts"]] == ["failed", "served"]
            assert receipt["attempts"][0]["usage_source"] == "held"
            assert receipt["cost"] == receipt["attempts"][0]["hold"] + receipt["attempts"][1]["cost"]
        await alpha.quiet()


async def test_a_stream_that_ends_without_content_costs_what_it_reports(tmp_path: Path) -> None:
    async with (
        Provider(streams(USAGE, DONE)) as alpha,
        Provider(streams(WORDS, STOP, USAGE, DONE)) as beta,
        a_desk(tmp_path, alpha, beta) as desk,
    ):
        await desk.ask(STREAM)
        (receipt,) = desk.receipts()
        first, second = receipt["attempts"]
        assert (first["outcome"], first["usage_source"], first["usage"]) == ("failed", "provider", second["usage"])


async def test_a_client_gets_a_stream_from_a_provider_that_ignores_stream(tmp_path: Path) -> None:
    async with (
        Provider(replies(reply(body=json.dumps(COMPLETION).encode()))) as alpha,
        a_desk(tmp_path, alpha) as desk,
    ):
        client = await desk.ask(STREAM)
        events = [json.loads(e[6:]) for e in client.body.split(b"\n\n") if e.startswith(b"data: {")]
        said = "".join(c["delta"].get("content") or "" for e in events for c in e["choices"])
        assert said == COMPLETION["choices"][0]["message"]["content"]
        assert client.body.endswith(b"data: [DONE]\n\n")
        (receipt,) = desk.receipts()
        assert [(a["outcome"], a["usage_source"]) for a in receipt["attempts"]] == [("served", "provider")]


async def test_a_client_gets_a_whole_reply_from_a_provider_that_streams_unasked(tmp_path: Path) -> None:
    async with Provider(streams(WORDS, STOP, USAGE, DONE)) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await desk.ask()
        found = json.loads(client.body)
        assert found["object"] == "chat.completion"
        assert found["choices"][0]["message"]["content"] == "hello"
        (receipt,) = desk.receipts()
        assert [(a["outcome"], a["usage_source"]) for a in receipt["attempts"]] == [("served", "provider")]


async def test_a_stream_may_hold_back_its_content_within_bounds(tmp_path: Path) -> None:
    opening = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'

    async with (
        Provider(streams(b": hello\n\n", opening, WORDS, STOP, DONE)) as alpha,
        a_desk(tmp_path, alpha) as desk,
    ):
        client = await desk.ask(STREAM)
        assert client.body == b": hello\n\n" + opening + WORDS + STOP + DONE


async def test_without_budgets_no_limit_is_injected(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        client = await desk.ask(b'{"model":"small","messages":[{"role":"user","content":"x"}]}')
        assert "x-safeconduct-output-limit" not in client.headers
        assert "max_tokens" not in json.loads(alpha.requests[0].body)


async def test_every_route_timing_out_is_a_timeout_and_one_that_failed_makes_it_a_failure(tmp_path: Path) -> None:
    soon = Deadlines(1, 0.2, 1, 10, 5, whole_s=0.2)

    for name in "ab":
        (tmp_path / name).mkdir()
    async with (
        Provider(hangs()) as alpha,
        Provider(hangs()) as beta,
        a_desk(tmp_path / "a", alpha, beta, deadlines=soon) as desk,
    ):
        error = (await desk.ask()).error
        assert error is not None
        assert error.code == "upstream_timeout"
        listed: Any = error.details["attempts"]
        assert [a["route"] for a in listed] == ["alpha/small", "beta/small"]
    async with (
        Provider(hangs()) as alpha,
        Provider(replies(reply(500))) as beta,
        a_desk(tmp_path / "b", alpha, beta, deadlines=soon) as desk,
    ):
        error = (await desk.ask()).error
        assert error is not None
        assert error.code == "upstream_failed"


async def test_each_attempt_has_its_times(tmp_path: Path) -> None:
    _, receipt, _ = await asked_both(tmp_path, an_error(500))
    first, second = receipt["attempts"]
    assert first["first_event_ms"] == -1
    assert 0 <= first["began_ms"] <= first["ended_ms"] <= second["began_ms"]
    assert second["began_ms"] <= second["first_event_ms"] <= second["ended_ms"] <= receipt["duration_ms"]


class _Secretless:
    """A credential whose token has ended."""

    renewable = True

    def headers(self, request: UnsignedRequest) -> Headers:  # noqa: ARG002  # it has none for any
        raise UpstreamFault("credential", "nothing")

    async def renew(self, refusal: Refusal) -> bool:  # noqa: ARG002
        return False


async def test_a_record_without_a_secret_is_locked_out_and_the_next_one_serves(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        targets = {**desk.in_force.targets, "alpha": replace(desk.in_force.targets["alpha"], credential=_Secretless())}
        desk.in_force = replace(desk.in_force, targets=targets)
        assert (await desk.ask()).complete
        [first, second] = desk.receipts()[0]["attempts"]
        assert (first["fault"], first["left"], second["outcome"]) == ("credential", False, "served")
        view = desk.services.health.view(desk.services.clock.monotonic())
        assert {name: outage.scope for name, outage in view.locked_out.items()} == {"alpha": FaultScope.CREDENTIAL}
        assert not alpha.requests


async def test_a_limit_of_our_own_counts_against_no_route(tmp_path: Path) -> None:
    """Calls that find no room at a provider's origin go to the next route and leave the health of the first alone."""
    async with Provider(hangs()) as alpha, Provider(GOOD) as beta, a_desk(tmp_path, alpha, beta) as desk:
        full = ProviderClient(Egress(connections_per_origin=1))
        desk.services = replace(desk.services, upstream=full, deadlines=replace(desk.services.deadlines, connect_s=0.1))
        call = ProviderCall(desk.in_force.targets["alpha"], "/x", (), b"{}")
        busy = asyncio.create_task(full.send(call, 5))
        await alpha.asked.wait()
        for _ in range(5):
            assert (await desk.ask()).complete
        assert {r["attempts"][0]["fault"] for r in desk.receipts()} == {"capacity"}
        assert len(beta.requests) == 5
        assert desk.services.health.view(desk.services.clock.monotonic()).cooling == {}
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
        await full.close()


async def test_a_receipt_says_of_each_attempt_whether_the_prompt_left_and_how_it_failed(tmp_path: Path) -> None:
    refuses = replies(reply(500, headers=[("x-groq-region", "Sweden Central")]))
    async with Provider() as away:
        pass
    async with Provider(refuses) as beta, Provider(once(b"")) as gamma, a_desk(tmp_path, away, beta, gamma) as desk:
        await desk.ask()
        (receipt,) = desk.receipts()
        told = [(a["left"], a["region"], a["observed"], a["status"], a["fault"]) for a in receipt["attempts"]]
        assert told == [
            (False, "SE", {}, 0, "connect"),
            (True, "SE", {"region": "Sweden Central"}, 500, "route"),
            (True, "SE", {}, 0, "reset"),
        ]
        assert {a["evidence_from"] for a in receipt["attempts"]} == {"2026-11-24"}
        assert len({a["posture_digest"] for a in receipt["attempts"]}) == 1
        assert receipt["region"] == "", "nobody answered"


async def test_a_providers_own_report_stands_before_the_declared_region(tmp_path: Path) -> None:
    body = json.dumps(COMPLETION).encode()
    async with (
        Provider(replies(reply(body=body, headers=[("x-groq-region", "us-east-1")]))) as alpha,
        a_desk(tmp_path, alpha) as desk,
    ):
        client = await desk.ask()
        (receipt,) = desk.receipts()
        assert client.headers["x-safeconduct-region"] == receipt["region"] == "us-east-1"
        assert receipt["attempts"][0]["region"] == "SE"


async def test_two_requests_that_differ_in_their_highest_price_alone_leave_receipts_that_differ(tmp_path: Path) -> None:
    async with Provider(GOOD) as alpha, a_desk(tmp_path, alpha) as desk:
        for price in (80, 90):
            await desk.ask({"provider": {"max_price": {"prompt": price}}})
        second, first = desk.receipts()
        assert first["narrowing"] == [{"max_price": {"input": "8E+1"}}]
        assert second["narrowing"] == [{"max_price": {"input": "9E+1"}}]
        assert first["plan"] == second["plan"]
