"""Reasons as receipts keep them, `posture:training@team:eu`, in words: the code alone is known, and no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from gateway.core.errors import Json
from gateway.core.evaluation import POLICY_KINDS, Kind
from gateway.views.dimensions import LABELS


class CitedReason(NamedTuple):
    """The parts of a code: kind and dimension, and the layer with the policy that demand it."""

    kind: str
    dimension: str
    layer: str
    policy: str


_OURS: Final = frozenset({Kind.NO_CREDENTIAL.value, Kind.NOT_CALLABLE.value})
_HEALTH: Final = frozenset({Kind.LOCKED_OUT.value, Kind.COOLING_DOWN.value})
_POLICY: Final = frozenset(kind.value for kind in POLICY_KINDS)


def cited(code: str) -> CitedReason:
    """The parts of a code; a part that it does not have is empty."""
    reason, _, demanded = code.partition("@")
    return CitedReason(*reason.partition(":")[::2], *demanded.partition(":")[::2])


def code_words(code: str) -> str:
    """The reason as a sentence without a full stop."""
    reason = cited(code)
    who = f"{reason.policy} ({reason.layer.replace('_', ' ')})" if reason.policy else reason.layer or "policy"
    label = LABELS.get(reason.dimension, reason.dimension.replace("_", " "))
    match reason.kind:
        case "posture":
            return f"{label}: less careful than {who} demands"
        case "evidence":
            return f"{label}: the evidence is older or weaker than {who} accepts"
        case "price":
            return f"The {label} price is above the limit of {who}"
        case "unpriced":
            return f"No price is known, and {who} needs one"
        case "capability":
            return f"The route cannot carry what the request needs: {label}"
        case "excluded":
            return _EXCLUDED.get(reason.dimension, "{} leaves the route out").format(who)
    return _PLAIN.get(reason.kind, reason.kind.replace("_", " "))


_EXCLUDED: Final[Mapping[str, str]] = {
    "pinned": "The request named another provider",
    "ignored": "{} ignores the route",
    "only_providers": "{} allows other providers only",
    "only_models": "{} allows other models only",
    "quantizations": "{} allows other quantizations only",
}
_PLAIN: Final[Mapping[str, str]] = {
    "not_callable": "The route cannot be called as the gateway is set up",
    "retired": "The provider has ended the route",
    "no_credential": "The gateway has no credential for the provider",
    "locked_out": "The provider refused the gateway’s account",
    "cooling_down": "The route failed a moment before",
}


def verdict_on(codes: Iterable[str]) -> dict[str, Json]:
    """The verdict on a route that was not in the plan, as mark and words."""
    reasons = [cited(code) for code in codes]
    kinds = {reason.kind for reason in reasons}
    if any(reason.dimension == "pinned" for reason in reasons):
        return {"mark": "none", "words": "Not asked for"}
    if kinds & _POLICY:
        return {"mark": "poor", "words": "Refused by policy"}
    if kinds <= _HEALTH:
        return {"mark": "fair", "words": "Not answering"}
    if kinds <= _OURS | _HEALTH:
        return {"mark": "fair", "words": "Not connected"}
    return {"mark": "none", "words": "Cannot do it"}
