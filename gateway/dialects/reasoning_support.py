"""What of a request no model of a route could do, whatever its dialect."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.catalog import Route
from gateway.dialects.neutral import Conversation


def drop_unsupported_reasoning(conversation: Conversation, route: Route) -> tuple[Conversation, tuple[str, ...]]:
    """(the request, names of what is left out): of a model that cannot think no more is asked, not even not to, since
    OpenAI refuses the very word."""
    reasoning = conversation.reasoning
    if reasoning is None or route.abilities.reasoning is not False:
        return conversation, ()
    is_requested = bool(reasoning.budget) or reasoning.effort not in (None, "none", "minimal")
    return replace(conversation, reasoning=None), ("reasoning_effort",) if is_requested else ()
