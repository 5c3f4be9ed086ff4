"""Scenes of every dialect: a table over who asks and who answers, with everything that may become of the two."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from tests.privacy import answers
from tests.privacy.client import Answer, connected, exchanged
from tests.privacy.house import CREDENTIAL, EMBEDDING, SPEAKING, serving
from tests.privacy.hunt import holds, hunt, marker
from tests.privacy.served import HEARD, echo, words_of_the_provider
from tests.privacy.speech import IDENTIFIERS, SPEECH, beta
from tests.privacy.stage import Play, Scene, Stage, mute
from tests.scripted import END, Connection, Received, chunk, reply, stream_head

CHATS: Final = tuple(SPEAKING)
_FIXED: Final = ("host", "content-type", "accept", "accept-encoding", "content-length", "user-agent")


# --- what a client does ----------------------------------------------------------------------------------------------


def wire(stage: Stage, scene: str, client: str, route: str, *, counts: bool = False, **changes: Any) -> bytes:
    """A request of a client's dialect for the model that only the route serves. `stream` among the changes asks for a
    stream in whichever way the dialect has it."""
    speech, model, secret = SPEECH[client], serving(route), stage.gateway.secret
    path = speech.counts if counts else speech.path
    if changes.get("stream") and speech.streams:
        path = speech.streams
        del changes["stream"]
    data = json.dumps({**speech.body(scene, model), **changes}).encode()
    target = speech.target(path, model, secret, scene)
    return stage.wire(scene, data, target=target, headers=speech.headers(secret, scene), key="")


async def asks(stage: Stage, scene: str, client: str, route: str, **how: Any) -> Answer:
    """One exchange, and what its provider saw of it."""
    stage.provider.requests.clear()
    answer = await exchanged(stage.gateway.port, wire(stage, scene, client, route, **how))
    await stage.settled()
    nothing_of_the_clients(stage, scene, client, route)
    return answer


def nothing_of_the_clients(stage: Stage, scene: str, client: str, route: str) -> None:
    """Content reaches the provider, and beside it nothing that is the client's: no header, no key, no identifier."""
    dialect = EMBEDDING.get(route, route)
    (seen,) = stage.provider.requests
    assert marker(scene, "question").encode() in seen.body
    assert holds({"body": seen.body}, stage.gateway.secret) == []
    assert [place for place in IDENTIFIERS if holds({"body": seen.body}, marker(scene, place))] == []
    headers = dict(seen.headers)
    assert len(headers) == len(seen.headers)
    for name, value in _known(scene, client, dialect):
        assert headers.pop(name) == value
    assert sorted(headers) == sorted(_FIXED)
    assert hunt({"line": seen.line.encode(), "headers": repr(headers).encode()}) == []
    assert holds({"line": seen.line.encode(), "headers": repr(headers).encode()}, stage.gateway.secret) == []


def _known(scene: str, client: str, dialect: str) -> Iterator[tuple[str, str]]:
    """Headers of which the value is known. Betas of an Anthropic client go to Anthropic, where policy lets unknown ones
    pass as it does here."""
    auth, _ = SPEAKING[dialect]
    yield ("authorization", f"Bearer {CREDENTIAL}") if auth == "bearer" else (auth, CREDENTIAL)
    if dialect == "anthropic_messages":
        yield "anthropic-version", "2023-06-01"
        if client == dialect:
            yield "anthropic-beta", beta(scene)


def code_of(client: str, body: bytes) -> str:
    """Our code where the SDKs of the dialect read it."""
    error = json.loads(body)["error"]
    if client.startswith("anthropic"):
        return str(error["details"]["error_code"])
    return str(error["details"][0]["reason"] if client.startswith("google") else error["code"])


# --- what a provider does --------------------------------------------------------------------------------------------


def _whole(route: str) -> Play:
    async def play(connection: Connection, _: Received, scene: str) -> None:
        body = json.dumps(answers.WHOLE[route](scene)).encode()
        await connection.send(reply(body=body, headers=words_of_the_provider(scene)))

    return play


def _counted(route: str) -> Play:
    async def play(connection: Connection, _: Received, scene: str) -> None:
        body = json.dumps(answers.COUNTED[route](scene)).encode()
        await connection.send(reply(body=body, headers=words_of_the_provider(scene)))

    return play


def _streamed(route: str) -> Play:
    async def play(connection: Connection, _: Received, scene: str) -> None:
        done = chunk(b"data: [DONE]\n\n") if route == "openai_chat" else b""
        said = answers.begins(route, scene) + answers.ends(route, scene)
        await connection.send(stream_head(), said + done, END)

    return play


def _stuck(route: str) -> Play:
    async def play(connection: Connection, _: Received, scene: str) -> None:
        await connection.send(stream_head(), answers.begins(route, scene))
        await connection.left()

    return play


def _errs(route: str) -> Play:
    """Once its client has heard something, an error that repeats all it was sent."""

    async def play(connection: Connection, received: Received, scene: str) -> None:
        await connection.send(stream_head(), answers.begins(route, scene))
        await HEARD[scene].wait()
        error = {"type": "error", **echo(received, scene)}
        await connection.send(chunk(answers.event(error)), END)

    return play


def _turns_away(status: int) -> Play:
    async def play(connection: Connection, received: Received, scene: str) -> None:
        body = json.dumps({"type": "error", **echo(received, scene)}).encode()
        await connection.send(reply(status, body=body, headers=words_of_the_provider(scene)))

    return play


async def _babbles(connection: Connection, received: Received, scene: str) -> None:
    """A page that shows the request, where a reply should be."""
    page = b"<html><title>%b</title>%b</html>" % (marker(scene, "error text").encode(), received.body)
    await connection.send(reply(body=page, headers=words_of_the_provider(scene)))


# --- conversations ---------------------------------------------------------------------------------------------------


def _answered(client: str, route: str, *, streaming: bool) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        answer = await asks(stage, scene, client, route, stream=streaming)
        assert answer.status == 200, answer
        assert marker(scene, "output").encode() in answer.body
        _no_word_in(answer.head, scene)
        assert answer.body.endswith(END) or b"\r\ncontent-length: " in answer.head

    return act


def _no_word_in(head: bytes, scene: str) -> None:
    """The head may name members that the client wrote and that were lost; what else it says is ours."""
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"x-safeconduct-dropped")]
    assert hunt({"head": b"\n".join(lines)}) == []
    assert [kind for kind in answers.KINDS if holds({"head": head}, marker(scene, kind))] == []


def _failed(client: str, route: str, status: int, code: str) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        answer = await asks(stage, scene, client, route)
        mute(answer, status)
        assert code_of(client, answer.body) == code

    return act


def _broken_off(client: str, route: str) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        HEARD[scene] = asyncio.Event()
        async with connected(stage.gateway.port, wire(stage, scene, client, route, stream=True)) as reader:
            await reader.readuntil(marker(scene, "output").encode())
            HEARD[scene].set()
            rest = await reader.read()
        assert (await stage.settled())["outcome"] == "failed"
        assert holds({"rest": rest}, marker(scene, "error text")) == []
        assert b"upstream_failed" in rest
        assert not rest.endswith(END), "a client must not take it for the whole"

    return act


def _left(client: str, route: str) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        async with connected(stage.gateway.port, wire(stage, scene, client, route, stream=True)) as reader:
            await reader.readuntil(marker(scene, "output").encode())
        assert (await stage.settled())["outcome"] == "client_left"

    return act


def _conversations(client: str, route: str) -> Iterator[tuple[str, Scene]]:
    yield "reply", Scene(_answered(client, route, streaming=False), _whole(route))
    yield "stream", Scene(_answered(client, route, streaming=True), _streamed(route))
    yield "error-mid-stream", Scene(_broken_off(client, route), _errs(route))
    yield "left-mid-stream", Scene(_left(client, route), _stuck(route))
    yield from _failures(client, route)


def _failures(client: str, route: str) -> Iterator[tuple[str, Scene]]:
    yield "refused", Scene(_failed(client, route, 400, "upstream_refused"), _turns_away(400))
    yield "failing", Scene(_failed(client, route, 502, "upstream_failed"), _turns_away(500))
    yield "babbling", Scene(_failed(client, route, 502, "upstream_failed"), _babbles)


# --- vectors and counts ----------------------------------------------------------------------------------------------


def _embedded(client: str, route: str) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        answer = await asks(stage, scene, client, route)
        assert answer.status == 200, answer
        assert b"0.5" in answer.body
        _no_word_in(answer.head, scene)

    return act


def _vectors(client: str, route: str) -> Iterator[tuple[str, Scene]]:
    yield "reply", Scene(_embedded(client, route), _whole(route))
    yield from _failures(client, route)


def _counts(client: str) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        answer = await asks(stage, scene, client, client, counts=True)
        assert answer.status == 200, answer
        _no_word_in(answer.head, scene)

    return act


def _estimates(client: str, route: str) -> Callable[[Stage, str], Awaitable[None]]:
    async def act(stage: Stage, scene: str) -> None:
        stage.provider.requests.clear()
        answer = await exchanged(stage.gateway.port, wire(stage, scene, client, route, counts=True))
        mute(answer, 200)
        assert b"x-safeconduct-count: estimated" in answer.head
        assert stage.provider.requests == []

    return act


def _counting(client: str) -> Iterator[tuple[str, Scene]]:
    yield "exact", Scene(_counts(client), _counted(client))
    yield "refused", Scene(_counts(client), _turns_away(400))
    yield "failing", Scene(_counts(client), _turns_away(500))
    yield "babbling", Scene(_counts(client), _babbles)
    for route in CHATS:
        if route != client:
            yield f"estimated-{route}", Scene(_estimates(client, route))


def _all() -> Iterator[tuple[str, Scene]]:
    for client in CHATS:
        for route in CHATS:
            yield from ((f"{client}-{route}-{name}", scene) for name, scene in _conversations(client, route))
    for client in EMBEDDING:
        for route in EMBEDDING:
            yield from ((f"{client}-{route}-{name}", scene) for name, scene in _vectors(client, route))
    for client in answers.COUNTED:
        yield from ((f"count-{client}-{name}", scene) for name, scene in _counting(client))


SCENES: Final = dict(_all())
