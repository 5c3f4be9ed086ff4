"""Where scenes are played: the gateway, the provider behind it, and what a scene is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.privacy.client import JSON, Answer, body, connected, exchanged, head, markers
from tests.privacy.house import Gateway
from tests.privacy.hunt import Find, hunt, marker, sign
from tests.scripted import Connection, Provider, Received, Script, chunk

Play: TypeAlias = Callable[[Connection, Received, str], Awaitable[None]]
"""What the provider does when the scene's request comes in."""


class Stage:
    """One gateway with one provider. `settled` counts the exchanges whose receipts are waited for."""

    def __init__(self, gateway: Gateway, provider: Provider) -> None:
        self.gateway, self.provider = gateway, provider
        self._ended = gateway.count("exchange_ended")

    def recount(self) -> None:
        """After a scene that broke off: later ones wait for their own events."""
        self._ended = self.gateway.count("exchange_ended")

    async def settled(self) -> dict[str, Any]:
        """The event of the next exchange to end."""
        self._ended += 1
        await self.gateway.told("exchange_ended", self._ended)
        return [e for e in self.gateway.events if e["event"] == "exchange_ended"][self._ended - 1]

    def wire(
        self,
        scene: str,
        data: bytes | None = None,
        *,
        target: str = "/v1/chat/completions",
        headers: Sequence[tuple[str, str]] = JSON,
        key: str | None = None,
        **changes: Any,
    ) -> bytes:
        """A request with markers in its head and body, as bytes."""
        content = json.dumps(body(scene, **changes)).encode() if data is None else data
        secret = self.gateway.secret if key is None else key
        auth = (("authorization", f"Bearer {secret}"),) if secret else ()
        fields = (*auth, *headers, *markers(scene), ("content-length", str(len(content))))
        return head("POST", target, fields) + content

    async def chat(self, scene: str, data: bytes | None = None, **how: Any) -> Answer:
        """One request to its end, and its receipt."""
        answer = await exchanged(self.gateway.port, self.wire(scene, data, **how))
        await self.settled()
        return answer

    def opened(self, scene: str, **how: Any) -> AbstractAsyncContextManager[asyncio.StreamReader]:
        """A request of which the client stays master."""
        return connected(self.gateway.port, self.wire(scene, **how))

    async def get(self, scene: str, target: str, method: str = "GET") -> Answer:
        fields = (("authorization", f"Bearer {self.gateway.secret}"), *markers(scene))
        return await exchanged(self.gateway.port, head(method, target, fields))


@dataclass(frozen=True, slots=True)
class Scene:
    """What a client does, and what the provider does if it is asked."""

    act: Callable[[Stage, str], Awaitable[None]]
    play: Play | None = None


def script(scenes: Mapping[str, Scene]) -> Script:
    """The provider's part of all scenes, on any number of connections."""

    async def played(connection: Connection) -> None:
        while True:
            received = await connection.request()
            scene = next(name for name in scenes if sign(name).encode() in received.body)
            assert marker(scene, "question") in received.body.decode()
            play = scenes[scene].play
            assert play is not None, f"{scene} was not meant to reach a provider"
            await play(connection, received, scene)

    return played


def mute(answer: Answer, status: int, code: str | None = None) -> None:
    """A refusal of the expected kind, without a word of anybody's."""
    assert answer.status == status, answer
    if code is not None:
        assert answer.code == code, answer
    found: list[Find] = hunt({"answer": answer.head + answer.body})
    assert not found, found


def said(scene: str) -> dict[str, Any]:
    """A message of the model with markers wherever it may say something."""
    call = {"name": "f", "arguments": json.dumps({"a": marker(scene, "output argument")})}
    return {
        "role": "assistant",
        "content": marker(scene, "output"),
        "reasoning_content": marker(scene, "output reasoning"),
        "tool_calls": [{"index": 0, "id": marker(scene, "output call id"), "type": "function", "function": call}],
    }


def completion(scene: str, choice: Mapping[str, Any], **more: Any) -> bytes:
    """A reply, or one chunk of a stream."""
    named = {"id": marker(scene, "reply id"), "model": marker(scene, "reply model"), "object": "chat.completion"}
    return json.dumps({**named, "choices": [{"index": 0, **choice}], **more}).encode()


def event(data: bytes) -> bytes:
    """One event of a stream, as one chunk on the wire."""
    return chunk(b"data: " + data + b"\n\n")


def speaking(scene: str) -> bytes:
    return event(completion(scene, {"delta": said(scene)}))


FINISHED = {"delta": {}, "finish_reason": "stop"}
USAGE = {"prompt_tokens": 50, "completion_tokens": 7, "total_tokens": 57}
