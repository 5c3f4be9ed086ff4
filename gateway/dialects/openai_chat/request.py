"""Chat Completions requests: bytes to a Demand and a sealed Prompt, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Feature, Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.openai_chat.content import ContentSurvey
from gateway.dialects.openai_chat.signatures import without_foreign
from gateway.dialects.prompt import Asked, Prompt
from gateway.dialects.signatures import without_signatures
from gateway.dialects.token_bound import PICTURE_TOKENS, TOOLS_TOKENS, tokens_at_most

NAME: Final = "openai_chat"
PATH: Final = "/chat/completions"
LISTED: Final = frozenset(
    "model messages stream stream_options max_tokens max_completion_tokens n tools tool_choice parallel_tool_calls "
    "functions function_call response_format reasoning_effort verbosity temperature top_p stop seed presence_penalty "
    "frequency_penalty logit_bias logprobs top_logprobs modalities audio prediction service_tier store metadata user "
    "safety_identifier prompt_cache_key prompt_cache_retention web_search_options provider "
    # Members of OpenAI-compatible servers (vLLM, llama.cpp, OpenRouter) that steer sampling and thinking, nothing else.
    "top_k min_p top_a repetition_penalty length_penalty ignore_eos skip_special_tokens chat_template_kwargs "
    "reasoning include_reasoning enable_thinking thinking_budget".split()
)
"""Top-level members whose effect on content is known. Any other is Feature.UNLISTED unless declared harmless."""

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_LISTED_TOOLS: Final = frozenset({"function", "custom"})
_FOLDED: Final = {name.casefold(): name for name in LISTED}


def accept(body: bytes, asked: Asked, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    content = ContentSurvey(_messages(values))
    unlisted = tuple(_unlisted(values, snapshot.organisation.harmless))
    needs = frozenset(_needs(values, content))
    elsewhere = PICTURE_TOKENS * content.remote + TOOLS_TOKENS * (Need.TOOLS in needs)
    demand = Demand(
        dialect=NAME,
        operation=asked.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=members.flag(values, "stream"),
        input_tokens=tokens_at_most(body, content.pictures, elsewhere, snapshot),
        output_tokens=_output_limit(values),
        choices=members.count(values, "n", most=128) or 1,
        needs=needs,
        features=frozenset(_features(values, content, unlisted)),
        unlisted=unlisted,
        alias=named.alias,
        narrowing=members.narrowed(values, asked.policy, snapshot),
    )
    return demand, Prompt(document, asked)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name, what policy and books order, and proofs of
    thoughts that the provider could not know."""
    document = prompt.unseal()
    values, connection = document.values, route.provider.connection
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.upstream_model)}
    if "provider" in document.values:
        changes["provider"] = None
    if demand.streaming and connection.stream_usage == "option" and not wants_usage(prompt):
        options = values.get("stream_options")
        stated = options if isinstance(options, dict) else {}
        changes["stream_options"] = orjson.dumps({**stated, "include_usage": True})
    if orders.forbid_storing and connection.accepts_store and "store" not in document.values:
        changes["store"] = b"false"
    if orders.output_limit is not None:
        limits = [name for name in _LIMITS if name in document.values]
        changes |= dict.fromkeys(limits or [connection.output_limit], str(orders.output_limit).encode())
    hidden, dropped = identifiers.hidden(values, orders.pseudonym)
    changes |= hidden
    if (messages := without_foreign(values["messages"], lenient=connection.lenient)) is not None:
        changes["messages"] = orjson.dumps(messages)
        dropped = (*dropped, "thought")
    body = strict_json.spliced(document, changes, _renamed_limit(values, connection.output_limit))
    return Rendered(PATH, without_signatures(body), dropped=dropped)


def wants_usage(prompt: Prompt) -> bool:
    """Whether the client of a stream asked for the usage chunk; if not, it is hidden from it."""
    options = prompt.unseal().values.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


_LIMITS: Final = ("max_completion_tokens", "max_tokens")


def _renamed_limit(values: Mapping[str, Any], wanted: str) -> dict[str, str]:
    """One limit has two names, and providers know one of them: the name is changed, the number never."""
    present = [name for name in _LIMITS if name in values]
    return {present[0]: wanted} if len(present) == 1 and present[0] != wanted else {}


def _messages(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = values.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InvalidRequest("`messages` must be a list of at least one message.", field="messages")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            where = f"messages[{index}]"
            roles = ", ".join(sorted(_ROLES))
            raise InvalidRequest(f"`{where}` must be an object whose role is one of {roles}.", field=where)
        if not isinstance(message.get("content"), str | list | None):
            where = f"messages[{index}].content"
            raise InvalidRequest(f"`{where}` must be a string or a list of parts.", field=where)
    return messages


def _needs(values: Mapping[str, Any], content: ContentSurvey) -> Iterable[Need]:
    if values.get("tools") or values.get("functions"):
        yield Need.TOOLS
    if content.kinds & {"image_url"}:
        yield Need.VISION
    if content.kinds & {"input_audio", "audio_url"}:
        yield Need.AUDIO
    if content.kinds & {"file"}:
        yield Need.DOCUMENTS
    shape = values.get("response_format")
    if isinstance(shape, dict) and shape.get("type") == "json_schema":
        yield Need.STRUCTURED_OUTPUT
    if values.get("reasoning_effort") not in (None, "none", "minimal"):
        yield Need.REASONING
    if members.flag(values, "stream"):
        yield Need.STREAMING


def _features(values: Mapping[str, Any], content: ContentSurvey, unlisted: tuple[str, ...]) -> Iterable[Feature]:
    if members.flag(values, "store"):
        yield Feature.STORED_RESPONSES
    if values.get("web_search_options") is not None or any(t.startswith("web_search") for t in _tool_types(values)):
        yield Feature.WEB_SEARCH
    if content.remote:
        yield Feature.REMOTE_URLS
    if content.file_ids:
        yield Feature.FILES
    if content.long_cached or values.get("prompt_cache_retention") not in (None, "in_memory", "in-memory"):
        yield Feature.EXPLICIT_CACHE
    if unlisted or "unlisted" in content.kinds:
        yield Feature.UNLISTED


def _unlisted(values: Mapping[str, Any], harmless: frozenset[str]) -> Iterable[str]:
    """Names of what the table does not list; a name that is no plain word is not repeated."""
    yield from members.unlisted(values, LISTED, harmless)
    for kind in _tool_types(values):
        if kind not in _LISTED_TOOLS and not kind.startswith("web_search"):
            yield f"tool:{kind}" if members.SAFE_NAME.match(kind) else "(a tool whose type is no plain word)"


def _tool_types(values: Mapping[str, Any]) -> Iterable[str]:
    tools = values.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(t, dict) and isinstance(t.get("type"), str) for t in tools):
        raise InvalidRequest("`tools` must be a list of objects with a type.", field="tools")
    return [t["type"] for t in tools]


def _output_limit(values: Mapping[str, Any]) -> int | None:
    limits = [limit for name in _LIMITS if (limit := members.count(values, name)) is not None]
    return max(limits, default=None)
