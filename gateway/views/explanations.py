"""Explanations of a decision: a verdict on every route of a model, its reasons in words, and single relaxations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.core.decision import Rejection, decide
from gateway.core.errors import Json
from gateway.core.evaluation import POLICY_KINDS, Reason
from gateway.core.health import Health
from gateway.core.policy import Layer, combine
from gateway.views.catalogue import plain_demand
from gateway.views.drafts import Judge
from gateway.views.reason_codes import verdict_on
from gateway.views.reasons import Regions, as_json, sentence


def explanation(model: str, layers: Sequence[Layer], judge: Judge, health: Health) -> dict[str, Json]:
    """The decision on a plain request for the model under these layers, at this moment."""
    snapshot, regions = judge.snapshot, judge.snapshot.regions
    demand = plain_demand(snapshot.models[model])
    decision = decide(demand, combine(layers), judge, health)
    eligible: list[Json] = [
        {"route": str(each.route.id), "verdict": {"mark": "good", "words": f"May serve, no. {place}"}, "reasons": []}
        for place, each in enumerate(decision.plan, start=1)
    ]
    rejected = sorted(decision.rejections, key=lambda each: len(_of_policy(each)))
    return {
        "model": model,
        "layers": [{"layer": layer.kind.label.replace("_", " "), "policy": layer.policy.name} for layer in layers],
        "routes": eligible + [_rejected(each, regions) for each in rejected],
        "closest": relaxations(decision.rejections, regions),
    }


def _rejected(rejection: Rejection, regions: Regions) -> dict[str, Json]:
    return {
        "route": str(rejection.route.id),
        "verdict": verdict_on(reason.code for reason in rejection.reasons),
        "reasons": [{**as_json(reason), "words": sentence(reason, regions)} for reason in rejection.reasons],
        "one_clause": len(_of_policy(rejection)) == 1,
    }


def _of_policy(rejection: Rejection) -> list[Reason]:
    return [reason for reason in rejection.reasons if reason.kind in POLICY_KINDS]


def relaxations(rejections: Iterable[Rejection], regions: Regions) -> list[Json]:
    """Single relaxations of policy, the most rewarding first: which routes policy would admit if one thing gave way.

    `connected`: of these routes, those that nothing else keeps out.
    """
    gains: dict[str, tuple[Reason, list[Rejection]]] = {}
    for rejection in rejections:
        reasons = _of_policy(rejection)
        if len(reasons) == 1:
            # Only routes that offer the same gain by the same concession: `opt_out` does not admit who offers `yes`.
            gains.setdefault(repr(reasons[0]), (reasons[0], []))[1].append(rejection)
    ranked = sorted(gains.values(), key=lambda gain: (-len(gain[1]), gain[0].code))
    return [
        {
            "relax": as_json(reason),
            "words": sentence(reason, regions),
            "admits": [str(each.route.id) for each in admitted],
            "connected": [str(each.route.id) for each in admitted if len(each.reasons) == 1],
        }
        for reason, admitted in ranked
    ]
