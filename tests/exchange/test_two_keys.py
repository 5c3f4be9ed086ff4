"""Two keys side by side: nothing that one key sends changes the answer that the other one gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.dialects.prompt import PromptHead
from gateway.stores.keys.keys import digest_of
from tests.builders import a_key
from tests.exchange.desk import COMPLETION, Client, Desk, a_desk
from tests.exchange.test_forward import out
from tests.scripted import Connection, Provider, chunk, reply, stream_head

OTHERS_SECRET = "sc_" + "y" * 43
TIMES = 5
"""More often than the faults in a row that cool a route down."""
A_FILE = [{"type": "text", "text": "of the one"}, {"type": "file", "file": {"file_id": "gone"}}]
CALL = PromptHead(verb="generateContent", model="small")
GOOD_BYTES = reply(body=json.dumps(COMPLETION).encode())


def refusal(status: int, code: object = None, message: str = "no") -> bytes:
    return reply(status, body=json.dumps({"error": {"message": message, "code": code}}).encode())


def error_event(code: str) -> bytes:
    data = json.dumps({"error": {"message": "no", "type": "invalid_request_error", "code": code}})
    return stream_head() + chunk(f"data: {data}\n\n".encode()) + b"0\r\n\r\n"


def a_provider(for_one: bytes) -> Provider:
    """Answers the one key's words with `for_one`, and all others with a good reply."""

    async def script(connection: Connection) -> None:
        while True:
            request = await connection.request()
            await connection.send(for_one if b"of the one" in request.body else GOOD_BYTES)

    return Provider(script)


async def other_key(desk: Desk) -> Client:
    """The other key's answer; the desk is the one key's again behind it."""
    one = desk.key
    digest = digest_of(OTHERS_SECRET)
    if desk.keys.find(digest) is None:
        await desk.keys.create(a_key("key_2", digest=digest))
    other = desk.keys.find(digest)
    assert other is not None
    desk.key = other
    try:
        return await desk.ask()
    finally:
        desk.key = one


def words_of_the_one(**more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "of the one"}], **more}


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (refusal(403, 403, "Your chosen model requires moderation and your input was flagged"), {}),
        (refusal(403), {}),
        (refusal(400, "content_policy_violation"), {}),
        (refusal(400, "context_length_exceeded"), {}),
        (refusal(404), {"messages": [{"role": "user", "content": A_FILE}]}),
        (refusal(413, "rate_limit_exceeded"), {}),
        (refusal(422), {}),
        (error_event("content_policy_violation"), {"stream": True}),
        (error_event("context_length_exceeded"), {"stream": True}),
    ],
)
async def test_a_request_that_is_refused_again_and_again_leaves_the_other_key_its_first_route(
    tmp_path: Path, answer: bytes, body: dict[str, Any]
) -> None:
    async with a_provider(answer) as alpha, a_provider(GOOD_BYTES) as beta, a_desk(tmp_path, alpha, beta) as desk:
        for _ in range(TIMES):
            await desk.ask(words_of_the_one(**body))
        client = await other_key(desk)
        assert client.complete
        assert desk.receipts()[0]["key"] == "key_2"
        assert desk.receipts()[0]["route"] == "alpha/small"
        assert await out(desk) == (set(), set())


async def test_replies_that_our_writer_cannot_write_for_one_client_leave_the_other_key_its_first_route(
    tmp_path: Path,
) -> None:
    call = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{not an object"}}
    choice = {"index": 0, "message": {"role": "assistant", "tool_calls": [call]}, "finish_reason": "tool_calls"}
    unwritable = reply(body=json.dumps({**COMPLETION, "choices": [choice]}).encode())
    async with a_provider(unwritable) as alpha, a_provider(GOOD_BYTES) as beta, a_desk(tmp_path, alpha, beta) as desk:
        contents = {"contents": [{"role": "user", "parts": [{"text": "of the one"}]}]}
        for _ in range(TIMES):
            client = await desk.ask(json.dumps(contents).encode(), dialect="google_generate", asked=CALL)
        assert client.error is not None
        assert (await other_key(desk)).complete
        assert desk.receipts()[0]["route"] == "alpha/small"
        assert await out(desk) == (set(), set())


@pytest.mark.parametrize("answer", [refusal(429), refusal(401), refusal(402), refusal(500)])
async def test_a_fault_of_the_route_or_its_account_leaves_the_other_key_an_answer(
    tmp_path: Path, answer: bytes
) -> None:
    async with a_provider(answer) as alpha, a_provider(GOOD_BYTES) as beta, a_desk(tmp_path, alpha, beta) as desk:
        for _ in range(TIMES):
            assert (await desk.ask(words_of_the_one())).complete
        assert (await other_key(desk)).complete
        assert desk.receipts()[0]["route"] == "beta/small"
