"""The scope of a provider's error, in whichever of the recorded shapes it comes (wire contract §3).

None of its words reaches a client: only codes and parameter names of closed vocabularies. A code is believed wherever
it stands. Words are believed only at the beginning of a message, since providers repeat further on what a caller wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from gateway.core.health import FaultScope, RouteFault
from gateway.dialects.error_codes import (
    CODES,
    LENGTH_CODES,
    LENGTH_WORDS,
    PARAMETERS,
    STATUSES,
    TOO_LONG,
    TYPES,
    WITHDRAWN_WORDS,
    WORDS,
)
from gateway.dialects.retry_delay import retry_delay_s

_SEGMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+")
_PARAM: Final = re.compile(r"[A-Za-z0-9_.\[\]]{1,120}\Z")
_DAILY: Final = re.compile(r"per_?day", re.IGNORECASE)
_A_DAILY_QUOTA_S: Final = 3600.0
"""Pause after a quota of the day is used up, where the provider states no time."""
_NO_HEADERS: Final[Mapping[str, str]] = {}


def refusal_fault(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime, refers: bool) -> RouteFault:
    """The fault behind a reply with a status from 400 on. `refers`: whether the request names what the provider keeps,
    such as a file, so that a 404 may speak of that."""
    error = _error(_read(body))
    code = _length_code(status, _code(error, headers), error)
    scope = _scope(status, code, error, refers=refers)
    if scope is FaultScope.REQUEST and code == "" and _is_too_long(error):
        code = TOO_LONG
    delay = retry_delay_s(headers, error, now) if not scope.locks_out else None
    if delay is None and scope is FaultScope.RATE and _is_daily(error):
        delay = _A_DAILY_QUOTA_S
    if scope is FaultScope.ROUTE and status < 500:
        delay = None
    return RouteFault(scope, status, code, _param(error), delay)


def reported_fault(body: bytes, *, now: datetime) -> RouteFault | None:
    """The fault that a provider reports inside a reply with status 200: as an event, or in the place of a reply. None
    where the bytes report no error."""
    document = _read(body)
    if not isinstance(document, dict):
        return None
    response = document.get("response")
    holder = response if isinstance(response, dict) and response.get("error") else document
    if not holder.get("error") and document.get("type") != "error":
        return None
    error = _error(holder)
    code = _code(error, _NO_HEADERS)
    status = _status(error, code)
    code = _length_code(status, code, error)
    if code == "" and status < 500 and _is_too_long(error):
        code = TOO_LONG
    scope = _scope(status, code, error, refers=True) if status or code else _worded(error) or FaultScope.ROUTE
    return RouteFault(scope, status, code, _param(error), retry_delay_s(_NO_HEADERS, error, now))


def _scope(status: int, code: str, error: Mapping[str, Any], *, refers: bool) -> FaultScope:
    """A code decides before words, and words before the status."""
    worded = _worded(error)
    if worded is FaultScope.ATTEMPT:  # such as a request that alone exceeds a limit, with the code of the limit
        return worded
    if status >= 500:
        return FaultScope.REQUEST if code == TOO_LONG else FaultScope.ROUTE
    scope = CODES.get(code) or worded
    if scope is FaultScope.RATE and status == 413:  # Groq: this request alone exceeds the limit
        return FaultScope.ATTEMPT
    own = STATUSES.get(status)
    if scope is FaultScope.REQUEST and own is not None and own is not FaultScope.ATTEMPT:
        return own  # a 401, 402 or 429 speaks of the gateway, whatever its code
    if scope is not None:
        return scope
    if status == 404 and _words(error).startswith(WITHDRAWN_WORDS):
        return FaultScope.WITHDRAWN
    if status == 404 and not refers:
        return FaultScope.ROUTE
    if 400 <= status < 500:
        return own or FaultScope.REQUEST
    return FaultScope.ROUTE


def _read(body: bytes) -> Any:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(document, list) and len(document) == 1:  # Google, where a stream is requested without `alt=sse`
        return document[0]
    return document


def _error(document: Any) -> dict[str, Any]:
    """The object that speaks of the error: `error`, or the whole (Bedrock, Mistral, Cohere, FastAPI)."""
    if not isinstance(document, dict):
        return {}
    inner = document.get("error")
    return inner if isinstance(inner, dict) else document


def _code(error: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The first known code: what an operator has to mend before what a client can change."""
    known = [code for code in _codes(error, headers) if code in CODES]
    return min(known, key=lambda code: (CODES[code] is FaultScope.REQUEST, not CODES[code].locks_out), default="")


def _codes(error: Mapping[str, Any], headers: Mapping[str, str]) -> Iterable[str]:
    metadata = error.get("metadata")
    reported = metadata.get("error_type") if isinstance(metadata, dict) else None
    inner = error.get("innererror")
    inner_code = inner.get("code") if isinstance(inner, dict) else None
    details = error.get("details")
    reasons = [d.get("reason") for d in details if isinstance(d, dict)] if isinstance(details, list) else []
    kind = headers.get("x-amzn-errortype", "").partition(":")[0]
    aws = error.get("__type")
    named = (error.get("code"), inner_code, *reasons, error.get("type"), error.get("error_type"), reported, kind)
    yield from (TOO_LONG if code in LENGTH_CODES else code for code in named if isinstance(code, str))
    if isinstance(aws, str):
        yield aws.rpartition("#")[2]


def _words(error: Mapping[str, Any]) -> str:
    """Read here, to know one case from the others, and nowhere else."""
    texts = (error.get(name) for name in ("message", "Message", "detail", "error"))
    return next((text for text in texts if isinstance(text, str)), "").lower()


def _worded(error: Mapping[str, Any]) -> FaultScope | None:
    words = _words(error).lstrip(" `'\"")
    return next((scope for begin, scope in WORDS if words.startswith(begin)), None) if words else None


def _is_too_long(error: Mapping[str, Any]) -> bool:
    words = _words(error)
    return any(phrase in words for phrase in LENGTH_WORDS)


def _length_code(status: int, code: str, error: Mapping[str, Any]) -> str:
    """`TOO_LONG` where a server reports a request that is too long as a failure of the server; `code` otherwise."""
    failed = status >= 500 and CODES.get(code, FaultScope.ROUTE) is FaultScope.ROUTE
    return TOO_LONG if failed and _worded(error) is FaultScope.REQUEST and _is_too_long(error) else code


def _is_daily(error: Mapping[str, Any]) -> bool:
    """A quota of the day is used up (google.rpc.QuotaFailure)."""
    details = error.get("details")
    violation_lists = [d.get("violations") for d in details if isinstance(d, dict)] if isinstance(details, list) else []
    violations = [v for each in violation_lists if isinstance(each, list) for v in each if isinstance(v, dict)]
    return any(isinstance(v.get("quotaId"), str) and _DAILY.search(v["quotaId"]) for v in violations)


def _status(error: Mapping[str, Any], code: str) -> int:
    """The status that an error inside a reply stands for; 0 where it says none."""
    for value in (error.get("code"), error.get("status"), error.get("status_code")):
        if isinstance(value, str) and value.isdecimal() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    kinds = (error.get("type"), error.get("status"), code)
    return next((TYPES[kind] for kind in kinds if isinstance(kind, str) and kind in TYPES), 0)


def _param(error: Mapping[str, Any]) -> str:
    """The parameter of the request that the provider names, where every word of its path is a known one."""
    param = error.get("param")
    if not isinstance(param, str):
        param = next(iter(_violated(error)), "")
    if not _PARAM.match(param):
        return ""
    segments = _SEGMENT.findall(param)
    return param if segments and all(s.isdecimal() or s in PARAMETERS for s in segments) else ""


def _violated(error: Mapping[str, Any]) -> Iterable[str]:
    """Fields of google.rpc.BadRequest, and places of FastAPI's errors."""
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        violations = detail.get("fieldViolations") if isinstance(detail, dict) else None
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and isinstance(violation.get("field"), str):
                yield violation["field"]
    listed = error.get("detail")
    for fault in listed if isinstance(listed, list) else ():
        place = fault.get("loc") if isinstance(fault, dict) else None
        if isinstance(place, list) and place[:1] == ["body"]:
            yield ".".join(map(str, place[1:]))
