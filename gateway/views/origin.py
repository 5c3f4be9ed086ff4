"""The address of this gateway as the sender of a request reached it, for texts to copy. No decision reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.frozen import frozen

_HOST: Final = re.compile(r"[A-Za-z0-9.\-_]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:]{2,45}\](?::[0-9]{1,5})?")
_LOOPBACK: Final = re.compile(r"(?:127(?:\.[0-9]{1,3}){3}|localhost|\[::1\])(?::[0-9]{1,5})?")


@frozen
class ClientOrigin:
    """`host`: with the port. `encrypted`: as the proxy in front states it."""

    host: str
    encrypted: bool

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.encrypted else 'http'}://{self.host}"

    @property
    def on_loopback(self) -> bool:
        """Whether the sender is on this machine."""
        return _LOOPBACK.fullmatch(self.host) is not None


def origin_of(headers: Mapping[str, str]) -> ClientOrigin:
    """From the headers of a request, their names in lower case. A host that cannot be one counts as `localhost`."""
    host = headers.get("host", "")
    scheme = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return ClientOrigin(host if _HOST.fullmatch(host) else "localhost", scheme == "https")
