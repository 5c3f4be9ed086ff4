"""The gateway's admin socket, or the same office in this process where no gateway runs."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gateway.commands.access.documents import declared_snapshot
from gateway.commands.access.receipts_access import journals_of
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.stop import FAILED, MISUSED, Stop
from gateway.core.errors import Json
from gateway.core.health import Health
from gateway.views.health import health_from

if TYPE_CHECKING:
    import httpx

    from gateway.settings import Settings

SOCKET: Final = "admin.sock"
_BASE: Final = "http://gateway"  # a name for HTTP's sake: the socket is the address
_PATIENCE_S: Final = 30.0

Office: TypeAlias = Callable[[str, str, Mapping[str, Json]], dict[str, Json]]
"""(method, path, body) -> answer. Raises Stop with the office's own words for what it refuses."""


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """The status of a running gateway. `providers`: those with a credential."""

    snapshot: str
    sandbox: bool
    providers: frozenset[str]
    health: Health = field(default_factory=Health)


def status(state: Path) -> GatewayStatus | None:
    """The gateway that runs with this state directory; None if none does."""
    with _client(state) as client:
        answer = None if client is None else _answer_of(client, "GET", "/status", {})
    if answer is None:
        return None
    providers = answer.get("providers")
    return GatewayStatus(
        str(answer.get("snapshot", "")),
        answer.get("sandbox") is True,
        frozenset(map(str, providers)) if isinstance(providers, list) else frozenset(),
        health_from(answer.get("health")),
    )


@contextmanager
def running(state: Path, patience_s: float = _PATIENCE_S) -> Iterator[Office | None]:
    """The office of the gateway that runs with this state directory, or None. `patience_s`: for each answer."""
    with _client(state, patience_s) as client:
        yield None if client is None else lambda method, path, body: _answer_of(client, method, path, body)


@contextmanager
def office(context: CommandContext) -> Iterator[Office]:
    """The running gateway's office; with none running, one in this process, under the journal's lock.

    Stop if no gateway has run with the state directory: a mistyped directory is never made.
    """
    settings = context.settings()
    with running(settings.state) as far:
        if far is not None:
            yield far
            return
    journals_of(context)
    with _in_this_process(context, settings) as near:
        yield near


@contextmanager
def founding_office(context: CommandContext) -> Iterator[Office]:
    """As `office`; it makes the journal of a gateway that has not run yet, in a directory that stands or the default.

    Stop if a named state directory does not exist.
    """
    settings = context.settings()
    with running(settings.state) as far:
        if far is not None:
            yield far
            return
    if not settings.state.is_dir() and settings.state != type(settings).model_fields["state"].default:
        do = "correct --state (or SAFECONDUCT_STATE), or make the directory first"
        raise Stop(f"the state directory {settings.state} does not exist", do)
    with _in_this_process(context, settings) as near:
        yield near


@contextmanager
def _client(state: Path, patience_s: float = _PATIENCE_S) -> Iterator[httpx.Client | None]:
    import httpx

    path = state / SOCKET
    if not _answers(path):
        yield None
        return
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url=_BASE, timeout=patience_s) as client:
        yield client


def _answers(path: Path) -> bool:
    """Whether somebody listens there; a process that died leaves a file to which nobody does."""
    if not path.is_socket():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionError:
            return False
    return True


def _answer_of(client: httpx.Client, method: str, path: str, body: Mapping[str, Json]) -> dict[str, Json]:
    import httpx

    try:
        answer = client.request(method, path, json=dict(body) if body else None)
    except httpx.HTTPError as fault:
        raise Stop(f"the running gateway did not answer ({type(fault).__name__})", "look at its log") from None
    return _understood(answer.status_code, answer.content)


def _understood(status_code: int, content: bytes) -> dict[str, Json]:
    answer = json.loads(content)
    error = answer.get("error")
    if error is None:
        return dict(answer)
    what, _, do = str(error["message"]).rstrip().rstrip(".").partition(". ")
    code = MISUSED if status_code in (400, 404) else FAILED
    raise Stop(_begun(what), _begun(do) or "see --help of this command", code=code)


def _begun(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


@contextmanager
def _in_this_process(context: CommandContext, settings: Settings) -> Iterator[Office]:
    """The admin endpoints called in this process: one meaning of each command, whether a gateway runs or not."""
    from gateway.compose.offline_admin import offline_admin

    with offline_admin(settings, declared_snapshot(settings, context.out), context.now) as app:
        yield _office(app)


def _office(app: Any) -> Office:
    import asyncio

    import httpx

    transport = httpx.ASGITransport(app)

    async def ask(method: str, path: str, body: Mapping[str, Json]) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url=_BASE) as client:
            return await client.request(method, path, json=dict(body) if body else None)

    def request_here(method: str, path: str, body: Mapping[str, Json]) -> dict[str, Json]:
        answer = asyncio.run(ask(method, path, body))
        return _understood(answer.status_code, answer.content)

    return request_here
