"""Scenes that reach the provider: replies, streams, clients that leave, and providers that fail and echo the prompt."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.privacy.client import connected
from tests.privacy.hunt import marker
from tests.privacy.stage import (
    FINISHED,
    USAGE,
    Play,
    Scene,
    Stage,
    completion,
    event,
    mute,
    said,
    speaking,
)
from tests.scripted import END, Connection, Received, head, reply, stream_head

SCENES: dict[str, Scene] = {}


def words_of_the_provider(scene: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, marker(scene, f"reply header {name}")) for name in ("x-request-id", "set-cookie", "server"))


# --- replies -------------------------------------------------------------------------------------------------------


async def whole(connection: Connection, _: Received, scene: str) -> None:
    data = completion(scene, {"message": said(scene), "finish_reason": "stop"}, usage=USAGE)
    await connection.send(reply(body=data, headers=words_of_the_provider(scene)))


async def streamed(connection: Connection, _: Received, scene: str) -> None:
    await connection.send(
        stream_head(),
        speaking(scene),
        event(completion(scene, FINISHED)),
        event(completion(scene, {"delta": {}}, usage=USAGE)),
        event(b"[DONE]"),
        END,
    )


async def answered(stage: Stage, scene: str) -> None:
    answer = await stage.chat(scene)
    assert answer.status == 200
    assert marker(scene, "output").encode() in answer.body
    assert marker(scene, "reply header").encode() not in answer.head


async def answered_in_pieces(stage: Stage, scene: str) -> None:
    answer = await stage.chat(scene, stream=True)
    assert answer.status == 200
    assert marker(scene, "output").encode() in answer.body
    assert b"[DONE]" in answer.body


async def asked_twice(stage: Stage, scene: str) -> None:
    headers = (("content-type", "application/json"), ("idempotency-key", marker(scene, "idempotency key")))
    assert (await stage.chat(scene, headers=headers)).status == 200
    mute(await stage.chat(scene, headers=headers), 409, "idempotency_conflict")


async def with_a_query(stage: Stage, scene: str) -> None:
    target = f"/v1/chat/completions?q={marker(scene, 'query')}&key={stage.gateway.secret}"
    assert (await stage.chat(scene, target=target, key="")).status == 200


SCENES["reply"] = Scene(answered, whole)
SCENES["stream"] = Scene(answered_in_pieces, streamed)
SCENES["idempotency-key"] = Scene(asked_twice, whole)
SCENES["query"] = Scene(with_a_query, whole)


# --- clients that leave --------------------------------------------------------------------------------------------


async def silent(connection: Connection, _: Received, __: str) -> None:
    await connection.left()


async def stuck(connection: Connection, _: Received, scene: str) -> None:
    await connection.send(stream_head(), speaking(scene))
    await connection.left()


async def leaves_before_the_first_byte(stage: Stage, scene: str) -> None:
    stage.provider.asked.clear()
    async with stage.opened(scene):
        await stage.provider.asked.wait()
    assert (await stage.settled())["outcome"] == "client_left"


async def leaves_in_mid_stream(stage: Stage, scene: str) -> None:
    async with stage.opened(scene, stream=True) as reader:
        await reader.readuntil(marker(scene, "output").encode())
    assert (await stage.settled())["outcome"] == "client_left"


async def leaves_in_its_own_words(stage: Stage, scene: str) -> None:
    """No exchange begins, so there is nothing to wait for."""
    async with connected(stage.gateway.port, stage.wire(scene)[:-40]):
        pass


SCENES["left-mid-request"] = Scene(leaves_in_its_own_words)
SCENES["left-before-first-byte"] = Scene(leaves_before_the_first_byte, silent)
SCENES["left-mid-stream"] = Scene(leaves_in_mid_stream, stuck)


# --- providers that fail, with the prompt in their mouth -----------------------------------------------------------


def echo(received: Received, scene: str) -> dict[str, Any]:
    """An error object that repeats all it was sent."""
    return {
        "error": {
            "message": f"Refused {marker(scene, 'error text')}: {received.body.decode()}",
            "type": marker(scene, "error type"),
            "param": marker(scene, "error param"),
            "code": marker(scene, "error code"),
        }
    }


def turns_away(status: int, *headers: tuple[str, str]) -> Play:
    async def play(connection: Connection, received: Received, scene: str) -> None:
        data = json.dumps(echo(received, scene)).encode()
        await connection.send(reply(status, body=data, headers=(*words_of_the_provider(scene), *headers)))

    return play


async def redirects(connection: Connection, _: Received, scene: str) -> None:
    await connection.send(reply(307, headers=(("location", f"/{marker(scene, 'location')}"),)))


async def babbles(connection: Connection, received: Received, _: str) -> None:
    """The request back, where a reply should be."""
    await connection.send(received.body)
    connection.half_close()
    await connection.left()


async def answers_no_json(connection: Connection, received: Received, _: str) -> None:
    await connection.send(reply(body=received.body + b"}"))


async def lies_about_its_length(connection: Connection, received: Received, _: str) -> None:
    await connection.send(reply(body=received.body, length=len(received.body) + 5))
    connection.half_close()
    await connection.left()


async def compresses(connection: Connection, received: Received, _: str) -> None:
    await connection.send(reply(body=received.body, headers=(("content-encoding", "gzip"),)))


async def has_bad_headers(connection: Connection, received: Received, scene: str) -> None:
    await connection.send(head(200, ((f"bad name {marker(scene, 'reply header name')}", "1"),)) + received.body)
    connection.half_close()
    await connection.left()


def failing(status: int, code: str | None) -> Any:
    async def act(stage: Stage, scene: str) -> None:
        mute(await stage.chat(scene), status, code)

    return act


SCENES["provider-400"] = Scene(failing(400, "upstream_refused"), turns_away(400))
SCENES["provider-422"] = Scene(failing(422, "upstream_refused"), turns_away(422))
SCENES["provider-429"] = Scene(failing(429, "rate_limited"), turns_away(429, ("retry-after", "Mk")))
SCENES["provider-500"] = Scene(failing(502, "upstream_failed"), turns_away(500))
SCENES["provider-503"] = Scene(failing(502, "upstream_failed"), turns_away(503))
SCENES["provider-redirects"] = Scene(failing(502, "upstream_failed"), redirects)
SCENES["provider-babbles"] = Scene(failing(502, "upstream_failed"), babbles)
SCENES["provider-no-json"] = Scene(failing(502, "upstream_failed"), answers_no_json)
SCENES["provider-short"] = Scene(failing(502, "upstream_failed"), lies_about_its_length)
SCENES["provider-compresses"] = Scene(failing(502, "upstream_failed"), compresses)
SCENES["provider-bad-headers"] = Scene(failing(502, "upstream_failed"), has_bad_headers)


# --- providers that fail in mid-stream -----------------------------------------------------------------------------


HEARD: dict[str, asyncio.Event] = {}
"""By scene: the client has its first words. A fault that came with them would be the next route's chance."""


async def errs_in_mid_stream(connection: Connection, received: Received, scene: str) -> None:
    await connection.send(stream_head(), speaking(scene))
    await HEARD[scene].wait()
    await connection.send(event(json.dumps(echo(received, scene)).encode()), END)


async def garbles_in_mid_stream(connection: Connection, received: Received, scene: str) -> None:
    await connection.send(stream_head(), speaking(scene))
    await HEARD[scene].wait()
    await connection.send(event(b"{" + json.dumps(echo(received, scene)).encode()), END)


async def breaks_off(connection: Connection, _: Received, scene: str) -> None:
    await connection.send(stream_head(), speaking(scene))
    connection.half_close()
    await connection.left()


async def errs_at_once(connection: Connection, received: Received, scene: str) -> None:
    await connection.send(stream_head(), event(json.dumps(echo(received, scene)).encode()), END)


async def broken_off(stage: Stage, scene: str) -> None:
    HEARD[scene] = asyncio.Event()
    async with stage.opened(scene, stream=True) as reader:
        begun = await reader.readuntil(marker(scene, "output").encode())
        HEARD[scene].set()
        rest = await reader.read()
    await stage.settled()
    assert begun.startswith(b"HTTP/1.1 200")
    assert marker(scene, "error text").encode() not in rest
    assert b"upstream_failed" in rest
    assert b"[DONE]" not in rest


async def never_begun(stage: Stage, scene: str) -> None:
    mute(await stage.chat(scene, stream=True), 502, "upstream_failed")


SCENES["error-mid-stream"] = Scene(broken_off, errs_in_mid_stream)
SCENES["garbled-mid-stream"] = Scene(broken_off, garbles_in_mid_stream)
SCENES["cut-mid-stream"] = Scene(broken_off, breaks_off)
SCENES["error-at-start-of-stream"] = Scene(never_begun, errs_at_once)
SCENES["provider-401"] = Scene(failing(502, "upstream_failed"), turns_away(401))
"""The last one: both providers are locked out after it."""
