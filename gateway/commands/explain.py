"""Eligible routes of a model under a policy, and the reasons against every other route."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from gateway.commands.access.callers import layers_of
from gateway.commands.access.current_state import CurrentState, current_state
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Cell, Toned
from gateway.commands.terminal.stop import undeclared
from gateway.core.catalog import Feature
from gateway.core.decision import Decision, EligibleRoute, Rejection, decide
from gateway.core.demand import Demand, Need
from gateway.core.errors import Json
from gateway.core.evaluation import POLICY_KINDS, DecisionBasis, Reason, treatment
from gateway.core.operation import CHAT
from gateway.core.policy import Identifiers, Layer, TokenCounts, combine
from gateway.dialects.names import near, resolve
from gateway.dialects.registry import REGISTRY
from gateway.views import figures, reasons
from gateway.views.catalogue import plain_demand, price_view
from gateway.views.deciding import Deciding, DecidingFact, deciding_view, deciding_words
from gateway.views.reasons import Regions


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="M", help="a model, or provider/model")
    parser.add_argument("--key", metavar="K", help="as this key would be served: its id, or the key itself")
    parser.add_argument("--policy", metavar="P", help="under this policy, on top of the organisation's (and the key's)")
    parser.add_argument("--team", metavar="T", help="as a key of this team would be served")
    parser.add_argument("--data-class", metavar="C", help="for requests that carry this label")
    parser.add_argument(
        "--need", action="append", default=[], choices=[n.value for n in Need], help="a capability the request needs"
    )
    parser.add_argument(
        "--feature", action="append", default=[], choices=[f.value for f in Feature], help="a feature the request uses"
    )
    parser.add_argument(
        "--dialect", choices=sorted(REGISTRY.streaming), help="as a client of this dialect asks (default: openai_chat)"
    )
    document_options(parser)
    state_options(parser)


def run(context: CommandContext) -> int:
    now = current_state(context)
    layers = layers_of(context, now)
    demand = _demand(context, now)
    decision = decide(demand, combine(layers), DecisionBasis(now.snapshot, now.means, context.today), now.health)
    context.out.value(_as_json(decision, now, context))
    _print(decision, layers, now, context)
    return 0


_IDENTIFIERS: Final = {
    Identifiers.PSEUDONYM: "providers see users under pseudonyms",
    Identifiers.DROP: "providers see no identifiers of users",
}
_COUNTS: Final = {
    TokenCounts.ESTIMATE: "tokens are estimated here",
    TokenCounts.EXACT: "prompts may be sent to a provider to be counted",
}


def _demand(context: CommandContext, now: CurrentState) -> Demand:
    name = context.options.model
    named = resolve(name, now.snapshot)
    if named is None:
        hint = "`safeconduct routes` lists every model"
        if name.startswith("sandbox") and not now.settings.sandbox:
            hint = "it exists only under the sandbox: add --sandbox, or start `safeconduct serve --sandbox`"
        raise undeclared("model", name, near(name, now.snapshot.models), hint)
    plain = plain_demand(now.snapshot.models[named.model])
    return replace(
        plain,
        dialect=plain.dialect if plain.operation is not CHAT else context.options.dialect or plain.dialect,
        pinned=named.pinned,
        alias=named.alias,
        needs=frozenset(Need(n) for n in context.options.need),
        features=frozenset(Feature(f) for f in context.options.feature),
    )


def _deciding(
    decision: Decision, now: CurrentState, context: CommandContext
) -> Callable[[Rejection, Reason], tuple[DecidingFact, ...]]:
    """(rejection, reason) -> the facts for which the reason stands."""
    by = Deciding(decision.demanded, now.snapshot, context.today)
    return lambda rejection, reason: by.facts(rejection.route, reason, _features(rejection, decision))


def _as_json(decision: Decision, now: CurrentState, context: CommandContext) -> dict[str, Json]:
    deciding = _deciding(decision, now, context)
    return {
        "model": decision.demand.model,
        "alias": decision.demand.alias or None,
        "day": context.today.isoformat(),
        "documents": now.snapshot.digest,
        "layers": [{"layer": layer.kind.label, "policy": layer.policy.name} for layer in decision.demanded.layers],
        "identifiers": decision.demanded.identifiers.name.lower(),
        "token_counts": decision.demanded.token_counts.name.lower(),
        "eligible": [_route_json(each, decision, now, context) for each in decision.plan],
        "rejected": [
            {
                **_route_json(rejection, decision, now, context),
                "admitted_by_policy": _admitted(rejection),
                "reasons": [
                    {
                        **reasons.as_json(reason),
                        "words": reasons.sentence(reason, now.snapshot.regions),
                        "facts": [deciding_view(each) for each in deciding(rejection, reason)],
                    }
                    for reason in rejection.reasons
                ],
            }
            for rejection in decision.rejections
        ],
    }


def _route_json(
    candidate: EligibleRoute | Rejection, decision: Decision, now: CurrentState, context: CommandContext
) -> dict[str, Json]:
    route = candidate.route
    posture = treatment(route, _features(candidate, decision), now.snapshot, context.today)
    return {
        "route": str(route.id),
        "provider": route.provider.id,
        "posture": figures.posture(posture),
        "price": price_view(route.price),
        "left_out": [*_left_out(candidate, decision)],
    }


def _admitted(rejection: Rejection) -> bool:
    """Whether policy would let it serve; what stands in the way is ours to supply, or will pass."""
    return not any(reason.kind in POLICY_KINDS for reason in rejection.reasons)


def _line(reason: Reason, facts: tuple[DecidingFact, ...], regions: Regions) -> str:
    words = reasons.sentence(reason, regions)
    return f"{words}\n  by {deciding_words(facts)}" if facts else words


def _print(decision: Decision, layers: Iterable[Layer], now: CurrentState, context: CommandContext) -> None:
    out, regions, deciding = context.out, now.snapshot.regions, _deciding(decision, now, context)
    alias = f" (by the alias {decision.demand.alias})" if decision.demand.alias else ""
    out.line(f"{decision.demand.model}{alias} on {context.today}, under {_under(layers)}")
    rows: list[tuple[Cell, ...]] = []
    for place, eligible in enumerate(decision.plan, start=1):
        route = eligible.route
        words = figures.treatment_words(
            treatment(route, _features(eligible, decision), now.snapshot, context.today), regions
        )
        why = f"{words}; {figures.price(route.price)}"
        if left_out := ", ".join(_left_out(eligible, decision)):
            why += f"\nis asked in {eligible.wire}, which leaves out {left_out}, or refuses what insists on it"
        rows.append((str(route.id), Toned(f"may serve ({place})", "good"), why))
    for admitted, verdict in ((True, "admitted, not usable here"), (False, "refused")):
        for rejection in decision.rejections:
            if _admitted(rejection) is admitted:
                ordered = sorted(rejection.reasons, key=lambda reason: reason.kind not in POLICY_KINDS)
                words = "\n".join(_line(reason, deciding(rejection, reason), regions) for reason in ordered)
                rows.append((str(rejection.route.id), Toned(verdict, "quiet" if admitted else "bad"), words))
    out.table(("route", "verdict", "why"), rows)
    usable, unusable = len(decision.plan), sum(map(_admitted, decision.rejections))
    out.line(f"{usable} may serve, {unusable} admitted but not usable here, {len(rows) - usable - unusable} refused")
    out.line(f"{_IDENTIFIERS[decision.demanded.identifiers]}; {_COUNTS[decision.demanded.token_counts]}")


def _under(layers: Iterable[Layer]) -> str:
    return ", ".join(f"{layer.policy.name} ({layer.kind.label.replace('_', ' ')})" for layer in layers)


def _features(candidate: EligibleRoute | Rejection, decision: Decision) -> frozenset[Feature]:
    """The features of the request that are in use on this route, in the dialect in which the route is asked."""
    return decision.demand.features_in(candidate.wire)


def _left_out(candidate: EligibleRoute | Rejection, decision: Decision) -> list[str]:
    """The features that the client's dialect can express and a translation cannot."""
    return sorted(feature.value for feature in decision.demand.features - _features(candidate, decision))
