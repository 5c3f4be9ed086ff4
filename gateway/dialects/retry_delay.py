"""The delay that a provider states with a refusal, in each of its spellings.

Sources, read in November 2026: RFC 9110 10.2.3 (`retry-after`, seconds or a date); OpenAI and Anthropic SDKs
(`retry-after-ms`); Azure (`x-ms-retry-after-ms`, and `0` for an unknown time); AWS (`x-amz-retry-after`, in ms);
google.rpc.RetryInfo; reset headers of OpenAI, Groq and Cerebras (durations or seconds), Anthropic (RFC 3339) and
OpenRouter (milliseconds since 1970).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

_IN_MS: Final = ("retry-after-ms", "x-ms-retry-after-ms", "x-amz-retry-after")
_RESET: Final = re.compile(r"(?:x-|anthropic-)?rate-?limit(?:bysize)?\b.*reset")
_SPAN: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d*)?)s)?(?:(\d+(?:\.\d*)?)ms)?\Z")
_SECONDS: Final = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_LONGEST_S: Final = 31 * 86_400.0
_EPOCH_S: Final = 1e9
_EPOCH_MS: Final = 1e12


def retry_delay_s(headers: Mapping[str, str], error: Mapping[str, Any], now: datetime) -> float | None:
    """Seconds until the provider may be asked again; None where it states no time. `error`: the object of its body."""
    return next((delay for delay in _reported_delays(headers, error, now) if delay is not None), None)


def _reported_delays(headers: Mapping[str, str], error: Mapping[str, Any], now: datetime) -> Iterator[float | None]:
    """The delays that a reply reports, the most exact first. Zero does not count:
    Azure sends it for an unknown time."""
    for name in _IN_MS:
        yield _positive(_number(headers.get(name, "")), 0.001)
    after = headers.get("retry-after", "")
    yield _positive(_number(after))
    yield _until(after, now, parsedate_to_datetime)
    yield _retry_info(error)
    yield max((delay for delay in _resets(headers, now) if delay is not None), default=None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _positive(number: float | None, unit: float = 1.0) -> float | None:
    return number * unit if number is not None and 0 < number * unit <= _LONGEST_S else None


def _until(text: str, now: datetime, read: Callable[[str], datetime]) -> float | None:
    try:
        at = read(text.strip())
    except (ValueError, TypeError, IndexError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return _positive((at - now).total_seconds())


def _span(text: str) -> float | None:
    """`1s`, `6m0s`, `120ms`, `1h2m3.5s` in seconds; None for another form."""
    match = _SPAN.match(text)
    if not text or match is None:
        return None
    return _positive(sum(float(part) * unit for part, unit in zip(match.groups(), _SECONDS, strict=True) if part))


def _retry_info(error: Mapping[str, Any]) -> float | None:
    """Of google.rpc.RetryInfo: `34.07s`, or `{"seconds": 34, "nanos": 70000000}`."""
    for detail in _details(error):
        delay = detail.get("retryDelay")
        if isinstance(delay, str):
            return _span(delay)
        if isinstance(delay, dict):
            parts = [delay.get("seconds", 0), delay.get("nanos", 0)]
            seconds, nanos = (_number(str(part)) or 0.0 for part in parts)
            return _positive(seconds + nanos / 1e9)
    return None


def _details(error: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    details = error.get("details")
    return [d for d in details if isinstance(d, dict)] if isinstance(details, list) else ()


def _resets(headers: Mapping[str, str], now: datetime) -> Iterator[float | None]:
    """The resets of the limits that are used up; of all limits where no header states what remains."""
    resets = {name: value for name, value in headers.items() if _RESET.match(name)}
    spent = {name: value for name, value in resets.items() if headers.get(name.replace("reset", "remaining")) == "0"}
    unclear = {name: value for name, value in resets.items() if name.replace("reset", "remaining") not in headers}
    for value in (spent or unclear).values():
        yield _reset(value.strip(), now)


def _reset(value: str, now: datetime) -> float | None:
    number = _number(value)
    if number is None:
        return _span(value) or _until(value.replace("Z", "+00:00"), now, datetime.fromisoformat)
    if number >= _EPOCH_MS:
        return _positive(number / 1000 - now.timestamp())
    return _positive(number - now.timestamp() if number >= _EPOCH_S else number)
