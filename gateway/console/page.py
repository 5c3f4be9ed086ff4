"""Pages as values: an address, an audience, a template and a function from a visit to a view."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from time import perf_counter
from typing import Final, TypeAlias

from gateway.core.errors import Json
from gateway.core.evaluation import Capabilities
from gateway.core.frozen import frozen
from gateway.core.health import Health
from gateway.core.snapshot import Snapshot
from gateway.identity.operators import Act
from gateway.identity.sessions import NOBODY, Visitor

PREFIX: Final = "/console"
"""The address of every page begins with it."""

_TURN_S: Final = 0.0005
"""Longest time that a page holds the event loop: streams of others wait meanwhile."""


class Audience(Enum):
    """Readers of a page."""

    ANYBODY = auto()  # also where the catalogue needs a sign-in: the sign-in page itself
    CATALOGUE = auto()  # anybody where the pages are public, else people who are signed in
    SIGNED_IN = auto()
    OPERATORS = auto()


@frozen
class DocumentsInForce:
    """The documents and capabilities in force, the time since when, and the health of routes at this moment."""

    snapshot: Snapshot
    means: Capabilities
    since: datetime
    health: Health


class Turns:
    """Gives the event loop back to others while a page is made."""

    def __init__(self) -> None:
        self._since = perf_counter()

    async def take(self) -> None:
        """Let others run, if this page has held the loop for half a millisecond."""
        if perf_counter() - self._since > _TURN_S:
            await asyncio.sleep(0)
            self._since = perf_counter()


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page. `query` and `form`: name -> every value, in order; `parts`: of the path, by name.

    `origin`: scheme, host and port of this gateway as the reader's browser knows it, for addresses to copy. `sender`:
    address of the connection. `may_sign_in`: a session's cookie is safe on this connection.
    """

    in_force: DocumentsInForce
    now: datetime
    origin: str
    path: str = ""
    visitor: Visitor = NOBODY
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sender: str = ""
    may_sign_in: bool = True
    turns: Turns = field(default_factory=Turns)

    def first(self, name: str) -> str:
        """The first value of a member of the query; empty if absent."""
        values = self.query.get(name, ())
        return values[0] if values else ""

    def field(self, name: str) -> str:
        """The first value of a field of the form; empty if absent."""
        values = self.form.get(name, ())
        return values[0] if values else ""


View: TypeAlias = Mapping[str, Json]
"""The values of a page: its template shows them, and `?format=json` returns them."""


@frozen
class Redirect:
    """Another address to look at: 303. `to`: a path of this gateway."""

    to: str


@frozen
class Shown:
    """A view under another template or status than the page's own."""

    template: str
    view: View
    status: int = 200


@frozen
class Download:
    """A file to save."""

    name: str
    media_type: str
    body: bytes


@frozen
class SessionBegun:
    """The browser gets the token in its cookie, and looks at `to`."""

    token: str
    to: str


@frozen
class SessionEnded:
    """The browser's session ends, and it looks at `to`."""

    to: str


PageAnswer: TypeAlias = "View | Redirect | Shown | Download | SessionBegun | SessionEnded"
PageHandler: TypeAlias = Callable[[Visit], Awaitable[PageAnswer]]
PageReport: TypeAlias = Callable[[Visit], Awaitable[View]]
"""A view from the stores of the process, of what the reader may see."""


@frozen
class ConsolePage:
    """One page. `path`: below `PREFIX`, as Starlette's routes write it. `label`: in the navigation; empty: not there.

    `act`: takes the page's form (POST); None without a form. `needs`: of an operator, for `Audience.OPERATORS`.
    `scripts`: further modules of `assets/`. `has_json`: whether `?format=json` shows the view.
    """

    path: str
    template: str
    show: PageHandler
    audience: Audience
    label: str = ""
    act: PageHandler | None = None
    needs: Act = Act.READ
    scripts: tuple[str, ...] = ()
    has_json: bool = True

    def open_to(self, visitor: Visitor, *, public: bool) -> bool:
        """Whether this visitor may look at it. `public`: the catalogue needs no sign-in."""
        match self.audience:
            case Audience.ANYBODY:
                return True
            case Audience.CATALOGUE:
                return public or visitor.signed_in
            case Audience.SIGNED_IN:
                return visitor.signed_in
            case Audience.OPERATORS:
                return visitor.operator is not None and self.needs in visitor.operator.role.acts
