"""Every route there is: model, provider, posture, price, and whether it can be called from here."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from gateway.commands.access.current_state import CurrentState, current_state
from gateway.commands.terminal.context import CommandContext, document_options, state_options
from gateway.commands.terminal.printing import Cell, Toned
from gateway.commands.terminal.stop import undeclared
from gateway.core.catalog import Route, Status
from gateway.core.errors import Json
from gateway.core.evaluation import (
    POLICY_KINDS,
    DecisionBasis,
    Kind,
    Reason,
    candidate,
    health_rejections,
    rejections_of,
    treatment,
)
from gateway.core.policy import UNRESTRICTED, Layer, LayerKind, combine
from gateway.dialects.names import Named, near, resolve
from gateway.views import figures
from gateway.views.catalogue import plain_demand, price_view
from gateway.views.reasons import as_json

_UNUSABLE = {
    Kind.NOT_CALLABLE: "not callable",
    Kind.NO_CREDENTIAL: "no credential",
    Kind.LOCKED_OUT: "locked out",
    Kind.COOLING_DOWN: "cooling down",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="M", help="only routes of this model, or provider/model")
    parser.add_argument("--provider", metavar="P", help="only routes at this provider")
    parser.add_argument("--policy", metavar="P", help="only routes that this policy admits")
    document_options(parser)
    state_options(parser)


def run(context: CommandContext) -> int:
    now = current_state(context)
    routes = list(_selected(context, now))
    context.out.value([_as_json(route, now, context) for route in routes])
    columns = ("route", "processed in", "kept, days>", "training", "input>", "output>", "here", "status")
    context.out.table(columns, (_row(route, now, context) for route in routes))
    context.out.line(f"{len(routes)} routes; prices per million tokens; ? is unknown, which every bound refuses")
    return 0


def _selected(context: CommandContext, now: CurrentState) -> Iterator[Route]:
    options, snapshot = context.options, now.snapshot
    named = resolve(options.model, snapshot) if options.model else None
    if options.model and named is None:
        raise undeclared(
            "model", options.model, near(options.model, snapshot.models), "`routes` without --model lists all"
        )
    if options.provider and options.provider not in snapshot.providers:
        close = near(options.provider, snapshot.providers)
        raise undeclared("provider", options.provider, close, "`routes` without --provider lists all")
    for route in snapshot.routes.values():
        if _is_meant(route, named) and options.provider in (None, route.provider.id) and _admitted(route, context, now):
            yield route


def _is_meant(route: Route, named: Named | None) -> bool:
    return named is None or (route.model.id == named.model and named.pinned in (None, route.provider.id, route.id))


def _admitted(route: Route, context: CommandContext, now: CurrentState) -> bool:
    name = context.options.policy
    if name is None:
        return True
    policy = now.snapshot.policies.get(name)
    if policy is None:
        raise undeclared("policy", name, near(name, now.snapshot.policies), "the files in policies/ declare them")
    demanded = combine([Layer(LayerKind.KEY, policy)])
    plain = plain_demand(route.model)
    reasons = rejections_of(
        candidate(route, plain), plain, demanded, DecisionBasis(now.snapshot, now.means, context.today)
    )
    return not any(reason.kind in POLICY_KINDS for reason in reasons)


def _here(route: Route, now: CurrentState, context: CommandContext) -> Reason | None:
    """The reason that keeps this installation from calling the route under any policy; None without one."""
    anything = combine([Layer(LayerKind.ORGANISATION, UNRESTRICTED)])
    plain = plain_demand(route.model)
    reasons = rejections_of(
        candidate(route, plain), plain, anything, DecisionBasis(now.snapshot, now.means, context.today)
    )
    with_health = (*reasons, *health_rejections(route, now.health))
    return next((reason for reason in with_health if reason.kind in _UNUSABLE), None)


def _as_json(route: Route, now: CurrentState, context: CommandContext) -> dict[str, Json]:
    reason = _here(route, now, context)
    return {
        "model": route.model.id,
        "provider": route.provider.id,
        "route": str(route.id),
        "posture": figures.posture(treatment(route, frozenset(), now.snapshot, context.today)),
        "price": price_view(route.price),
        "status": route.status.value,
        "callable": reason is None,
        "why_not": None if reason is None else as_json(reason),
        "operator": route.provider.operator,
        "plan": route.provider.plan or None,
        "upstream_model": route.upstream_model,
        "region": route.region_note or None,
        "quantization": route.quantization or None,
    }


def _row(route: Route, now: CurrentState, context: CommandContext) -> tuple[Cell, ...]:
    posture = treatment(route, frozenset(), now.snapshot, context.today)
    reason = _here(route, now, context)
    return (
        str(route.id),
        figures.where(posture, now.snapshot.regions),
        figures.value(posture, "retention_days"),
        figures.value(posture, "training"),
        figures.rate(route.price, "input"),
        figures.rate(route.price, "output"),
        Toned("callable", "good") if reason is None else Toned(_UNUSABLE[reason.kind], "quiet"),
        "" if route.status is Status.LISTED else route.status.value,
    )
