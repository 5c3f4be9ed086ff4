"""Differences between two sets of documents as JSON and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.core.admission_shift import AdmissionShift, ShiftedRoute, TrafficShift, deciding
from gateway.core.cost import money
from gateway.core.errors import Json


def shift_view(shifts: Sequence[AdmissionShift], traffic: TrafficShift, currency: str) -> dict[str, Json]:
    """Every policy with its routes, and last month's exchanges."""
    return {
        "policies": [_policy(shift) for shift in shifts],
        "traffic": {
            "exchanges": traffic.exchanges,
            "same": traffic.same,
            "moved": traffic.moved,
            "refused": traffic.refused,
            "served": traffic.served,
            "left_out": traffic.left_out,
            "refused_models": dict(traffic.refused_models),
            "cost": {"before": money(traffic.cost[0]), "after": money(traffic.cost[1]), "currency": currency},
        },
    }


def _policy(shift: AdmissionShift) -> dict[str, Json]:
    return {
        "before": shift.before,
        "after": shift.after,
        "routes": list(shift.routes),
        "models": list(shift.models),
        "gained": [_route(route) for route in shift.gained],
        "lost": [_route(route) for route in shift.lost],
        "models_gained": list(shift.models_gained),
        "models_lost": list(shift.models_lost),
        "deciding": {"gained": dict(deciding(shift.gained)), "lost": dict(deciding(shift.lost))},
    }


def _route(route: ShiftedRoute) -> dict[str, Json]:
    return {"route": route.route, "model": route.model, "reasons": list(route.codes)}


def traffic_words(traffic: TrafficShift, currency: str) -> list[str]:
    """A line for each effect on past exchanges."""
    if not traffic.exchanges:
        return ["No receipt of the last thirty days holds a decision to compare."]
    before, after = (money(amount) for amount in traffic.cost)
    refused = f" ({_counted(traffic.refused_models)})" if traffic.refused_models else ""
    return [
        f"Of {traffic.exchanges} exchanges of the last thirty days {traffic.same} go as before, "
        f"{traffic.moved} to another route first.",
        f"{traffic.refused} would be refused{refused}; {traffic.served} that were refused would be served.",
        f"The tokens of those that both serve cost {before} {currency} before and {after} {currency} after.",
        *([f"{traffic.left_out} receipts hold no comparable decision."] if traffic.left_out else []),
    ]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counts.items(), key=lambda each: -each[1])[:5])
