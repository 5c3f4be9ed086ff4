"""The headers that state a caller's rates, as each family of SDKs reads them. Google's SDKs read none.

OpenAI states resets as durations (`1s`, `6m0s`), Anthropic as times (RFC 3339): wire contract, November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from gateway.core.limits import Standing

RateHeaders: TypeAlias = Callable[[Iterable[Standing], datetime], dict[str, str]]
"""Writes the headers for some standings at a time in UTC that is not before them."""


def openai_headers(standings: Iterable[Standing], now: datetime) -> dict[str, str]:
    """`x-ratelimit-…`, with resets as durations."""
    return {name: value for standing in standings for name, value in _openai(standing, now).items()}


def anthropic_headers(standings: Iterable[Standing], now: datetime) -> dict[str, str]:  # noqa: ARG001  # resets are times
    """`anthropic-ratelimit-…`, with resets as times."""
    return {name: value for standing in standings for name, value in _anthropic(standing).items()}


def no_headers(standings: Iterable[Standing], now: datetime) -> dict[str, str]:  # noqa: ARG001
    """For SDKs that read no rates."""
    return {}


def _openai(standing: Standing, now: datetime) -> dict[str, str]:
    counts = standing.counts
    return {
        f"x-ratelimit-limit-{counts}": str(standing.limit),
        f"x-ratelimit-remaining-{counts}": str(standing.remaining),
        f"x-ratelimit-reset-{counts}": duration(standing.resets_at - now),
    }


def _anthropic(standing: Standing) -> dict[str, str]:
    name = f"anthropic-ratelimit-{standing.counts}"
    return {
        f"{name}-limit": str(standing.limit),
        f"{name}-remaining": str(standing.remaining),
        f"{name}-reset": _second(standing.resets_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def duration(span: timedelta) -> str:
    """A duration as Go writes it, rounded up to milliseconds: `0s`, `120ms`, `1.5s`, `6m0s`, `1h0m0s`; 0 at least."""
    ms = max(-(-span // timedelta(milliseconds=1)), 0)
    if 0 < ms < 1_000:
        return f"{ms}ms"
    minutes, ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{ms / 1_000:g}s"
    if hours:
        return f"{hours}h{minutes}m{seconds}"
    return f"{minutes}m{seconds}" if minutes else seconds


def _second(at: datetime) -> datetime:
    """The first whole second that is not before `at`."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
