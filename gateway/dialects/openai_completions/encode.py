"""The neutral form has no place in a text completion."""

from __future__ import annotations

from typing import NoReturn

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> NoReturn:  # noqa: ARG001  # turns alone decide
    """Unportable: neither turns nor inputs have a place here."""
    raise Unportable("messages" if isinstance(neutral, Conversation) else "input")
