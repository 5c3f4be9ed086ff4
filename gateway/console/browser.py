"""Browsers: the headers that confine a page, the session's cookie, and the origin that a request comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.console.page import PREFIX
from gateway.core.errors import NotAllowed
from gateway.views.origin import origin_of

_CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": _CSP,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer of this room; `gateway/http` adds `x-content-type-options: nosniff` to all of the gateway."""

_SECURE_COOKIE: Final = "__Host-sc"
_LOOPBACK_COOKIE: Final = "sc"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")


class Browser:
    """The browser and the connection behind a request, by its headers. `headers`: names in lower case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        origin = origin_of(headers)
        self.host, self.on_loopback = origin.host, origin.on_loopback
        self.origin = origin.url
        self.encrypted = origin.encrypted
        """As the proxy in front states it. A false statement only hides the sender's own cookie from itself."""

    @property
    def may_sign_in(self) -> bool:
        """A session's cookie travels encrypted, or does not leave the machine."""
        return self.encrypted or self.on_loopback

    @property
    def token(self) -> str:
        """The session's token; empty without one."""
        for pair in self._headers.get("cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self._cookie and _TOKEN.fullmatch(value):
                return value
        return ""

    def cookie(self, token: str) -> str:
        """`Set-Cookie` for a new session; for an empty token, the end of the present one."""
        kept = f"{self._cookie}={token}; Path=/; HttpOnly; SameSite=Strict"
        return kept + "; Secure" * self.encrypted + "; Max-Age=0" * (not token)

    def check_sender(self) -> None:
        """NotAllowed for a form that another site sent.

        The referrer policy hides the origin of a form (`null`), so that `Sec-Fetch-Site` decides where it is stated.
        """
        site = self._headers.get("sec-fetch-site", "same-origin")
        origin = self._headers.get("origin", "null")
        foreign = origin != "null" and origin.partition("://")[2] != self.host
        if site not in ("same-origin", "none") or foreign:
            raise NotAllowed("The form was sent from another site. Open the page here, and send its form.")

    @property
    def _cookie(self) -> str:
        return _SECURE_COOKIE if self.encrypted else _LOOPBACK_COOKIE


def path_within(path: str, otherwise: str) -> str:
    """`path` where it is a page of this gateway, else `otherwise`: nobody is sent elsewhere after a sign-in."""
    inside = path.startswith(f"{PREFIX}/") and "\\" not in path and "//" not in path and path.isprintable()
    return path if inside and path.isascii() else otherwise
