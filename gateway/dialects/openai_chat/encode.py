"""The neutral form, written as a Chat Completions request for any provider that speaks it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.catalog import Connection, Route
from gateway.core.demand import Demand
from gateway.dialects.dialect import Rendered, RequestOverrides, Unportable
from gateway.dialects.neutral import Conversation, Effort, Embedding, Reasoning, Sampling, Shape, Tool, ToolChoice
from gateway.dialects.openai.encode import effort_of, of_object
from gateway.dialects.openai_chat.messages import messages
from gateway.dialects.openai_chat.request import PATH
from gateway.dialects.reasoning_support import drop_unsupported_reasoning
from gateway.dialects.strictness import bound

STOPS_MOST: Final = 4
"""Stop strings that OpenAI takes."""

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
_Members: TypeAlias = Iterator[tuple[str, Any]]


def written(neutral: Conversation | Embedding, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:  # noqa: ARG001
    """The request for `route`, with the names of what found no place in it. Unportable."""
    if isinstance(neutral, Embedding):
        raise Unportable("input")
    connection = route.provider.connection
    neutral, unthought = drop_unsupported_reasoning(neutral, route)
    shape, unbound = bound(neutral.shape)
    wire_messages, lost = messages(neutral.turns, connection)
    body = [
        ("model", route.wire_model),
        ("messages", wire_messages),
        *_tools(neutral.tools, neutral.tool_choice),
        *_shape(shape),
        *_effort(neutral.reasoning, connection),
        *_sampling(neutral.sampling, connection),
        *_reply(neutral, connection, orders),
        *_identity(neutral, connection, orders),
    ]
    dropped = dict.fromkeys([*neutral.lost, *lost, *unthought, *unbound, *_dropped(neutral, connection, orders)])
    return Rendered(PATH, orjson.dumps(dict(body)), dropped=tuple(dropped))


def _tools(tools: Sequence[Tool], choice: ToolChoice | None) -> _Members:
    if not tools:
        return
    kind = choice.kind if choice is not None else ""
    if choice is not None and len(choice.names) > 1:  # OpenAI alone could be told so; fewer tools are understood by all
        tools, kind = [tool for tool in tools if tool.name in choice.names], "required"
    yield "tools", [{"type": "function", "function": dict(_function(tool))} for tool in tools]
    if choice is not None:
        one = {"type": "function", "function": {"name": "".join(choice.names)}}
        yield "tool_choice", one if kind == "named" else kind
        if choice.parallel is not None:
            yield "parallel_tool_calls", choice.parallel


def _function(tool: Tool) -> _Members:
    yield "name", tool.name
    if tool.description:
        yield "description", tool.description
    yield "parameters", of_object(tool.schema)
    if tool.strict is not None:
        yield "strict", tool.strict


def _shape(shape: Shape | None) -> _Members:
    if shape is None:
        return
    if shape.schema is None:
        yield "response_format", {"type": "json_object"}
        return
    form: dict[str, Any] = {"name": shape.name if _NAME.match(shape.name) else "answer", "schema": shape.schema}
    if shape.description:
        form["description"] = shape.description
    if shape.strict is not None:
        form["strict"] = shape.strict
    yield "response_format", {"type": "json_schema", "json_schema": form}


def _effort(reasoning: Reasoning | None, connection: Connection) -> _Members:
    if reasoning is None:
        return
    if reasoning.effort is not None:
        yield "reasoning_effort", "high" if _is_beyond(reasoning.effort, connection) else reasoning.effort
    elif reasoning.budget is not None and reasoning.budget >= 0:
        yield "reasoning_effort", effort_of(reasoning.budget)


def _is_beyond(effort: Effort | None, connection: Connection) -> bool:
    """OpenAI knows efforts above `high`; servers of others refuse a word that they do not know."""
    return effort in ("xhigh", "max") and not connection.accepts_store


def _sampling(sampling: Sampling, connection: Connection) -> _Members:
    for name in ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty"):
        if (value := getattr(sampling, name)) is not None:
            yield name, value
    if sampling.top_k is not None and connection.lenient:
        yield "top_k", sampling.top_k
    if sampling.logprobs is not None:
        yield "logprobs", True
        if sampling.logprobs:
            yield "top_logprobs", sampling.logprobs
    if sampling.stop:
        yield "stop", list(sampling.stop if connection.lenient else sampling.stop[:STOPS_MOST])


def _reply(conversation: Conversation, connection: Connection, orders: RequestOverrides) -> _Members:
    """Members that shape the reply: limit, choices, streaming, tier."""
    limit = orders.output_limit if orders.output_limit is not None else conversation.output_limit
    if limit is not None:
        yield connection.output_limit, limit
    if conversation.choices > 1:
        yield "n", conversation.choices
    yield "stream", conversation.streaming  # some servers stream by default
    if conversation.streaming and connection.stream_usage == "option":
        yield "stream_options", {"include_usage": True}
    if conversation.tier and _is_like_openai(connection):
        yield "service_tier", conversation.tier


def _identity(conversation: Conversation, connection: Connection, orders: RequestOverrides) -> _Members:
    if connection.accepts_store:  # where nothing is said, the account's default decides
        yield "store", False
    if orders.pseudonym is None:
        return
    if conversation.user:
        yield "user", orders.pseudonym(conversation.user)
    if conversation.cache_key and _is_like_openai(connection):
        yield "prompt_cache_key", orders.pseudonym(conversation.cache_key)


def _is_like_openai(connection: Connection) -> bool:
    """It knows the members that OpenAI alone has, or does not mind them."""
    return connection.lenient or connection.accepts_store


def _dropped(conversation: Conversation, connection: Connection, orders: RequestOverrides) -> Iterable[str]:
    reasoning = conversation.reasoning or Reasoning()
    if reasoning.budget:
        yield "reasoning_budget"
    if _is_beyond(reasoning.effort, connection):
        yield "reasoning_effort"
    if reasoning.visible is False:
        yield "reasoning_visible"
    if not connection.lenient:
        if conversation.sampling.top_k is not None:
            yield "top_k"
        if len(conversation.sampling.stop) > STOPS_MOST:
            yield "stop"
    if conversation.tier and not _is_like_openai(connection):
        yield "service_tier"
    if conversation.user and orders.pseudonym is None:
        yield "user"
    if conversation.cache_key and (orders.pseudonym is None or not _is_like_openai(connection)):
        yield "cache_key"
    if any(tool.cached for tool in conversation.tools):
        yield "cache_control"
