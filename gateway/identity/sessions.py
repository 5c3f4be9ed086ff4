"""Sessions of people: a key or a one-time link is exchanged for an opaque token. The seam for single sign-on.

The token stands in the cookie alone; the gateway keeps its digest. A session of a key ends with the key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from gateway.core.frozen import frozen
from gateway.core.principal import Caller, Callers, Principal
from gateway.identity.operators import ROLES, Operator
from gateway.stores.sessions.session_files import Session

SESSION_LASTS: Final = timedelta(hours=12)
LINK_LASTS: Final = timedelta(hours=1)

PrincipalOf = Callable[[Caller], Principal | None]


class SessionStore(Protocol):
    """Sessions by the digest of their token."""

    def keep(self, digest: str, session: Session) -> None:
        """Keep a session. Unavailable if it cannot be kept."""

    def find(self, digest: str) -> Session | None:
        """The session, unless it has ended."""

    def take(self, digest: str) -> Session | None:
        """Remove the session and return it. Of several callers at most one gets it."""


@frozen
class Visitor:
    """The reader of a page. Nobody is signed in without a principal and an operator.

    `principal`: the key that the person signed in with, under the documents in force. `operator`: the person
    administers the gateway. `form_token`: stands in every form of the session (CSRF); empty without a session.
    """

    principal: Principal | None = None
    operator: Operator | None = None
    form_token: str = ""

    @property
    def signed_in(self) -> bool:
        """Whether the person has a session."""
        return self.principal is not None or self.operator is not None


NOBODY: Final = Visitor()


class Sessions:
    """Begins, finds and ends sessions. `now`: the time in UTC."""

    def __init__(
        self, sessions: SessionStore, links: SessionStore, callers: Callers, now: Callable[[], datetime]
    ) -> None:
        self._sessions, self._links, self._callers, self._now = sessions, links, callers, now

    def with_key(self, secret: str) -> str | None:
        """Exchange a key for a token; None for a key that opens nothing. Unavailable while keys cannot be known."""
        caller = self._callers.find(secret, self._now())
        if caller is None:
            return None
        return self._begin(Session(self._now() + SESSION_LASTS, credential=caller.credential))

    def link(self, operator: Operator, credential: str = "") -> str:
        """A token that opens one session of that operator, once. `credential`: digest of a key that the session also
        stands for; empty for none."""
        session = Session(self._now() + LINK_LASTS, credential, operator.role.name, operator.subject)
        return _kept(self._links, session)

    def with_link(self, token: str) -> str | None:
        """Exchange a link for a token; None for a link that is used, expired or unknown."""
        link = self._links.take(_digest(token))
        if link is None:
            return None
        return self._begin(Session(self._now() + SESSION_LASTS, link.credential, link.role, link.subject))

    def visitor(self, token: str, principal_of: PrincipalOf) -> Visitor:
        """The person behind a token; NOBODY for a token that opens nothing, or whose key has ended."""
        session = self._sessions.find(_digest(token)) if token else None
        if session is None:
            return NOBODY
        caller = self._callers.holder(session.credential, self._now()) if session.credential else None
        principal = principal_of(caller) if caller is not None else None
        role = ROLES.get(session.role)
        operator = Operator(role, session.subject) if role is not None else None
        if principal is None and operator is None:
            return NOBODY
        return Visitor(principal, operator, form_token_of(token))

    def end(self, token: str) -> None:
        """End a session at once, at every worker."""
        self._sessions.take(_digest(token))

    def _begin(self, session: Session) -> str:
        return _kept(self._sessions, session)


def form_token_of(token: str) -> str:
    """The token of the session's forms. It follows from the session's token, and does not give it away."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def _kept(store: SessionStore, session: Session) -> str:
    token = secrets.token_urlsafe(32)
    store.keep(_digest(token), session)
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
