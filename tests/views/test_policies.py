from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from gateway.core.organisation import DataClass
from gateway.core.policy import MaxPrice, Preference, RouteRules, SortKey
from gateway.core.posture import Posture, Training
from gateway.views.drafts import Judge
from gateway.views.policies import policy_cards
from tests.builders import (
    TODAY,
    a_policy,
    a_posture,
    a_provider,
    a_route,
    a_snapshot,
    an_organisation,
    facts_of,
    some_means,
)

STRICT = a_policy(
    "strict",
    purpose="Nobody trains.",
    bound=Posture(training=Training.NO),
    rules=RouteRules(
        only_providers=frozenset({"alpha"}), max_price=MaxPrice(output=Decimal(4)), requires_parameters=True
    ),
    prefer=Preference(("alpha",), (SortKey.LATENCY,)),
)
TRAINS = a_route(a_provider("beta", facts=facts_of(a_posture(training=Training.YES))))
SNAPSHOT = replace(
    a_snapshot(a_route(), TRAINS, policies=(STRICT,)),
    organisation=an_organisation(classes={"personal": DataClass("personal", "strict")}),
)


def test_a_card_says_what_a_policy_demands_admits_and_for_whom_it_holds() -> None:
    first, second = policy_cards(Judge(SNAPSHOT, some_means("alpha"), TODAY), {"strict": "name = 1"})
    assert isinstance(first, dict)
    assert (first["name"], first["routes"], first["clauses"]) == ("open", 2, [])
    assert (first["used_by"], first["teams"]) == (["the organisation"], ["research"])
    card: Any = second
    assert card == {
        "name": "strict",
        "purpose": "Nobody trains.",
        "clauses": [{"clause": "training", "label": "Trained on", "words": "No"}],
        "rules": [
            "only providers alpha",
            "output at most 4 USD per million tokens",
            "only routes known to support everything that a request uses",
            "preferred by alpha, latency",
        ],
        "used_by": ["class personal"],
        "teams": [],
        "routes": 1,
        "models": 1,
        "connected": 1,
        "document": "name = 1",
    }
