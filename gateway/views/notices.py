"""Notices in words: what `check`, `explain` and the pages say about the records in use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.notices import Notice, NoticeKind

_SHOWN: Final = 4
"""More routes than this are counted, not listed."""


def notice_view(notice: Notice) -> dict[str, Json]:
    """The notice as a program reads it."""
    return {
        "kind": notice.kind.value,
        "provider": notice.provider,
        "routes": [str(route) for route in notice.routes],
        "day": notice.day.isoformat() if notice.day else None,
        "successors": list(notice.successors),
        "names": list(notice.names),
    }


def notice_words(notice: Notice) -> tuple[str, str]:
    """A notice, and its remedy."""
    return _WORDS[notice.kind](notice)


def _routes(notice: Notice) -> str:
    names = [str(route).partition("/")[2] for route in notice.routes]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _quoted(name: str) -> str:
    return f'"{name}"'


def _successors(notice: Notice) -> str:
    return f"use {', '.join(notice.successors[:_SHOWN])} instead" if notice.successors else "choose another model"


_WORDS: Final[Mapping[NoticeKind, Callable[[Notice], tuple[str, str]]]] = {
    NoticeKind.RETIRED: lambda n: (f"retired routes are never chosen: {_routes(n)}", _successors(n)),
    NoticeKind.RETIRES_SOON: lambda n: (f"routes end from {n.day} on: {_routes(n)}", _successors(n)),
    NoticeKind.ASSUMED_NAME: lambda n: (
        f"no source states the upstream names of {_routes(n)}",
        "try these routes, then remove upstream_assumed",
    ),
    NoticeKind.PLACES_WITHOUT_GUARANTEE: lambda _: (
        "the provider lists countries without guaranteeing them: under a bound on places they count as unknown",
        "state location_guarantee with its source if the provider gives a guarantee",
    ),
    NoticeKind.OLD_PRICE: lambda n: (
        f"prices were read more than 90 days ago, the oldest on {n.day}: {_routes(n)}",
        "read the price list again",
    ),
    NoticeKind.PRICE_OUTLIER: lambda n: (
        f"prices are below a hundredth of those of other hosts: {_routes(n)}",
        "state prices per million tokens, not per token",
    ),
    NoticeKind.EVIDENCE_AGES: lambda n: (
        f"evidence is too old from {n.day} on for {', '.join(n.names)}: {len(n.routes)} routes in use",
        "read the sources again: safeconduct facts verify",
    ),
    NoticeKind.GRANT_ENDS_SOON: lambda n: (
        f"a grant ends on {n.day}",
        "renew the contract, and write its new expires_on into contracts.toml",
    ),
    NoticeKind.GRANT_LIMITED: lambda n: (
        f"a grant does not reach {', '.join(n.names)}: there the terms of the record stand",
        f"if the contract covers them, write exceptions = [{', '.join(map(_quoted, n.names))}] into the grant",
    ),
}
