"""The neutral form, written as a Messages request (API version 2023-06-01).

Anthropic's models differ in the reasoning settings that they accept, and refuse the rest with 400. The catalogue says
in its facts of a model: `thinking`, the types that it accepts (default: adaptive, which every model since 4.6 accepts);
`efforts`, the words (default: all five); `sampling` = "none" where it refuses temperature, top_p and top_k (since 4.7).
Source: Anthropic's table of models, thinking and effort (July 2026), and its model capabilities (SDK 2.12.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.catalog import Model, Route
from gateway.core.demand import Demand
from gateway.dialects.anthropic_messages import schema
from gateway.dialects.anthropic_messages.carriers import carrier_of
from gateway.dialects.anthropic_messages.messages import CALLED, AnthropicTurns, MessageBlock, anthropic_turns, mark
from gateway.dialects.anthropic_messages.request import DEFAULT_OUTPUT, PATH, VERSION_HEADER, VERSIONS, fitting_budget
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Effort, Embedding, Reasoning, Sampling, Tool, ToolChoice
from gateway.dialects.reasoning_support import drop_unsupported_reasoning

MARKS_MOST: Final = 4
"""Places that Anthropic lets a request mark for its caches."""

_LEAST_TOP_P_WITH_THOUGHTS: Final = 0.95
_Members: TypeAlias = Iterator[tuple[str, Any]]


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Embedding):
        raise Unportable("input")
    if neutral.choices > 1:
        raise Unportable("n")
    neutral, unthought = drop_unsupported_reasoning(neutral, route)
    neutral, loosened = schema.with_obeyed(neutral)
    content = anthropic_turns(neutral.turns)
    forced = neutral.tool_choice is not None and neutral.tool_choice.kind in ("required", "named")
    limit = _limit(neutral, demand, route, orders)
    thought = plan_thinking(neutral.reasoning, route.model, limit, barred=forced, unproved=content.unproved)
    sampling, unsampled = _sampling(neutral.sampling, route.model, thinks=thought.thinks)
    body: dict[str, Any] = {
        "model": route.wire_model,
        "max_tokens": limit,
        **({"system": content.system} if content.system else {}),
        "messages": content.messages,
        **dict(_tools(neutral, content)),
        **dict(_answer(neutral, thought)),
        **sampling,
        **dict(_rest(neutral, orders)),
        **route.provider.connection.sends,
    }
    lost = [*neutral.lost, *unthought, *loosened, *content.dropped, *thought.dropped, *unsampled]
    dropped = [*lost, *_unmarked(body), *_dropped(neutral, orders)]
    path: str = PATH
    headers: tuple[tuple[str, str], ...] = ((VERSION_HEADER, VERSIONS[0]),)
    if (carrier := carrier_of(route)) is not None:
        carried = carrier.carry(route, (), streaming=neutral.streaming)
        dropped += carrier.dropped(body, ())
        body = {**{name: value for name, value in body.items() if name not in carrier.omits}, **carried.members}
        path, headers = carried.path, carried.headers
    return Rendered(path, orjson.dumps(body), headers, tuple(dict.fromkeys(dropped)))


def _limit(conversation: Conversation, demand: Demand, route: Route, orders: RequestOverrides) -> int:
    """`max_tokens`, which must be stated and may not exceed what the model can write at all."""
    limit = orders.output_limit if orders.output_limit is not None else conversation.output_limit
    if limit is None:
        return demand.output_limit(route, DEFAULT_OUTPUT)
    return min(limit, route.abilities.max_output or limit)


def _tools(conversation: Conversation, content: AnthropicTurns) -> _Members:
    tools, choice = conversation.tools, conversation.tool_choice
    kind = choice.kind if choice is not None else "auto"
    if not tools and content.called:
        # Calls in the history demand that their tools are offered; these are, and may not be called.
        tools, choice, kind = tuple(map(Tool, content.called)), ToolChoice("none"), "none"
    if not tools:
        return
    if choice is not None and len(choice.names) > 1:  # one name or any: fewer tools say the same
        tools, kind = tuple(tool for tool in tools if tool.name in choice.names), "required"
    yield "tools", list(map(_tool, tools))
    if choice is not None:
        chosen: MessageBlock = (
            {"type": "tool", "name": "".join(choice.names)} if kind == "named" else {"type": _KINDS[kind]}
        )
        if choice.parallel is not None and kind != "none":
            chosen["disable_parallel_tool_use"] = not choice.parallel
        yield "tool_choice", chosen


_KINDS: Final = {"auto": "auto", "none": "none", "required": "any"}


def _tool(tool: Tool) -> MessageBlock:
    if not CALLED.match(tool.name):
        raise Unportable("tools")
    offered: MessageBlock = {"name": tool.name, "input_schema": schema.of_object(tool.schema)}
    if tool.description:
        offered["description"] = tool.description
    if tool.strict is not None:
        offered["strict"] = tool.strict
    if tool.cached:
        offered["cache_control"] = mark(tool.cached)
    return offered


def _answer(conversation: Conversation, thought: ThinkingPlan) -> _Members:
    if thought.thinking is not None:
        yield "thinking", thought.thinking
    config: dict[str, Any] = {"effort": thought.effort} if thought.effort else {}
    if conversation.shape is not None and conversation.shape.schema is not None:
        config["format"] = {"type": "json_schema", "schema": conversation.shape.schema}
    if config:
        yield "output_config", config


def _sampling(sampling: Sampling, model: Model, *, thinks: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(members, names of those that were wanted and cannot be said). Defaults are left out, since some models refuse
    even those."""
    settings: dict[str, Any] = {}
    if sampling.temperature not in (None, 1):
        settings["temperature"] = sampling.temperature
    if sampling.top_p not in (None, 1):
        settings["top_p"] = sampling.top_p
    if sampling.top_k is not None:
        settings["top_k"] = sampling.top_k
    kept = {} if model.facts.get("sampling") == "none" else _compatible(settings, thinks=thinks)
    stops = [stop for stop in sampling.stop if stop.strip()]  # Anthropic refuses a stop sequence of blanks
    members = kept | ({"stop_sequences": stops} if stops else {})
    return members, (*(n for n in settings if n not in kept), *(["stop"] if len(stops) < len(sampling.stop) else []))


def _compatible(settings: dict[str, Any], *, thinks: bool) -> dict[str, Any]:
    """Temperatures end at 1; beside one, models since 4.1 take no `top_p`; with thoughts hardly anything is left."""
    if thinks:
        return {n: v for n, v in settings.items() if n == "top_p" and _LEAST_TOP_P_WITH_THOUGHTS <= v <= 1}
    kept = {n: v for n, v in settings.items() if n == "top_k" or 0 <= v <= 1}
    if "temperature" in kept:
        kept.pop("top_p", None)
    return kept


def _rest(conversation: Conversation, orders: RequestOverrides) -> _Members:
    yield "stream", conversation.streaming  # some servers stream by default
    if conversation.tier == "default":
        yield "service_tier", "standard_only"
    if conversation.user and orders.pseudonym is not None:
        yield "metadata", {"user_id": orders.pseudonym(conversation.user)}


def _unmarked(body: dict[str, Any]) -> Iterable[str]:
    """Take away the marks for caches that are too many: the last ones reach the furthest."""
    marked = [block for name in ("tools", "system") for block in body.get(name, ()) if "cache_control" in block]
    marked += [block for message in body["messages"] for block in _marked(message["content"])]
    for block in marked[:-MARKS_MOST]:
        del block["cache_control"]
    return ("cache_control",) if len(marked) > MARKS_MOST else ()


def _marked(blocks: Sequence[MessageBlock]) -> Iterable[MessageBlock]:
    for block in blocks:
        yield from _marked(block.get("content", ()))
        if "cache_control" in block:
            yield block


def _dropped(conversation: Conversation, orders: RequestOverrides) -> Iterable[str]:
    for name in ("seed", "presence_penalty", "frequency_penalty", "logprobs"):
        if getattr(conversation.sampling, name) is not None:
            yield name
    if conversation.shape is not None and conversation.shape.schema is None:
        yield "response_format"
    if conversation.tier not in ("", "default"):
        yield "service_tier"
    if conversation.user and orders.pseudonym is None:
        yield "user"
    if conversation.cache_key:
        yield "cache_key"


BUDGETS: Final[dict[Effort, int]] = {
    "minimal": 1_024,
    "low": 1_024,
    "medium": 8_192,
    "high": 24_576,
    "xhigh": 32_768,
    "max": 32_768,
}
"""Effort -> tokens of thinking, for models that know budgets alone. Up to `high` it is Google's table, of its
OpenAI-compatible endpoint, which the other dialects read too; above 32k Anthropic advises batches."""

_EFFORTS: Final[tuple[Effort, ...]] = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class ThinkingPlan:
    """Members of a request that follow from its reasoning settings. `thinks`: thinking is switched on."""

    thinking: dict[str, Any] | None = None
    effort: str = ""
    dropped: tuple[str, ...] = ()
    thinks: bool = False


def plan_thinking(
    reasoning: Reasoning | None, model: Model, limit: int, *, barred: bool, unproved: bool
) -> ThinkingPlan:
    """`limit`: `max_tokens`. `barred`: nothing may be thought, because a tool must be called. `unproved`: the turn that
    is to be continued lacks its signed thought, which models with budgets demand."""
    if reasoning is None or reasoning == Reasoning():
        return ThinkingPlan()
    types = model.facts.get("thinking", "adaptive").split()
    if reasoning.effort == "none" or reasoning.budget == 0:
        return _off(types)
    if barred or (unproved and "adaptive" not in types):
        return ThinkingPlan(dropped=("reasoning",))
    if "adaptive" in types:
        return _adaptive(reasoning, model)
    return _budgeted(reasoning, limit)


def _off(types: Iterable[str]) -> ThinkingPlan:
    """Models with budgets do not think by themselves; those that always think are asked for as little as they can."""
    if "adaptive" not in types:
        return ThinkingPlan()
    if "disabled" in types:
        return ThinkingPlan({"type": "disabled"})
    return ThinkingPlan(effort="low", dropped=("reasoning",))


def _adaptive(reasoning: Reasoning, model: Model) -> ThinkingPlan:
    """The model decides, with an effort as guidance; a budget says which one comes nearest."""
    thinking: dict[str, Any] = {"type": "adaptive"}
    if reasoning.visible is not None:
        thinking["display"] = "summarized" if reasoning.visible else "omitted"
    budget = reasoning.budget if reasoning.budget is not None and reasoning.budget > 0 else None
    word = reasoning.effort or (_nearest(budget) if budget is not None else None)
    known = model.facts.get("efforts", " ".join(_EFFORTS)).split()
    effort = _known(word, known) if word is not None else ""
    return ThinkingPlan(thinking, effort, ("reasoning_budget",) if budget is not None else (), thinks=True)


def _nearest(budget: int) -> Effort:
    return next((effort for effort in _EFFORTS if budget <= BUDGETS[effort]), "max")


def _known(word: Effort, known: Iterable[str]) -> str:
    """The word, or the next lower one that the model knows, else the next higher one."""
    place = _EFFORTS.index(word) if word in _EFFORTS else 0  # `minimal` is below all of them
    nearer = (*reversed(_EFFORTS[: place + 1]), *_EFFORTS[place + 1 :])
    return next((effort for effort in nearer if effort in known), "")


def _budgeted(reasoning: Reasoning, limit: int) -> ThinkingPlan:
    """A budget counts towards `max_tokens`: what does not fit below is cut to half of it, which leaves the other half
    for the answer."""
    stated_budget = reasoning.budget if reasoning.budget is not None and reasoning.budget > 0 else None
    target = stated_budget if stated_budget is not None else BUDGETS[reasoning.effort or "medium"]
    budget = fitting_budget(target, limit)
    if budget is None:
        return ThinkingPlan(dropped=("reasoning",))
    thinking: dict[str, Any] = {"type": "enabled", "budget_tokens": budget}
    if reasoning.visible is False:
        thinking["display"] = "omitted"
    cut = stated_budget is not None and budget != stated_budget
    return ThinkingPlan(thinking, dropped=("reasoning_budget",) if cut else (), thinks=True)
