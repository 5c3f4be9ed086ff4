"""The policy explorer: the declared policies, a draft with the price of each clause, and the reasons of a decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from gateway.console.page import Audience, ConsolePage, PageAnswer, PageReport, Visit
from gateway.console.queries import teams_seen, without_empty
from gateway.core.errors import InvalidRequest, Json
from gateway.core.policy import Policy
from gateway.views.limits import MEMBERS, choices, limits_in, limits_query

DRAFT = "draft"
WHY = ("team", "key_id", "class", "model")

PolicyReport: TypeAlias = Callable[[Visit, Policy], Awaitable[dict[str, Json]]]
DecisionReport: TypeAlias = Callable[[Visit, Policy | None], Awaitable[dict[str, Json] | None]]


def policies_page(cards: PageReport, draft: PolicyReport, why: DecisionReport) -> ConsolePage:
    """`/console/policies`."""

    async def show(visit: Visit) -> PageAnswer:
        tidy = without_empty(visit)
        if tidy is not None:
            return tidy
        if visit.query.keys() - {*MEMBERS, *WHY, "format"}:
            members = [*MEMBERS, *WHY]
            raise InvalidRequest(f"The address may hold only these members: {', '.join(members)}.", known=members)
        snapshot = visit.in_force.snapshot
        limits = limits_in(visit.query, snapshot.regions, DRAFT)
        queries = {name: limits_query(policy, snapshot.regions) for name, policy in snapshot.policies.items()}
        return {
            **await cards(visit),
            "queries": queries,
            "query": limits_query(limits, snapshot.regions) if limits is not None else "",
            "chosen": {name: list(values) for name, values in visit.query.items()},
            "choices": choices(snapshot.regions),
            "draft": await draft(visit, limits) if limits is not None else None,
            "why": await why(visit, limits),
            "teams": teams_seen(visit),
            "classes": sorted(snapshot.organisation.classes),
            "model_names": sorted(snapshot.models),
        }

    return ConsolePage("/policies", "policies.html", show, Audience.SIGNED_IN, label="Policies")
