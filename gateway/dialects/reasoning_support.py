"""Reasoning settings that the model of a route does not support."""

from __future__ import annotations

from dataclasses import replace

from gateway.core.catalog import Route
from gateway.dialects.neutral import Conversation


def drop_unsupported_reasoning(conversation: Conversation, route: Route) -> tuple[Conversation, tuple[str, ...]]:
    """(the request, names of the members left out). Removes the reasoning settings for models without reasoning: OpenAI
    rejects the parameter itself, even `none`."""
    reasoning = conversation.reasoning
    if reasoning is None or route.abilities.reasoning is not False:
        return conversation, ()
    is_requested = bool(reasoning.budget) or reasoning.effort not in (None, "none", "minimal")
    return replace(conversation, reasoning=None), ("reasoning_effort",) if is_requested else ()
