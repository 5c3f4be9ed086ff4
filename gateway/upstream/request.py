"""The request as bytes: request line and header fields, the credential's included."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from gateway.upstream.calls import ProviderCall
from gateway.upstream.credentials import UnsignedRequest
from gateway.upstream.faults import UpstreamFault

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE: Final = re.compile(r"[\t -~]*")
_OWN: Final = "user-agent: safeconduct\r\naccept-encoding: identity\r\n"


def request_head(call: ProviderCall) -> bytes:
    """The head of the request, up to its empty line. Written anew for each sending: no cache holds a secret or a header
    that a client controls.

    Raises UpstreamFault, nothing sent: the target's fault, the credential's, or "unsendable" for a path or a header
    that would be read as something else.
    """
    target, body, method = call.target, call.body, call.method
    address = target.address
    path = (address.path + call.path) or "/"
    headers = target.headers + call.headers
    authorisation = target.credential.headers(UnsignedRequest(method, address.host, path, headers, body))
    length = f"content-length: {len(body)}\r\n" if body or method == "POST" else ""
    if not _is_target(path):
        raise UpstreamFault("unsendable", "nothing")
    fields = _fields(headers + authorisation)
    return f"{method} {path} HTTP/1.1\r\nhost: {address.host}\r\n{_OWN}{fields}{length}\r\n".encode("ascii")


def _is_target(path: str) -> bool:
    """Whether a path can stand in the request line as it is."""
    return path[0] == "/" and path.isascii() and path.isprintable() and " " not in path and "#" not in path


def _fields(headers: Iterable[tuple[str, str]]) -> str:
    lines: list[str] = []
    for name, value in headers:
        if not (_NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise UpstreamFault("unsendable", "nothing")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines)
