"""Keys as the admin socket, commands and pages show them."""

from __future__ import annotations

from datetime import datetime

from gateway.core.errors import Json
from gateway.core.principal import Key
from gateway.declarations.budgets import budget_text


def key_view(key: Key, now: datetime) -> dict[str, Json]:
    """Everything about a key but its digest, which no view shows."""
    return {
        "id": key.id,
        "team": key.team,
        "policy": key.policy,
        "label": key.label,
        "classes": sorted(key.classes),
        "budgets": [budget_text(budget) for budget in key.budgets],
        "created_at": key.created_at.isoformat(timespec="seconds"),
        "expires_at": key.expires_at.isoformat(timespec="seconds") if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat(timespec="seconds") if key.revoked_at else None,
        "state": key.state(now),
    }
