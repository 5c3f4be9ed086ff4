"""Where a caller's rates stand, in the headers that each family of SDKs reads. Google's read none.

OpenAI states resets as durations (`1s`, `6m0s`), Anthropic as times (RFC 3339): wire contract, November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from gateway.core.limits import Standing
from gateway.dialects import anthropic_messages, openai_chat, openai_embeddings, openai_responses


def rate_headers(dialect: str, standings: Iterable[Standing], now: datetime) -> dict[str, str]:
    """`now` in UTC: later than the standings, or as they."""
    write = _FAMILIES.get(dialect)
    found: dict[str, str] = {}
    if write is not None:
        for standing in standings:
            found |= write(standing, now)
    return found


def _openai(standing: Standing, now: datetime) -> dict[str, str]:
    counts = standing.counts
    return {
        f"x-ratelimit-limit-{counts}": str(standing.limit),
        f"x-ratelimit-remaining-{counts}": str(standing.remaining),
        f"x-ratelimit-reset-{counts}": duration(standing.resets_at - now),
    }


def _anthropic(standing: Standing, now: datetime) -> dict[str, str]:  # noqa: ARG001  # this family states the time itself
    name = f"anthropic-ratelimit-{standing.counts}"
    return {
        f"{name}-limit": str(standing.limit),
        f"{name}-remaining": str(standing.remaining),
        f"{name}-reset": _second(standing.resets_at).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


_FAMILIES: Final[Mapping[str, Callable[[Standing, datetime], dict[str, str]]]] = {
    openai_chat.NAME: _openai,
    openai_responses.NAME: _openai,
    openai_embeddings.NAME: _openai,
    anthropic_messages.NAME: _anthropic,
}


def duration(span: timedelta) -> str:
    """As Go writes it: `0s`, `120ms`, `1.5s`, `6m0s`, `1h0m0s`; rounded up to milliseconds, and never negative."""
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
    """The first whole second that is not before."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)
