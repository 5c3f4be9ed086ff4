"""Policies as cards: the purpose, each demand in words, and what the policy admits."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.errors import Json
from gateway.core.policy import Policy, SortKey
from gateway.core.snapshot import Snapshot
from gateway.views.drafts import Judge, clauses


def policy_cards(judge: Judge, texts: Mapping[str, str]) -> list[Json]:
    """Every declared policy, the one that admits most routes first. `texts`: the documents as they are written."""
    cards = [_card(policy, judge, texts.get(name)) for name, policy in judge.snapshot.policies.items()]
    return [*sorted(cards, key=lambda card: (-int(str(card["routes"])), str(card["name"])))]


def _card(policy: Policy, judge: Judge, text: str | None) -> dict[str, Json]:
    admitted = judge.admitted(policy)
    return {
        "name": policy.name,
        "purpose": policy.purpose,
        "clauses": [*clauses(policy, judge.snapshot.regions)],
        "rules": _rules(policy),
        "used_by": _users(policy.name, judge.snapshot),
        "teams": [team.id for team in judge.snapshot.teams.values() if team.policy == policy.name],
        "routes": len(admitted),
        "models": len({route.model.id for route in admitted}),
        "connected": sum(map(judge.is_connected, admitted)),
        "document": text,
    }


def _rules(policy: Policy) -> list[Json]:
    """The rules beside the bound, in words."""
    rules, words = policy.rules, []
    for names, label in (
        (rules.only_providers, "only providers"),
        (rules.only_models, "only models"),
        (rules.ignored, "without"),
        (rules.quantizations, "only quantizations"),
    ):
        if names:
            words.append(f"{label} {', '.join(sorted(names))}")
    limit = rules.max_price
    words += [
        f"{side} at most {most} USD per million tokens"
        for side in ("input", "output")
        if (most := getattr(limit, side))
    ]
    if rules.requires_parameters:
        words.append("only routes known to support everything that a request uses")
    if not rules.allows_failover:
        words.append("no failover to another route")
    if policy.prefer is not None:
        order = [*policy.prefer.explicit, *(key.value for key in policy.prefer.keys)]
        if order != [SortKey.PRICE.value]:
            words.append(f"preferred by {', '.join(order)}")
    return list(words)


def _users(name: str, snapshot: Snapshot) -> list[Json]:
    """The organisation and the classes that are held to the policy."""
    organisation = snapshot.organisation
    users = ["the organisation"] if organisation.policy == name else []
    users += [f"class {each.name}" for each in organisation.classes.values() if each.policy == name]
    return list(users)
