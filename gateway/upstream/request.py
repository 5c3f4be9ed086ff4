"""The request as bytes: request line and header fields, the credential's included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.upstream.calls import ProviderCall
from gateway.upstream.credentials import UnsignedRequest
from gateway.upstream.faults import UpstreamFault

_FIELDS: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9a-z-]++: [\t -~]*+\r\n)*+")
_TARGET: Final = re.compile(r"/[!-\"$-~]*+")
"""A path that can stand in the request line as it is."""
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
    if _TARGET.fullmatch(path) is None:
        raise UpstreamFault("unsendable", "nothing")
    fields = _fields(headers + authorisation)
    return f"{method} {path} HTTP/1.1\r\nhost: {address.host}\r\n{_OWN}{fields}{length}\r\n".encode("ascii")


def _fields(headers: Sequence[tuple[str, str]]) -> str:
    """The header fields as lines, looked at together: as many lines as fields, each with a name and a value."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if lines.count("\n") != len(headers) or _FIELDS.fullmatch(lines) is None:
        raise UpstreamFault("unsendable", "nothing")
    return lines
