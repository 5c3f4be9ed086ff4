"""The neutral form, written as a request of Cohere's v2 chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.cohere_chat.messages import messages
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Embedding, Reasoning, Sampling, Shape, Tool, ToolChoice
from gateway.dialects.reasoning_support import drop_unsupported_reasoning

PATH: Final = "/chat"
STOPS_MOST: Final = 5
"""Stop sequences that Cohere takes."""

_RANGES: Final = (
    ("temperature", "temperature", 0.0, 2.0),
    ("top_p", "p", 0.01, 0.99),
    ("top_k", "k", 0, 500),
    ("presence_penalty", "presence_penalty", 0.0, 1.0),
    ("frequency_penalty", "frequency_penalty", 0.0, 1.0),
)
"""Neutral name, Cohere's name, and the least and the largest value that Cohere takes."""
_IDLE: Final = (("top_p", 1), ("presence_penalty", 0), ("frequency_penalty", 0))
"""Values that mean the same as no value."""
_Members: TypeAlias = Iterator[tuple[str, Any]]


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001  # nothing in it depends on the demand
    """The request for `route`, with the names of the members that have no place in it. Unportable."""
    if isinstance(neutral, Embedding):
        raise Unportable("input")
    if neutral.choices > 1:
        raise Unportable("choices")
    neutral, unthought = drop_unsupported_reasoning(neutral, route)
    turns, lost = messages(neutral.turns)
    limit = orders.output_limit if orders.output_limit is not None else neutral.output_limit
    body = [
        ("model", route.wire_model),
        ("messages", turns),
        *_tools(neutral.tools, neutral.tool_choice),
        *_shape(neutral.shape),
        *_thinking(neutral.reasoning),
        *_sampling(neutral.sampling),
        *([("max_tokens", limit)] if limit is not None else []),
        ("stream", neutral.streaming),  # stated in every request, since some servers stream by default
    ]
    dropped = dict.fromkeys([*neutral.lost, *lost, *unthought, *_dropped(neutral)])
    return Rendered(PATH, orjson.dumps(dict(body)), dropped=tuple(dropped))


def _tools(tools: Sequence[Tool], choice: ToolChoice | None) -> _Members:
    """A choice among some of the tools is written as fewer tools, one of which must be called."""
    if not tools:
        return
    kind = choice.kind if choice is not None else "auto"
    if choice is not None and choice.names:
        tools, kind = [tool for tool in tools if tool.name in choice.names], "required"
    yield "tools", [{"type": "function", "function": dict(_function(tool))} for tool in tools]
    if kind != "auto":
        yield "tool_choice", kind.upper()
    if all(tool.strict for tool in tools):
        yield "strict_tools", True
    yield "citation_options", {"mode": "OFF"}  # Cohere cites the results of tools unless told otherwise


def _function(tool: Tool) -> _Members:
    yield "name", tool.name
    if tool.description:
        yield "description", tool.description
    yield "parameters", tool.schema


def _shape(shape: Shape | None) -> _Members:
    if shape is None:
        return
    schema = {"json_schema": shape.schema} if shape.schema is not None else {}
    yield "response_format", {"type": "json_object", **schema}


def _thinking(reasoning: Reasoning | None) -> _Members:
    if reasoning is None or (reasoning.effort is None and reasoning.budget is None):
        return
    if reasoning.effort == "none" or reasoning.budget == 0:
        yield "thinking", {"type": "disabled"}
    elif reasoning.budget is not None and reasoning.budget > 0:
        yield "thinking", {"type": "enabled", "token_budget": reasoning.budget}
    else:
        yield "thinking", {"type": "enabled"}


def _sampling(sampling: Sampling) -> _Members:
    for name, theirs, least, most in _RANGES:
        value = getattr(sampling, name)
        if value is not None and (name, value) not in _IDLE:
            yield theirs, min(max(value, least), most)
    if sampling.seed is not None:
        yield "seed", sampling.seed
    if sampling.stop:
        yield "stop_sequences", list(sampling.stop[:STOPS_MOST])


def _dropped(conversation: Conversation) -> Iterable[str]:
    sampling, reasoning = conversation.sampling, conversation.reasoning or Reasoning()
    for name, _, least, most in _RANGES:
        value = getattr(sampling, name)
        if value is not None and (name, value) not in _IDLE and not least <= value <= most:
            yield name
    if sampling.logprobs is not None:
        yield "logprobs"
    if len(sampling.stop) > STOPS_MOST:
        yield "stop"
    if reasoning.effort not in (None, "none"):
        yield "reasoning_effort"
    if reasoning.visible is False:
        yield "reasoning_visible"
    if conversation.tool_choice is not None and conversation.tool_choice.parallel is False:
        yield "parallel_tool_calls"
    if any(tool.strict for tool in conversation.tools) and not all(tool.strict for tool in conversation.tools):
        yield "strict"
    if conversation.tier:
        yield "service_tier"
    if conversation.user:
        yield "user"
    if conversation.cache_key:
        yield "cache_key"
    if any(tool.cached for tool in conversation.tools):
        yield "cache_control"
