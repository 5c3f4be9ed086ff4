"""The neutral form, written as a Responses request for any provider that speaks it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.catalog import Connection, Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Effort, Embedding, Reasoning, Sampling, Shape, Tool, ToolChoice
from gateway.dialects.openai.encode import effort_of, of_object
from gateway.dialects.openai_responses.decode import SCORES, SEALED
from gateway.dialects.openai_responses.messages import items
from gateway.dialects.openai_responses.request import PATH
from gateway.dialects.reasoning_support import drop_unsupported_reasoning
from gateway.dialects.strictness import bound

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_Members: TypeAlias = Iterator[tuple[str, Any]]


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Embedding):
        raise Unportable("input")
    if neutral.choices > 1:
        raise Unportable("n")
    if not all(_NAME.match(tool.name) for tool in neutral.tools):
        raise Unportable("tools")
    connection = route.provider.connection
    neutral, unthought = drop_unsupported_reasoning(neutral, route)
    shape, unbound = bound(neutral.shape)
    neutral = replace(neutral, shape=shape)
    instructions, wire_items, lost = items(neutral.turns, connection)
    body = [
        ("model", route.wire_model),
        *([("instructions", instructions)] if instructions else ()),
        ("input", wire_items),
        *_tools(neutral.tools, neutral.tool_choice),
        *_thinking(neutral.reasoning),
        *_sampling(neutral.sampling),
        *_reply(neutral, connection, orders),
        *_included(neutral),
        *_identity(neutral, connection, orders),
        ("store", False),
    ]
    dropped = dict.fromkeys([*neutral.lost, *lost, *unthought, *unbound, *_dropped(neutral, connection, orders)])
    return Rendered(PATH, orjson.dumps(dict(body)), dropped=tuple(dropped))


def _tools(tools: Iterable[Tool], choice: ToolChoice | None) -> _Members:
    if not tools:
        return
    yield "tools", [dict(_function(tool)) for tool in tools]
    if choice is None:
        return
    yield "tool_choice", _choice(choice)
    if choice.parallel is not None:
        yield "parallel_tool_calls", choice.parallel


def _function(tool: Tool) -> _Members:
    """Here a tool is strict unless it says otherwise; elsewhere it is not."""
    yield "type", "function"
    yield "name", tool.name
    if tool.description:
        yield "description", tool.description
    yield "parameters", of_object(tool.schema)
    yield "strict", bool(tool.strict)


def _choice(choice: ToolChoice) -> object:
    named = [{"type": "function", "name": name} for name in choice.names]
    if choice.kind != "named":
        return choice.kind
    return named[0] if len(named) == 1 else {"type": "allowed_tools", "mode": "required", "tools": named}


def _format(shape: Shape) -> _Members:
    if shape.schema is None:
        yield "type", "json_object"
        return
    yield "type", "json_schema"
    yield "name", shape.name if _NAME.match(shape.name) else "answer"
    yield "schema", shape.schema
    if shape.description:
        yield "description", shape.description
    if shape.strict is not None:
        yield "strict", shape.strict


def _thinking(reasoning: Reasoning | None) -> _Members:
    if reasoning is None:
        return
    effort = _effort(reasoning)
    members = {
        **({"effort": effort} if effort is not None else {}),
        **({"summary": "auto"} if reasoning.visible else {}),
    }
    if members:
        yield "reasoning", members


def _effort(reasoning: Reasoning) -> Effort | None:
    if reasoning.effort is not None or reasoning.budget is None or reasoning.budget < 0:
        return reasoning.effort
    return effort_of(reasoning.budget)


def _sampling(sampling: Sampling) -> _Members:
    for name in ("temperature", "top_p"):
        if (value := getattr(sampling, name)) is not None:
            yield name, value
    if sampling.logprobs:
        yield "top_logprobs", sampling.logprobs


def _reply(conversation: Conversation, connection: Connection, orders: RequestOverrides) -> _Members:
    """Members that shape the reply: limit, streaming, tier."""
    limit = orders.output_limit if orders.output_limit is not None else conversation.output_limit
    if limit is not None:
        yield "max_output_tokens", limit
    if conversation.shape is not None:
        yield "text", {"format": dict(_format(conversation.shape))}
    yield "stream", conversation.streaming  # some servers stream by default
    if conversation.tier and _is_like_openai(connection):
        yield "service_tier", conversation.tier


def _included(conversation: Conversation) -> _Members:
    """Thoughts sealed, so that the model finds them again in the next turn: nothing is kept there, nor here."""
    names = []
    if conversation.reasoning is not None and _effort(conversation.reasoning) != "none":
        names.append(SEALED)
    if conversation.sampling.logprobs is not None:
        names.append(SCORES)
    if names:
        yield "include", names


def _identity(conversation: Conversation, connection: Connection, orders: RequestOverrides) -> _Members:
    if orders.pseudonym is None or not _is_like_openai(connection):
        return
    if conversation.user:
        yield "safety_identifier", orders.pseudonym(conversation.user)
    if conversation.cache_key:
        yield "prompt_cache_key", orders.pseudonym(conversation.cache_key)


def _is_like_openai(connection: Connection) -> bool:
    """It knows the members that OpenAI alone has, or does not mind them."""
    return connection.lenient or connection.accepts_store


def _dropped(conversation: Conversation, connection: Connection, orders: RequestOverrides) -> Iterable[str]:
    for name in ("top_k", "seed", "presence_penalty", "frequency_penalty", "stop"):
        if getattr(conversation.sampling, name) not in (None, ()):
            yield name
    if conversation.reasoning is not None and conversation.reasoning.budget:
        yield "reasoning_budget"
    if conversation.tier and not _is_like_openai(connection):
        yield "service_tier"
    for name in ("user", "cache_key"):
        if getattr(conversation, name) and (orders.pseudonym is None or not _is_like_openai(connection)):
            yield name
    if any(tool.cached for tool in conversation.tools):
        yield "cache_control"
