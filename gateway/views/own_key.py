"""A caller's own standing: its policies, limits, data classes and end. Budgets stand beside it (`reports/budgets`)."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.errors import Json
from gateway.core.limits import limit_terms
from gateway.core.policy import EffectivePolicy
from gateway.core.posture import UNKNOWN, Posture, word
from gateway.core.principal import Key, Principal


def own_key(principal: Principal, demanded: EffectivePolicy, budgets: Mapping[str, Json]) -> dict[str, Json]:
    """`GET /v1/key`. `demanded`: by every layer of a request that states no data class. `budgets`: as
    `reports.budgets.budgets` makes them. The secret and its digest are no part of it."""
    caller, organisation = principal.caller, principal.organisation
    return {
        "id": caller.id,
        "kind": caller.kind,
        **_of_key(caller if isinstance(caller, Key) else None),
        "team": {"id": principal.team.id, "name": principal.team.name},
        "organisation": {"id": organisation.id, "name": organisation.name},
        "policies": [
            {"layer": layer.kind.label, "policy": layer.policy.name, "purpose": layer.policy.purpose or None}
            for layer in demanded.layers
        ],
        "bound": bound_view(demanded.bound),
        "max_evidence_age_days": demanded.evidence.max_age_days,
        "classes": sorted(caller.classes or principal.team.classes),
        "default_class": organisation.default_class or None,
        "limits": [{"account": account, **limit_terms(limit)} for account, limit in principal.limits],
        "currency": budgets["currency"],
        "timezone": budgets["timezone"],
        "budgets": budgets["data"],
    }


def bound_view(bound: Posture) -> dict[str, Json]:
    """The dimensions that the bound limits, each with the laxest value that it accepts."""
    return {name: word(value) for name, value in bound if value is not UNKNOWN}


def _of_key(key: Key | None) -> dict[str, Json]:
    """Label and times of a key; none of a caller of another kind."""
    return {
        "label": key.label or None if key else None,
        "created_at": key.created_at.isoformat(timespec="seconds") if key else None,
        "expires_at": key.expires_at.isoformat(timespec="seconds") if key and key.expires_at else None,
    }
