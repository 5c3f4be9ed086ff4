"""Puts scenarios to clients, and tells what came of it on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio
from anyio.from_thread import BlockingPortal

from tests.sdk.node import Node
from tests.sdk.providers import Scripted
from tests.sdk.python_small import SMALL
from tests.sdk.results import PATIENCE_S, Command, Result
from tests.sdk.shapes.seen import Seen

DIALECT_OF: Final[Mapping[str, str]] = {
    "python-openai-chat": "openai_chat",
    "python-openai-responses": "openai_responses",
    "python-anthropic": "anthropic_messages",
    "python-google": "google_generate",
    "node-openai-chat": "openai_chat",
    "node-openai-responses": "openai_responses",
    "node-anthropic": "anthropic_messages",
    "node-google": "google_generate",
    "node-ai-openai": "openai_responses",
    "node-ai-openai-compatible": "openai_chat",
    "node-ai-anthropic": "anthropic_messages",
    "node-ai-google": "google_generate",
}
"""The clients, and what each of them speaks."""
CLIENTS: Final = tuple(DIALECT_OF)
EMBEDDERS: Final = (
    "python-openai-small",
    "python-google-small",
    "node-openai-small",
    "node-google-small",
    "node-ai-openai-small",
    "node-ai-google-small",
)


class Stage:
    """One scenario at a time."""

    def __init__(
        self, portal: BlockingPortal, scripted: Scripted, python: Mapping[str, Callable[[Command], Result]], node: Node
    ) -> None:
        self._portal, self._scripted, self._python, self._node = portal, scripted, python, node

    def plays(
        self, client: str, scenario: str, model: str, *, base_url: str = "", key: str = "no-key", version: str = ""
    ) -> Result:
        """What `client` showed of `scenario`; `base_url`: of the gateway, or else the providers' own."""
        self._portal.call(self._scripted.plays, scenario)
        command = Command(client, base_url or self._scripted.url, key, model, scenario, version)
        return self._python[client](command) if client in self._python else self._node.ask(command)

    def tells(self, client: str, scenario: str, model: str, *, base_url: str = "", key: str = "no-key") -> Any:
        """What a client of `python_small.py` or `small.mjs` found."""
        self._portal.call(self._scripted.plays, scenario)
        command = Command(client, base_url or self._scripted.url, key, model, scenario)
        return SMALL[client](command) if client in SMALL else self._node.tell(command)

    @property
    def asked(self) -> list[str]:
        """The paths of the requests that reached a provider."""
        return [request.line.split(" ")[1] for request in self._portal.call(lambda: self._scripted.requests)]

    def told(self, header: str) -> list[str | None]:
        """The value of a header in each request that reached a provider."""
        return [request.header(header) for request in self._portal.call(lambda: self._scripted.requests)]

    def seen(self) -> list[tuple[str, Seen]]:
        """The dialect and the meaning of each request that reached a provider."""
        return self._portal.call(self._scripted.seen)

    def left(self) -> None:
        """Returns once the provider has observed that nobody listens any more. TimeoutError if it does not."""
        self._portal.call(self._left)

    async def _left(self) -> None:
        with anyio.fail_after(PATIENCE_S):
            await self._scripted.left()
