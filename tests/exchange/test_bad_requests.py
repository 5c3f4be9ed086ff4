"""What is no request, in every dialect: refused by its field, in the client's own shape, before any provider."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.asgi.arriving_bodies import BodyLimits
from tests.asgi.gate import KEY, Door, a_door
from tests.builders import some_abilities
from tests.dialects.test_translation import ANSWER, CHATS, HELLO
from tests.exchange.malformed import MALFORMED
from tests.scripted import Provider, replies, reply

PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "google_generate": "/v1beta/models/small:generateContent",
}
NEXT = dict(zip(CHATS, [*CHATS[1:], CHATS[0]], strict=True))
"""For each dialect another one."""
ABLE = some_abilities(inputs=frozenset({"text", "image", "pdf"}))
PATIENT = BodyLimits(2**26, 20.0)


def answering(dialect: str) -> Provider:
    return Provider(replies(reply(body=json.dumps(ANSWER[dialect]).encode())))


async def posted(door: Door, client: str, members: dict[str, Any]) -> httpx.Response:
    body = json.dumps({**HELLO[client], **members}).encode()
    return await door.client.post(PATHS[client], content=body, headers={**KEY, "content-type": "application/json"})


def fault_of(client: str, answer: httpx.Response) -> tuple[str, str]:
    """(code, field) where the SDKs of the dialect read them; fails on any member that is out of place."""
    told = answer.json()
    error = told["error"]
    if client == "anthropic_messages":
        assert set(told) == {"type", "error", "request_id"}
        assert (told["type"], error["type"]) == ("error", "invalid_request_error")
        return error["details"]["error_code"], error["details"]["field"]
    if client == "google_generate":
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
        by_kind = {detail["@type"].rpartition(".")[2]: detail for detail in error["details"]}
        return by_kind["ErrorInfo"]["reason"], by_kind["BadRequest"]["fieldViolations"][0]["field"]
    assert error["type"] == "invalid_request_error"
    return error["code"], error["param"]


@pytest.mark.parametrize("client", CHATS)
async def test_what_no_route_can_be_told_is_refused_by_its_field(tmp_path: Path, client: str) -> None:
    other = NEXT[client]
    async with answering(other) as alpha, a_door(tmp_path, alpha, dialects=[other], abilities=ABLE) as door:
        for name, case in MALFORMED[client].items():
            answer = await posted(door, client, case.members)
            assert answer.status_code == 400, (name, answer.text)
            assert fault_of(client, answer) == ("invalid_request", case.field)
            assert answer.headers["x-should-retry"] == "false"
            receipt = door.desk.receipts()[0]
            assert receipt["id"] == answer.headers["x-safeconduct-receipt"]
            assert (receipt["outcome"], receipt["code"]) == ("refused", "invalid_request")
            assert "MARKER" not in answer.text + json.dumps(receipt), name
        assert alpha.connections == 0


@pytest.mark.parametrize("client", CHATS)
async def test_a_route_of_the_clients_dialect_is_told_what_only_its_provider_can_judge(
    tmp_path: Path, client: str
) -> None:
    other = NEXT[client]
    async with answering(other) as alpha, answering(client) as beta:
        async with a_door(tmp_path, alpha, beta, dialects=[other, client], abilities=ABLE) as door:
            for name, case in MALFORMED[client].items():
                beta.requests.clear()
                answer = await posted(door, client, case.members)
                assert answer.status_code == (200 if case.passes else 400), (name, answer.text)
                assert [json.loads(seen.body).items() >= case.members.items() for seen in beta.requests] == (
                    [True] if case.passes else []
                ), name
                receipt = door.desk.receipts()[0]
                assert receipt["outcome"] == ("served" if case.passes else "refused")
                assert "MARKER" not in json.dumps(receipt), name
                if not case.passes:
                    assert fault_of(client, answer) == ("invalid_request", case.field)
        assert alpha.connections == 0


# --- pictures of 20 MB -----------------------------------------------------------------------------------------------

LARGE = base64.b64encode(bytes(range(256)) * (20 * 2**20 // 256)).decode()
SHOWN: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{LARGE}"}}],
            }
        ]
    },
    "openai_responses": {
        "input": [{"role": "user", "content": [{"type": "input_image", "image_url": f"data:image/png;base64,{LARGE}"}]}]
    },
    "anthropic_messages": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": LARGE}}],
            }
        ]
    },
    "google_generate": {
        "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": LARGE}}]}]
    },
}


@pytest.mark.parametrize("client", CHATS)
async def test_a_picture_of_20_megabytes_arrives_whole_whatever_its_route_speaks(tmp_path: Path, client: str) -> None:
    for route in (client, NEXT[client]):
        (tmp_path / route).mkdir()
        async with answering(route) as alpha:
            async with a_door(tmp_path / route, alpha, dialects=[route], limits=PATIENT) as door:
                answer = await posted(door, client, SHOWN[client])
                assert answer.status_code == 200, answer.text[:500]
            (seen,) = alpha.requests
            assert seen.body.count(LARGE.encode()) == 1


@pytest.mark.parametrize("client", CHATS)
async def test_a_body_beyond_the_limit_is_refused_in_the_clients_own_shape(tmp_path: Path, client: str) -> None:
    async with (
        answering(client) as alpha,
        a_door(tmp_path, alpha, dialects=[client], limits=BodyLimits(1024, 5.0)) as door,
    ):
        answer = await posted(door, client, {"x": "MARKER" * 1024})
        assert answer.status_code == 413
        assert "too_large" in answer.text
        assert "MARKER" not in answer.text
        assert (alpha.connections, door.desk.receipts()) == (0, [])
