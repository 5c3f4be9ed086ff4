"""Signing in with a key or a one-time link, and signing out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gateway.console.browser import path_within
from gateway.console.page import (
    PREFIX,
    Audience,
    ConsolePage,
    PageAnswer,
    SessionBegun,
    SessionEnded,
    Shown,
    View,
    Visit,
)
from gateway.core.errors import RateLimited
from gateway.identity.attempts import Attempts
from gateway.identity.sessions import Sessions

ATTEMPTS_MOST: Final = 20
ATTEMPTS_WINDOW_S: Final = 60.0
_KEY_MOST: Final = 512


def sign_in_pages(sessions: Sessions, monotonic: Callable[[], float], front: str) -> Iterable[ConsolePage]:
    """The pages of this module. `front`: the page to look at after a sign-in."""
    rooms = _SignIn(sessions, Attempts(ATTEMPTS_MOST, ATTEMPTS_WINDOW_S, monotonic), front)
    yield ConsolePage("/sign-in", "sign_in.html", rooms.show, Audience.ANYBODY, act=rooms.with_key)
    yield ConsolePage(
        "/enter/{link}", "enter.html", rooms.show_link, Audience.ANYBODY, act=rooms.with_link, has_json=False
    )
    yield ConsolePage("/sign-out", "sign_out.html", rooms.show, Audience.SIGNED_IN, act=rooms.sign_out)


class _SignIn:
    def __init__(self, sessions: Sessions, attempts: Attempts, front: str) -> None:
        self._sessions, self._attempts, self._front = sessions, attempts, front

    async def show(self, visit: Visit) -> View:
        return _form(visit, "")

    async def with_key(self, visit: Visit) -> PageAnswer:
        """Exchange the key for a session; the key is in no page, cookie or store."""
        self._count(visit)
        secret = visit.field("key").strip()
        token = self._sessions.with_key(secret) if 0 < len(secret) <= _KEY_MOST and _may(visit) else None
        if token is None:
            return Shown("sign_in.html", _form(visit, "This key opens nothing here. It may have ended."), 401)
        return SessionBegun(token, path_within(visit.field("next"), self._front))

    async def show_link(self, visit: Visit) -> View:
        """A button: the preview of a link must not use it up."""
        return {"may_sign_in": _may(visit)}

    async def with_link(self, visit: Visit) -> PageAnswer:
        self._count(visit)
        token = self._sessions.with_link(visit.parts["link"]) if _may(visit) else None
        if token is None:
            return Shown("enter.html", {"may_sign_in": _may(visit), "used": True}, 401)
        return SessionBegun(token, self._front)

    async def sign_out(self, visit: Visit) -> PageAnswer:
        del visit
        return SessionEnded(f"{PREFIX}/sign-in")

    def _count(self, visit: Visit) -> None:
        wait_s = self._attempts.wait_s(visit.sender)
        if wait_s > 0.0:
            refused = RateLimited("Too many attempts to sign in. Wait a minute, then try again.")
            refused.retry_after_s = wait_s
            raise refused


def _may(visit: Visit) -> bool:
    return visit.may_sign_in


def _form(visit: Visit, fault: str) -> View:
    return {"may_sign_in": _may(visit), "fault": fault, "next": path_within(visit.first("next"), "")}
