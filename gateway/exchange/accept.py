"""Accept: from the bytes of a request to its demand, the policy that holds for it, and its sealed prompt. No I/O."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.demand import Demand
from gateway.core.errors import ModelNotFound
from gateway.core.policy import Layer, LayerKind
from gateway.dialects.registry import Registry
from gateway.dialects.translation import Translation
from gateway.exchange.policy_in_force import PolicyInForce
from gateway.exchange.ports import PseudonymsOf
from gateway.exchange.stages import Accepted, Identified


def accept(identified: Identified, body: bytes, dialects: Registry, pseudonyms: PseudonymsOf) -> Accepted:
    """Step 2: read the request. InvalidRequest; ModelNotFound with the near names that this caller may use; NotAllowed
    for a data class that this caller may not state."""
    arrival, in_force = identified.arrival, identified.in_force
    try:
        translation = Translation.accepted(arrival.dialect, body, arrival.head, in_force.snapshot, dialects)
    except ModelNotFound as missing:
        raise ModelNotFound(_usable(missing.near, identified)) from None
    end_user = ""
    if identified.principal.team.end_users:
        end_user = translation.end_user(pseudonyms(*identified.principal.pseudonym_scope))
    policy = _policy(identified, translation.demand)
    declared = arrival.data_class if arrival.data_class in in_force.snapshot.organisation.classes else None
    carried = translation.carried_over(in_force.plans.ways(translation.demand))
    if declared is not None or carried:
        translation.demand = replace(translation.demand, data_class=declared, carried=carried)
    return Accepted(identified, translation.demand, policy, translation, end_user)


def _policy(identified: Identified, demand: Demand) -> PolicyInForce:
    """Every layer that holds for the request, its own included."""
    principal = identified.principal
    class_layer = principal.class_layer(identified.arrival.data_class, identified.in_force.snapshot)
    layers = (
        *principal.layers,
        *((class_layer,) if class_layer else ()),
        *(Layer(LayerKind.REQUEST, policy) for policy in demand.narrowing),
    )
    return identified.in_force.plans.policy(layers)


def _usable(names: list[str], identified: Identified) -> list[str]:
    """Those of the models that this caller may use."""
    plans = identified.in_force.plans
    return plans.usable(names, plans.policy(identified.principal.layers), identified.in_force.means, identified.today)
