"""The head of a request, judged on its bytes before any parser or application sees them. Pure.

Servers and proxies disagree on the requests refused here, and every disagreement is a way to smuggle a second request
past one of them (RFC 9112, sections 2.2, 3, 5 and 6; 9110, section 5.5). So there is one spelling of everything.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus

from gateway.core.errors import InvalidRequest
from gateway.core.frozen import frozen

MAX_HEAD: Final = 64 * 1024
MAX_TARGET: Final = 8 * 1024
MAX_HEADERS: Final = 100

# INVARIANT: what matches holds no control character but the CRLF line ends and tabs inside values, no line starts
# with white space, no white space stands before a colon, and the target begins with one slash.
_HEAD: Final = re.compile(
    rb"([A-Z]{1,16}+) (/[!-\"$-~]*+) HTTP/1\.([01])\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t -~\x80-\xff]*+\r\n)*+\r\n"
)
_BROKEN: Final = re.compile(rb"(?<!\r)\n|\r(?=[^\n])|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*\r\n")
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n")
_EXPECTS: Final = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n")
_HEADER: Final = re.compile(rb"\r\n([^:\r]+):([^\r]*)")
_UPGRADE: Final = re.compile(rb"\r\nupgrade:([^\r]*)(?=\r\n)", re.IGNORECASE)

_FAULTS: Final = (
    (_BROKEN, "A line does not end in CRLF, or a control character stands in the head."),
    (re.compile(rb"\r\n[\t ]"), "A header is folded over several lines."),
    (re.compile(rb"\A[A-Z]+ [^/ ]"), "The request target must be a path."),
    (re.compile(rb"\A[A-Z]+ [^ \r]+ HTTP/(?!1\.[01]\r)"), "Only HTTP/1.1 and HTTP/1.0 are spoken here."),
)


@frozen
class RequestHead:
    """The head of one request. `wire` is the part that a parser may see: without the key, without other protocols."""

    wire: bytes
    method: str
    path: bytes
    query: bytes
    minor: int
    """Of HTTP/1.x."""
    headers: list[tuple[bytes, bytes]]
    """Names in lower case, in the order of arrival. Trailers never join them."""
    length: int
    """Bytes of the body, as declared; 0 with `chunked`."""
    chunked: bool
    expects_continue: bool
    """The client waits for 100 Continue before it sends its body."""
    query_key: str
    """The value of `?key=`; several different ones are joined by `&`, which no key contains."""


def check_unfinished(head: bytearray, seen: int) -> None:
    """Refuse the beginning of a head that cannot become a good one. `seen` bytes were checked before."""
    if len(head) > MAX_HEAD:
        raise InvalidRequest(f"The head of the request is larger than {MAX_HEAD} bytes.", limit=MAX_HEAD)
    if _BROKEN.search(head, max(0, seen - 1)) is not None:
        raise InvalidRequest(_FAULTS[0][1])


def read_head(head: bytes) -> RequestHead:
    """Judge a head up to and with its empty line. Raises `InvalidRequest` (400, 426), without a word of it."""
    if len(head) > MAX_HEAD:
        raise InvalidRequest(f"The head of the request is larger than {MAX_HEAD} bytes.", limit=MAX_HEAD)
    match = _HEAD.fullmatch(head)
    if match is None or match[1] == b"CONNECT":
        raise InvalidRequest(_fault(head))
    method, target, minor = match.groups()
    if len(target) > MAX_TARGET:
        raise InvalidRequest(f"The request target is longer than {MAX_TARGET} bytes.", limit=MAX_TARGET)
    if head.count(b"\r\n") - 2 > MAX_HEADERS:
        raise InvalidRequest(f"There are more than {MAX_HEADERS} headers.", limit=MAX_HEADERS)
    lower = head.lower()
    length, chunked = _body(lower, minor)
    if lower.find(b"\r\nupgrade:") >= 0:  # `in` with bytes first tries a number, which costs 0.3 µs
        head = _without_upgrade(head)
    path, mark, query = target.partition(b"?")
    key = ""
    if mark and (b"key" in query or b"%" in query):
        query, key = _without_key(query)
        again = path + b"?" + query if query else path
        head = head.replace(target, again, 1)
    headers = [(name.lower(), value.strip(b" \t")) for name, value in _HEADER.findall(head)]
    expects = lower.find(b"\r\nexpect:") >= 0 and _EXPECTS.search(lower) is not None
    return RequestHead(head, method.decode(), path, query, int(minor), headers, length, chunked, expects, key)


def _fault(head: bytes) -> str:
    for pattern, message in _FAULTS:
        if pattern.search(head) is not None:
            return message
    return "The request line or a header is malformed."


def _body(lower: bytes, minor: bytes) -> tuple[int, bool]:
    hosts = lower.count(b"\r\nhost:")
    if hosts > 1 or (hosts == 0 and minor == b"1"):
        raise InvalidRequest("Exactly one Host header is needed.", header="host")
    lengths, codings = lower.count(b"\r\ncontent-length:"), lower.count(b"\r\ntransfer-encoding:")
    if lengths + codings == 0:
        return 0, False
    if lengths + codings > 1:
        raise InvalidRequest("The length of the body is given more than once.", header="content-length")
    if codings:
        if minor == b"0" or _CHUNKED.search(lower) is None:
            raise InvalidRequest("Transfer-Encoding must be chunked, in HTTP/1.1.", header="transfer-encoding")
        return 0, True
    declared = _LENGTH.search(lower)
    if declared is None:
        raise InvalidRequest("Content-Length is not a number.", header="content-length")
    return int(declared[1]), False


def _without_upgrade(head: bytes) -> bytes:
    """Other protocols may be ignored (9110, 7.8), and Java's client offers h2c with every first request."""
    if any(b"websocket" in offer.lower() for offer in _UPGRADE.findall(head)):
        raise InvalidRequest("WebSockets are not spoken here; send the request over HTTP.", code="upgrade_refused")
    return _UPGRADE.sub(b"", head)


def _without_key(query: bytes) -> tuple[bytes, str]:
    kept: list[bytes] = []
    keys: dict[str, None] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if unquote_plus(name.decode("ascii")) == "key":
            keys[unquote_plus(value.decode("ascii"))] = None
        else:
            kept.append(part)
    keys.pop("", None)
    return b"&".join(kept), "&".join(keys)
