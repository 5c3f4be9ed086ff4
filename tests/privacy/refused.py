"""Scenes that never reach a provider: bad bytes, bad names, policy, and markers in every header we read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.privacy.client import JSON, body, exchanged, head, markers
from tests.privacy.hunt import hunt, marker
from tests.privacy.stage import Scene, Stage, mute

SCENES: dict[str, Scene] = {}


# --- bodies that are none ------------------------------------------------------------------------------------------


def written(scene: str) -> bytes:
    return json.dumps(body(scene)).encode()


def with_member(scene: str, member: bytes) -> bytes:
    return b"{" + member + b"," + written(scene)[1:]


BAD_BODIES: dict[str, Callable[[str], bytes]] = {
    "cut": lambda s: written(s)[:-2],
    "key-twice": lambda s: with_member(s, b'"user":"%b"' % marker(s, "first of two").encode()),
    "nan": lambda s: with_member(s, b'"%b":NaN' % marker(s, "key of nan").encode()),
    "surrogate": lambda s: with_member(s, b'"%b":"\\ud800"' % marker(s, "key of surrogate").encode()),
    "surrogate-key": lambda s: with_member(s, b'"%b\\ud800":1' % marker(s, "surrogate in key").encode()),
    "latin-1": lambda s: with_member(s, b'"a":"%b\xe9"' % marker(s, "latin-1").encode()),
    "deep": lambda s: with_member(s, b'"%b":' % marker(s, "deep").encode() + b"[" * 100_000),
    "list": lambda s: b"[" + written(s) + b"]",
    "text": lambda s: marker(s, "text").encode(),
    "utf-16": lambda s: written(s).decode().encode("utf-16"),
    "lookalike": lambda s: with_member(s, b'"Model":"%b"' % marker(s, "lookalike").encode()),
    "role": lambda s: json.dumps(body(s, messages=[{"role": marker(s, "role"), "content": "x"}])).encode(),
    "part-type": lambda s: json.dumps(
        body(s, messages=[{"role": "user", "content": [{"type": [marker(s, "type")]}]}])
    ).encode(),
    "max-tokens": lambda s: json.dumps(body(s, max_tokens=marker(s, "max tokens"))).encode(),
    "stream-flag": lambda s: json.dumps(body(s, stream=marker(s, "stream"))).encode(),
    "tools": lambda s: json.dumps(body(s, tools=marker(s, "tools"))).encode(),
    "model-type": lambda s: json.dumps(body(s, model={marker(s, "model"): 1})).encode(),
    "provider-member": lambda s: json.dumps(body(s, provider={marker(s, "member"): 1})).encode(),
    "provider-region": lambda s: json.dumps(body(s, provider={"processed_in": [marker(s, "region")]})).encode(),
    "provider-long-name": lambda s: json.dumps(body(s, provider={"only": [marker(s, "only") * 99]})).encode(),
    "provider-sort": lambda s: json.dumps(body(s, provider={"sort": marker(s, "sort")})).encode(),
    "provider-price": lambda s: json.dumps(body(s, provider={"max_price": {"prompt": marker(s, "price")}})).encode(),
    "provider-policy": lambda s: json.dumps(body(s, provider={"policy": marker(s, "policy")})).encode(),
}


def bad(data: Callable[[str], bytes]) -> Scene:
    async def act(stage: Stage, scene: str) -> None:
        mute(await stage.chat(scene, data(scene)), 400, "invalid_request")

    return Scene(act)


SCENES.update({f"body-{name}": bad(data) for name, data in BAD_BODIES.items()})


# --- names and headers ---------------------------------------------------------------------------------------------


def refused(status: int, code: str, headers: Callable[[str], tuple[tuple[str, str], ...]], **changes: Any) -> Scene:
    """An exchange that ends before any provider, for the sake of one header or member."""

    async def act(stage: Stage, scene: str) -> None:
        made = {name: value(scene) if callable(value) else value for name, value in changes.items()}
        mute(await stage.chat(scene, headers=(*JSON, *headers(scene)), **made), status, code)

    return Scene(act)


def nothing(_: str) -> tuple[tuple[str, str], ...]:
    return ()


SCENES["model-unknown"] = refused(404, "model_not_found", nothing, model=lambda s: marker(s, "model"))
SCENES["model-of-provider-unknown"] = refused(
    404, "model_not_found", nothing, model=lambda s: f"first/{marker(s, 'model')}"
)
SCENES["policy"] = refused(403, "no_eligible_route", lambda _: (("x-data-class", "personal"),))
SCENES["data-class"] = refused(403, "no_eligible_route", lambda s: (("x-data-class", marker(s, "data class")),))
SCENES["policy-header"] = refused(
    400, "invalid_request", lambda s: (("x-safeconduct-policy", marker(s, "policy name")),)
)
SCENES["policy-header-object"] = refused(
    400, "invalid_request", lambda s: (("x-safeconduct-policy", json.dumps({marker(s, "member"): 1})),)
)
SCENES["policy-header-broken"] = refused(
    400, "invalid_request", lambda s: (("x-safeconduct-policy", "{" + marker(s, "no json")),)
)


async def narrowed_to_nothing(stage: Stage, scene: str) -> None:
    """The reasons repeat to the client, and to nobody else, which providers it named itself."""
    narrow = {"only": [marker(scene, "only")], "order": [marker(scene, "order")]}
    answer = await stage.chat(scene, provider=narrow)
    assert (answer.status, answer.code) == (403, "no_eligible_route")
    finds = hunt({"answer": answer.head + answer.body.replace(marker(scene, "only").encode(), b"")})
    assert not finds


SCENES["policy-narrowed"] = Scene(narrowed_to_nothing)


# --- what is refused before an exchange begins ---------------------------------------------------------------------


def at_the_door(status: int, data: Callable[[Stage, str], bytes]) -> Scene:
    async def act(stage: Stage, scene: str) -> None:
        mute(await exchanged(stage.gateway.port, data(stage, scene)), status)

    return Scene(act)


def page(status: int, target: str, method: str = "GET") -> Scene:
    async def act(stage: Stage, scene: str) -> None:
        mute(await stage.get(scene, target.format(marker(scene, "target")), method), status)

    return Scene(act)


SCENES["key"] = at_the_door(401, lambda stage, s: stage.wire(s, key=marker(s, "key")))
SCENES["key-in-query"] = at_the_door(
    401, lambda stage, s: stage.wire(s, key="", target=f"/v1/chat/completions?key={marker(s, 'key')}")
)
SCENES["two-keys"] = at_the_door(401, lambda stage, s: stage.wire(s, headers=(*JSON, ("x-api-key", marker(s, "key")))))
SCENES["media-type"] = at_the_door(
    415, lambda stage, s: stage.wire(s, headers=(("content-type", f"text/{marker(s, 'type')}"),))
)
SCENES["encoding"] = at_the_door(
    415, lambda stage, s: stage.wire(s, headers=(*JSON, ("content-encoding", marker(s, "encoding"))))
)
SCENES["header-twice"] = at_the_door(
    400,
    lambda stage, s: stage.wire(s, headers=(*JSON, *(("x-data-class", marker(s, f"class {n}")) for n in (1, 2)))),
)
SCENES["no-http"] = at_the_door(400, lambda _, s: marker(s, "line").encode() + b"\r\n\r\n")
SCENES["bad-header"] = at_the_door(400, lambda _, s: head("GET", "/", ((f"a b{marker(s, 'name')}", "1"),)))
SCENES["bad-length"] = at_the_door(
    400, lambda _, s: head("POST", "/v1/chat/completions", (*markers(s), ("content-length", marker(s, "length"))))
)
SCENES["page-nowhere"] = page(404, "/{}")
SCENES["page-method"] = page(405, "/v1/models?q={}", "DELETE")
SCENES["page-odd-method"] = page(405, "/v1/chat/completions?q={}", "PUT")
SCENES["page-model"] = page(404, "/v1/models/{}")
SCENES["page-catalogue"] = page(404, "/v1/catalog/models/{}")
SCENES["page-explain"] = page(404, "/v1/explain?model={}")
SCENES["page-usage-by"] = page(400, "/v1/usage?by={}")
SCENES["page-usage-since"] = page(400, "/v1/usage?since={}")
SCENES["page-receipt"] = page(404, "/v1/receipts/{}")
