"""Chat Completions requests: bytes to a Demand and a sealed Prompt, and the bytes that travel upstream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.core.catalog import Feature, Route, Snapshot
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.dialects import narrowing, strict_json
from gateway.dialects.names import Named, near, resolve
from gateway.dialects.prompt import Prompt

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

REMOTE_MEDIA_TOKENS: Final = 20_000
"""Bound for a picture or file that the provider fetches itself: above the largest tiling any provider documents."""

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_LISTED_TOOLS: Final = frozenset({"function", "custom"})
_SAFE_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")
_MAX_COUNT: Final = 2**31
_FOLDED: Final = {name.casefold(): name for name in LISTED}


@dataclass(frozen=True, slots=True)
class Orders:
    """What policy and books add to a request on its way out.

    `output_limit`: tokens to inject where the client stated no limit. `forbid_storing`: say `store: false`, because
    nothing may be kept and the client asked for nothing else.
    """

    output_limit: int | None = None
    forbid_storing: bool = False


def accept(body: bytes, snapshot: Snapshot, header_policy: str, data_class: str | None) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    _no_lookalikes(values)
    named = _model(values, snapshot)
    content = _Content(_messages(values))
    unlisted = tuple(_unlisted(values, snapshot.organisation.harmless))
    wanted = narrowing.from_header(header_policy, snapshot)
    if values.get("provider") is not None:
        wanted += narrowing.from_object(values["provider"], snapshot)
    demand = Demand(
        dialect="openai_chat",
        endpoint="chat",
        model=named.model,
        pinned=named.pinned,
        streaming=_flag(values, "stream"),
        input_tokens=len(body) + REMOTE_MEDIA_TOKENS * content.remote,
        output_tokens=_output_limit(values),
        choices=_count(values, "n", most=128) or 1,
        needs=frozenset(_needs(values, content)),
        features=frozenset(_features(values, content, unlisted)),
        unlisted=unlisted,
        data_class=data_class,
        narrowing=wanted,
    )
    return demand, Prompt(document)


def render(prompt: Prompt, demand: Demand, route: Route, orders: Orders) -> bytes:
    """The body for `route`: the client's bytes but for the model's name and what policy and books order."""
    document = prompt.unseal()
    values, connection = document.values, route.provider.connection
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.upstream_model)}
    if "provider" in document.members:
        changes["provider"] = None
    if demand.streaming and connection.stream_usage == "option" and not wants_usage(prompt):
        options = values.get("stream_options")
        asked = options if isinstance(options, dict) else {}
        changes["stream_options"] = orjson.dumps({**asked, "include_usage": True})
    if orders.forbid_storing and "store" not in document.members:
        changes["store"] = b"false"
    if orders.output_limit is not None and demand.output_tokens is None:
        stated = next((name for name in _LIMITS if name in document.members), connection.output_limit)
        changes[stated] = str(orders.output_limit).encode()
    return strict_json.spliced(document, changes, _renamed_limit(values, connection.output_limit))


def wants_usage(prompt: Prompt) -> bool:
    """Whether the client of a stream asked for the usage chunk; if not, it is hidden from it."""
    options = prompt.unseal().values.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


_LIMITS: Final = ("max_completion_tokens", "max_tokens")


def _renamed_limit(values: Mapping[str, Any], wanted: str) -> dict[str, str]:
    """One limit has two names, and providers know one of them: the name is changed, the number never."""
    present = [name for name in _LIMITS if name in values]
    return {present[0]: wanted} if len(present) == 1 and present[0] != wanted else {}


def _no_lookalikes(values: Mapping[str, Any]) -> None:
    for name in values:
        known = _FOLDED.get(name.casefold())
        if known is not None and known != name:
            raise InvalidRequest(f"A member differs from `{known}` only in upper and lower case.", field=known)


def _model(values: Mapping[str, Any], snapshot: Snapshot) -> Named:
    name = values.get("model")
    if not isinstance(name, str) or not name:
        raise InvalidRequest("`model` must name a model.", field="model")
    named = resolve(name, snapshot)
    if named is None:
        raise ModelNotFound(near(name.rpartition("/")[2], snapshot.models))
    return named


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


class _Content:
    """What kinds of parts the messages hold, and how many of them the provider would have to fetch."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.kinds: set[str] = set()
        self.remote = 0
        self.file_ids = 0
        for index, message in enumerate(messages):
            parts = message.get("content")
            for place, part in enumerate(parts if isinstance(parts, list) else ()):
                self._part(part, f"messages[{index}].content[{place}]")

    def _part(self, part: Any, where: str) -> None:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise InvalidRequest(f"`{where}` must be an object with a type.", field=where)
        kind = part["type"] if part["type"] in _PARTS else "unlisted"
        self.kinds.add(kind)
        held = part.get(_PARTS.get(kind, ""), {})
        url = held.get("url") if isinstance(held, dict) else held
        if kind in ("image_url", "video_url", "audio_url") and not (
            isinstance(url, str) and url[:5].lower() == "data:"
        ):
            self.remote += 1
        if kind == "file" and isinstance(held, dict) and "file_data" not in held:
            self.file_ids += 1


_PARTS: Final[Mapping[str, str]] = {
    "text": "text",
    "refusal": "refusal",
    "image_url": "image_url",
    "video_url": "video_url",
    "audio_url": "audio_url",
    "input_audio": "input_audio",
    "file": "file",
}


def _needs(values: Mapping[str, Any], content: _Content) -> Iterable[Need]:
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
    if _flag(values, "stream"):
        yield Need.STREAMING


def _features(values: Mapping[str, Any], content: _Content, unlisted: tuple[str, ...]) -> Iterable[Feature]:
    if _flag(values, "store"):
        yield Feature.STORED_RESPONSES
    if values.get("web_search_options") is not None or any(t.startswith("web_search") for t in _tool_types(values)):
        yield Feature.WEB_SEARCH
    if content.remote:
        yield Feature.REMOTE_URLS
    if content.file_ids:
        yield Feature.FILES
    if values.get("prompt_cache_retention") not in (None, "in_memory", "in-memory"):
        yield Feature.EXPLICIT_CACHE
    if unlisted or "unlisted" in content.kinds:
        yield Feature.UNLISTED


def _unlisted(values: Mapping[str, Any], harmless: frozenset[str]) -> Iterable[str]:
    """Names of what the table does not list; a name that is no plain word is not repeated."""
    for name in values:
        if name not in LISTED and name not in harmless:
            yield name if _SAFE_NAME.match(name) else "(a member whose name is no plain word)"
    for kind in _tool_types(values):
        if kind not in _LISTED_TOOLS and not kind.startswith("web_search"):
            yield f"tool:{kind}" if _SAFE_NAME.match(kind) else "(a tool whose type is no plain word)"


def _tool_types(values: Mapping[str, Any]) -> Iterable[str]:
    tools = values.get("tools")
    if tools is None:
        return []
    if not isinstance(tools, list) or not all(isinstance(t, dict) and isinstance(t.get("type"), str) for t in tools):
        raise InvalidRequest("`tools` must be a list of objects with a type.", field="tools")
    return [t["type"] for t in tools]


def _output_limit(values: Mapping[str, Any]) -> int | None:
    limits = [limit for name in _LIMITS if (limit := _count(values, name, most=_MAX_COUNT)) is not None]
    return max(limits, default=None)


def _count(values: Mapping[str, Any], name: str, *, most: int) -> int | None:
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidRequest(f"`{name}` must be a whole number from 1 to {most}.", field=name)
    return value


def _flag(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name)
    if not isinstance(value, bool | None):
        raise InvalidRequest(f"`{name}` must be true or false.", field=name)
    return bool(value)
