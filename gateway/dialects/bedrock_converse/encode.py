"""The neutral form, written as a Converse request.

Converse has one form for every model but for reasoning, `top_k` and caches, in which families of models differ. The
family stands in the model's id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand
from gateway.dialects.bedrock_converse.ids import TOOL_NAME
from gateway.dialects.bedrock_converse.messages import ConverseBlock, ConverseTurns, cache_point, converse_turns
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Effort, Embedding, Reasoning, Sampling, Shape, Tool
from gateway.dialects.reasoning_support import drop_unsupported_reasoning

MARKS_MOST: Final = 4
"""Places that a request may mark for the cache."""

_FAMILY: Final = re.compile(r"(?:^|[./])(anthropic|amazon\.nova|openai)\b")
_CACHING: Final = frozenset({"anthropic", "amazon.nova"})
_TIERS: Final[Mapping[str, str]] = {"priority": "priority", "flex": "flex"}
_LEAST_BUDGET: Final = 1_024
_BUDGETS: Final[Mapping[Effort, int]] = {
    "minimal": 1_024,
    "low": 1_024,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 32_768,
    "max": 32_768,
}
_WORDS: Final[Mapping[Effort, str]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}

_Members: TypeAlias = Iterator[tuple[str, Any]]


def path(upstream_model: str, *, streaming: bool) -> str:
    """The path of a request: the id is one segment, also where it is an ARN with slashes."""
    return f"/model/{quote(upstream_model, safe='')}/{'converse-stream' if streaming else 'converse'}"


def family_of(route: Route) -> str:
    """`anthropic`, `amazon.nova`, `openai`; empty for every other."""
    match = _FAMILY.search(route.upstream_model)
    return match[1] if match is not None else ""


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Embedding):
        raise Unportable("input")
    if neutral.choices > 1:
        raise Unportable("n")
    neutral, unthought = drop_unsupported_reasoning(neutral, route)
    family = family_of(route)
    content = converse_turns(neutral.turns, cached=family in _CACHING)
    limit = orders.output_limit if orders.output_limit is not None else neutral.output_limit
    config, unsampled = _inference(neutral.sampling, route, limit)
    further, effort, thoughtless = _further(neutral, family, route, limit)
    tools = dict(_tools(neutral, content, cached=family in _CACHING))
    output = {**({"effort": effort} if effort else {}), **dict(_shape(neutral.shape))}
    body: dict[str, Any] = {
        "messages": content.messages,
        **({"system": content.system} if content.system else {}),
        **({"inferenceConfig": config} if config else {}),
        **tools,
        **({"outputConfig": output} if output else {}),
        **({"additionalModelRequestFields": further} if further else {}),
        **({"serviceTier": {"type": _TIERS[neutral.tier]}} if neutral.tier in _TIERS else {}),
    }
    if neutral.sampling.stop and family == "anthropic":
        body["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    lost = [*neutral.lost, *unthought, *content.dropped, *unsampled, *thoughtless, *_order_marks(body)]
    dropped = tuple(dict.fromkeys([*lost, *_dropped(neutral, content, family)]))
    return Rendered(path(route.wire_model, streaming=neutral.streaming), orjson.dumps(body), dropped=dropped)


def _inference(sampling: Sampling, route: Route, limit: int | None) -> tuple[dict[str, Any], list[str]]:
    """(inferenceConfig, names of what cannot be said). Defaults are left out: some models refuse them."""
    settings = (("temperature", sampling.temperature), ("topP", sampling.top_p))
    said = {name: value for name, value in settings if value is not None and value != 1}
    kept = {name: value for name, value in said.items() if 0 <= value <= 1}
    if route.model.facts.get("sampling") == "none":
        kept = {}
    if "temperature" in kept and family_of(route) == "anthropic":
        kept.pop("topP", None)  # Claude takes one of the two
    stops = [stop for stop in sampling.stop if stop.strip()]
    config: dict[str, Any] = {} if limit is None else {"maxTokens": limit}
    config |= kept | ({"stopSequences": stops} if stops else {})
    names = {"temperature": "temperature", "topP": "top_p"}
    lost = [names[name] for name in said if name not in kept]
    return config, lost + (["stop"] if len(stops) < len(sampling.stop) else [])


def _further(
    conversation: Conversation, family: str, route: Route, limit: int | None
) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """(members that the family alone knows, effort, names of what is lost)."""
    members: dict[str, Any] = {}
    lost: tuple[str, ...] = ()
    top_k = conversation.sampling.top_k
    if top_k is not None and family == "anthropic" and route.model.facts.get("sampling") != "none":
        members["top_k"] = top_k
    elif top_k is not None and family == "amazon.nova":
        members["inferenceConfig"] = {"topK": top_k}
    elif top_k is not None:
        lost = ("top_k",)
    reasoning = conversation.reasoning
    if reasoning is None or reasoning == Reasoning() or reasoning.effort == "none" or reasoning.budget == 0:
        return members, "", lost
    thought, effort, thoughtless = _thinking(reasoning, family, route, limit)
    return members | thought, effort, (*lost, *thoughtless)


def _thinking(
    reasoning: Reasoning, family: str, route: Route, limit: int | None
) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    budget = reasoning.budget if reasoning.budget is not None and reasoning.budget > 0 else None
    effort: Effort = reasoning.effort or _nearest(budget)
    if family == "anthropic" and "adaptive" in route.model.facts.get("thinking", "adaptive").split():
        return {"thinking": {"type": "adaptive"}}, _WORDS[effort], ("reasoning_budget",) if budget is not None else ()
    if family == "anthropic":
        tokens = budget if budget is not None else _BUDGETS[effort]
        if limit is not None and limit <= _LEAST_BUDGET:
            return {}, "", ("reasoning",)
        fitting = max(tokens if limit is None or tokens < limit else limit // 2, _LEAST_BUDGET)
        cut = budget is not None and fitting != budget
        return {"thinking": {"type": "enabled", "budget_tokens": fitting}}, "", ("reasoning_budget",) if cut else ()
    lost = ("reasoning_budget",) if budget is not None else ()
    if family == "amazon.nova":
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _WORDS[effort]}}, "", lost
    if family == "openai":
        return {"reasoning_effort": _WORDS[effort]}, "", lost
    return {}, "", ("reasoning_effort",)


def _nearest(budget: int | None) -> Effort:
    efforts: tuple[Effort, ...] = ("low", "medium", "high")
    return next((effort for effort in efforts if budget is None or budget <= _BUDGETS[effort]), "high")


def _tools(conversation: Conversation, content: ConverseTurns, *, cached: bool) -> _Members:
    tools, choice = conversation.tools, conversation.tool_choice
    kind = choice.kind if choice is not None else "auto"
    if kind == "none" and not content.called:
        return  # Converse has no word for it: without tools, none is called
    if not tools and content.called:  # a history of calls demands that their tools stand in the request
        tools = tuple(map(Tool, content.called))
    if not tools:
        return
    if choice is not None and len(choice.names) > 1:  # one name or any: fewer tools say the same
        tools, kind = tuple(tool for tool in tools if tool.name in choice.names), "required"
    config: dict[str, Any] = {"tools": [block for tool in tools for block in _tool(tool, cached=cached)]}
    if kind == "named" and choice is not None:
        config["toolChoice"] = {"tool": {"name": "".join(choice.names)}}
    elif kind == "required":
        config["toolChoice"] = {"any": {}}
    yield "toolConfig", config


def _tool(tool: Tool, *, cached: bool) -> Iterator[ConverseBlock]:
    if not TOOL_NAME.match(tool.name):
        raise Unportable("tools")
    schema = tool.schema if "type" in tool.schema else {"type": "object", **tool.schema}
    spec: ConverseBlock = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description.strip():
        spec["description"] = tool.description
    if tool.strict is not None:
        spec["strict"] = tool.strict
    yield {"toolSpec": spec}
    if tool.cached and cached:
        yield cache_point(tool.cached)


def _shape(shape: Shape | None) -> _Members:
    if shape is not None and shape.schema is not None:
        schema: dict[str, Any] = {"schema": orjson.dumps(shape.schema).decode(), "name": shape.name or "answer"}
        if shape.description:
            schema["description"] = shape.description
        yield "textFormat", {"type": "json_schema", "structure": {"jsonSchema": schema}}


def _order_marks(body: Mapping[str, Any]) -> Iterable[str]:
    """Take away marks for the cache that are too many, and let no earlier one end before a later one."""
    lists = [body.get("toolConfig", {}).get("tools", []), body.get("system", [])]
    lists += [message["content"] for message in body["messages"]]
    marks = [(blocks, block) for blocks in lists for block in blocks if "cachePoint" in block]
    changed = len(marks) > MARKS_MOST
    for blocks, mark in marks[:-MARKS_MOST]:
        blocks[:] = [block for block in blocks if block is not mark]
    longest = False
    for _, mark in reversed(marks[-MARKS_MOST:]):
        if "ttl" in mark["cachePoint"]:
            longest = True
        elif longest:
            mark["cachePoint"]["ttl"], changed = "1h", True
    return ("cache_control",) if changed else ()


def _dropped(conversation: Conversation, content: ConverseTurns, family: str) -> Iterable[str]:
    for name in ("seed", "presence_penalty", "frequency_penalty", "logprobs"):
        if getattr(conversation.sampling, name) is not None:
            yield name
    choice = conversation.tool_choice
    if choice is not None and choice.parallel is False:
        yield "parallel_tool_calls"
    if choice is not None and choice.kind == "none" and content.called:
        yield "tool_choice"
    if conversation.shape is not None and conversation.shape.schema is None:
        yield "response_format"
    if conversation.tier not in ("", "default", "auto", *_TIERS):
        yield "service_tier"
    if family not in _CACHING and any(tool.cached for tool in conversation.tools):
        yield "cache_control"
    if conversation.user:
        yield "user"
    if conversation.cache_key:
        yield "cache_key"
