"""Keys as a page shows them: one row for each key, whatever number of secrets it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from gateway.core.errors import Json
from gateway.core.principal import Key
from gateway.views.keys import key_view

_MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "active": ("good", "Active"),
    "expired": ("none", "Expired"),
    "revoked": ("poor", "Revoked"),
}


def key_rows(
    keys: Iterable[Key], now: datetime, last_days: Mapping[str, str], budgets: Sequence[Mapping[str, Json]]
) -> list[Json]:
    """The newest key first. `last_days`: id -> day of the last request; `budgets`: rows of budgets by account."""
    secrets: dict[str, list[Key]] = {}
    for key in keys:
        secrets.setdefault(str(key.id), []).append(key)
    rows: list[Json] = []
    for id, own in reversed(secrets.items()):
        newest = own[-1]
        mark, words = _MARKS[_state(own, now)]
        rows.append(
            {
                **key_view(newest, now),
                "state": _state(own, now),
                "verdict": {"mark": mark, "words": words},
                "secrets": sum(key.state(now) == "active" for key in own),
                "last_used": last_days.get(id),
                "budget_rows": [row for row in budgets if row["account"] == newest.account],
            }
        )
    return rows


def _state(secrets: Sequence[Key], now: datetime) -> str:
    """A key is active as long as one of its secrets is."""
    states = [key.state(now) for key in secrets]
    return next((state for state in ("active", "expired") if state in states), "revoked")
