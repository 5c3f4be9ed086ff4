"""Scenes of clients that get it wrong in their own dialect, with a marker in the word that is at fault."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from tests.dialects.test_translation import CHATS, HELLO
from tests.exchange.malformed import MALFORMED
from tests.privacy.client import exchanged
from tests.privacy.house import SPEAKING, serving
from tests.privacy.hunt import marker
from tests.privacy.speech import SPEECH
from tests.privacy.spoken import code_of
from tests.privacy.stage import Scene, Stage, mute

OTHER: Final = dict(zip(CHATS, [*CHATS[1:], CHATS[0]], strict=True))


def _wire(stage: Stage, scene: str, client: str, model: str, members: dict[str, Any], *, counts: bool = False) -> bytes:
    speech, secret = SPEECH[client], stage.gateway.secret
    said = {**HELLO[client], **({} if client == "google_generate" else {"model": model}), **members}
    data = json.dumps(said).replace("MARKER", marker(scene, "wrong")).encode()
    target = speech.target(speech.counts if counts else speech.path, model, secret, scene)
    return stage.wire(scene, data, target=target, headers=speech.headers(secret, scene), key="")


def _refused(
    client: str, members: dict[str, Any], told: tuple[int, str], *, counts: bool = False, model: str = ""
) -> Callable[[Stage, str], Awaitable[None]]:
    """`model`: the place of a marker for its name; else one that only a route of another dialect serves."""

    async def act(stage: Stage, scene: str) -> None:
        name = marker(scene, model) if model else serving(OTHER[client])
        data = _wire(stage, scene, client, name, members, counts=counts)
        answer = await exchanged(stage.gateway.port, data)
        await stage.settled()
        status, code = told
        mute(answer, status)
        assert code_of(client, answer.body) == code

    return act


def _all() -> Iterator[tuple[str, Scene]]:
    for client in SPEAKING:
        for name, wrong in MALFORMED[client].items():
            yield f"{client}-{name}", Scene(_refused(client, wrong.members, (400, "invalid_request")))
        yield f"{client}-model", Scene(_refused(client, {}, (404, "model_not_found"), model="model"))
        if SPEECH[client].counts:
            no_count = {"contents": "MARKER", "messages": "MARKER", "input": {"MARKER": 1}}
            yield f"count-{client}", Scene(_refused(client, no_count, (400, "invalid_request"), counts=True))


SCENES: Final = dict(_all())
