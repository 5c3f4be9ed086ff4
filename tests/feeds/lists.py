"""Small price lists in the shape of each feed."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from gateway.core.offers import FeedLabel

DAY = date(2026, 11, 20)


def a_label(name: str = "litellm", family: str = "", **changed: Any) -> FeedLabel:
    values = {"version": "1.0", "dated": DAY, "sha256": "0" * 64, **changed}
    return FeedLabel(name, family or name, **values)


def litellm_list(**members: Any) -> dict[str, Any]:
    """One chat model of one provider; a member that is None is left out."""
    entry = {
        "litellm_provider": "alpha",
        "mode": "chat",
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 4e-06,
        **members,
    }
    return {
        "sample_spec": {"litellm_provider": "one of the providers", "mode": "one of the modes"},
        "alpha/lab/small": {name: value for name, value in entry.items() if value is not None},
    }


GENAI_PRICES = """\
\"\"\"Generated.\"\"\"
import datetime
from decimal import Decimal
from .types import *

providers: list[Provider] = [
    Provider(
        id='alpha',
        models=[
            ModelInfo(
                id='lab/small',
                match=ClauseOr(or_=[ClauseEquals(equals='small-latest'), ClauseStartsWith(starts_with='small')]),
                context_window=32000,
                price_comments='Ref: https://alpha.example/pricing.',
                prices=ModelPrice(
                    input_mtok=TieredPrices(base=Decimal('2'), tiers=[Tier(start=1000, price=Decimal('3'))]),
                    output_mtok=Decimal('4'),
                ),
            ),
            ModelInfo(
                id='lab/changing',
                match=ClauseEquals(equals='lab/changing'),
                prices=[
                    ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('1'))),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2026, 11, 1)),
                        prices=ModelPrice(input_mtok=Decimal('5'), output_mtok=Decimal('6')),
                    ),
                    ConditionalPrice(
                        constraint=StartDateConstraint(start_date=datetime.date(2027, 1, 1)),
                        prices=ModelPrice(input_mtok=Decimal('9'), output_mtok=Decimal('9')),
                    ),
                ],
            ),
            ModelInfo(
                id='lab/nightly',
                match=ClauseEquals(equals='lab/nightly'),
                prices=[
                    ConditionalPrice(
                        constraint=TimeOfDateConstraint(
                            start_time=datetime.time(0, 30), end_time=datetime.time(16, 30)
                        ),
                        prices=ModelPrice(input_mtok=Decimal('5')),
                    ),
                ],
            ),
        ],
    ),
]
"""


def models_dev_list(**cost: Any) -> dict[str, Any]:
    return {
        "alpha": {
            "id": "alpha",
            "models": {
                "lab/small": {
                    "id": "lab/small",
                    "cost": {"input": 2, "output": 4, **cost},
                    "limit": {"context": 32000, "output": 8000},
                }
            },
        }
    }


def pi_ai_file(**cost: Any) -> dict[str, Any]:
    return {
        "openai-completions": {
            "chat:lab/small": {
                "id": "lab/small",
                "type": "chat",
                "cost": {"input": 2, "output": 4, "cacheRead": 0, "cacheWrite": 0, **cost},
                "contextWindow": 32000,
                "maxTokens": 8000,
            },
            "image:lab/painter": {"id": "lab/painter", "type": "image", "cost": {"input": 1}},
        }
    }


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()
