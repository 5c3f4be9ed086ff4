"""The neutral form, written as a generateContent request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.google_generate.messages import contents
from gateway.dialects.google_generate.request import CHOICES_MOST, path
from gateway.dialects.neutral import Conversation, Effort, Embedding, Reasoning, Sampling, Shape, Tool, ToolChoice

STOPS_MOST: Final = 5
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}\Z")
_SEEDS: Final = 2**31
_TIERS: Final[Mapping[str, str]] = {"default": "standard", "flex": "flex", "priority": "priority"}
_MODES: Final[Mapping[str, str]] = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}

_BUDGETED: Final = re.compile(r"gemini-[12]\b")
"""Models that know budgets of thinking and no levels."""
_LEVELS: Final[Mapping[Effort, str]] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "XHIGH",
    "max": "XHIGH",
}
_BUDGET_MOST: Final = 24_576
"""That every 2.5 model takes."""
_LEAST_OF_PRO: Final = 128
"""Gemini 2.5 Pro always thinks."""
_BUDGETS: Final[Mapping[Effort, int]] = {
    "none": 0,
    "minimal": 512,
    "low": 1_024,
    "medium": 8_192,
    "high": _BUDGET_MOST,
    "xhigh": _BUDGET_MOST,
    "max": _BUDGET_MOST,
}
"""As Google's own OpenAI-compatible endpoint reads efforts."""

_Members: TypeAlias = Iterator[tuple[str, Any]]


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Embedding):
        raise Unportable("input")
    if neutral.choices > CHOICES_MOST:
        raise Unportable("n")
    members, lost = contents(neutral.turns)
    config = dict(_config(neutral, route, orders))
    body = [
        *members.items(),
        *_tools(neutral.tools, neutral.tool_choice),
        *([("generationConfig", config)] if config else []),
        *([("serviceTier", _TIERS[neutral.tier])] if neutral.tier in _TIERS else []),
        *([("store", False)] if route.provider.connection.accepts_store else []),
    ]
    dropped = dict.fromkeys([*neutral.lost, *lost, *_dropped(neutral, route)])
    to = path(route.wire_model, demand.operation, streaming=neutral.streaming)
    return Rendered(to, orjson.dumps(dict(body)), dropped=tuple(dropped))


def _tools(tools: tuple[Tool, ...], choice: ToolChoice | None) -> _Members:
    if not tools:
        return
    if any(not _NAME.match(tool.name) for tool in tools):
        raise Unportable("tools.name")
    yield "tools", [{"functionDeclarations": [dict(_declared(tool)) for tool in tools]}]
    if choice is not None:
        calling: dict[str, Any] = {"mode": _MODES[choice.kind]}
        if choice.kind == "named":
            calling["allowedFunctionNames"] = list(choice.names)
        yield "toolConfig", {"functionCallingConfig": calling}


def _declared(tool: Tool) -> _Members:
    yield "name", tool.name
    if tool.description:
        yield "description", tool.description
    yield "parametersJsonSchema", tool.schema if "type" in tool.schema else {"type": "object", **tool.schema}


def _config(conversation: Conversation, route: Route, orders: RequestOverrides) -> _Members:
    yield from _sampling(conversation.sampling)
    limit = orders.output_limit if orders.output_limit is not None else conversation.output_limit
    if limit is not None:
        yield "maxOutputTokens", limit
    if conversation.choices > 1:
        yield "candidateCount", conversation.choices
    yield from _shape(conversation.shape)
    if conversation.reasoning is not None and route.abilities.reasoning is not False:
        thinking = dict(_thinking(conversation.reasoning, route))
        if thinking:
            yield "thinkingConfig", thinking


def _sampling(sampling: Sampling) -> _Members:
    settings = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "seed": sampling.seed if _fits(sampling.seed) else None,
        "presencePenalty": sampling.presence_penalty,
        "frequencyPenalty": sampling.frequency_penalty,
    }
    yield from ((name, value) for name, value in settings.items() if value is not None)
    if sampling.logprobs is not None:
        yield "responseLogprobs", True
        if sampling.logprobs:
            yield "logprobs", sampling.logprobs
    if sampling.stop:
        yield "stopSequences", list(sampling.stop[:STOPS_MOST])


def _fits(seed: int | None) -> bool:
    return seed is None or -_SEEDS <= seed < _SEEDS


def _shape(shape: Shape | None) -> _Members:
    if shape is not None:
        yield "responseMimeType", "application/json"
        if shape.schema is not None:
            yield "responseJsonSchema", shape.schema


def _thinking(reasoning: Reasoning, route: Route) -> _Members:
    budgeted = _BUDGETED.search(route.upstream_model) is not None
    budget = reasoning.budget
    if budget is None and budgeted and reasoning.effort is not None:
        budget = _BUDGETS[reasoning.effort]
    if budget is not None:
        least = _LEAST_OF_PRO if "pro" in route.upstream_model else 0
        yield "thinkingBudget", max(least, min(budget, _BUDGET_MOST)) if budgeted else budget
    elif reasoning.effort is not None:
        yield "thinkingLevel", _LEVELS[reasoning.effort]
    if reasoning.visible is not None:
        yield "includeThoughts", reasoning.visible


def _thought_otherwise(reasoning: Reasoning, thinking: Mapping[str, Any]) -> Iterable[str]:
    """Models that always think do so a little; none thinks longer than it can."""
    budget = thinking.get("thinkingBudget")
    if reasoning.budget is None and reasoning.effort == "none" and budget != 0:
        yield "reasoning_effort"
    if reasoning.budget is not None and budget != reasoning.budget:
        yield "reasoning_budget"


def _dropped(conversation: Conversation, route: Route) -> Iterable[str]:
    reasoning, sampling = conversation.reasoning or Reasoning(), conversation.sampling
    if route.abilities.reasoning is False:
        if reasoning.budget or reasoning.effort not in (None, "none", "minimal"):
            yield "reasoning_effort"
    else:
        yield from _thought_otherwise(reasoning, dict(_thinking(reasoning, route)))
    if not _fits(sampling.seed):
        yield "seed"
    if len(sampling.stop) > STOPS_MOST:
        yield "stop"
    if conversation.tool_choice is not None and conversation.tool_choice.parallel is False:
        yield "parallel_tool_calls"
    if any(tool.strict for tool in conversation.tools):
        yield "strict"
    if any(tool.cached for tool in conversation.tools):
        yield "cache_control"
    if conversation.tier and conversation.tier not in _TIERS:
        yield "service_tier"
    if conversation.user:
        yield "user"
    if conversation.cache_key:
        yield "cache_key"
