"""Responses requests: bytes to a Demand and a sealed Prompt, and the bytes for a route that speaks it too."""

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
from gateway.dialects.openai_responses import signatures
from gateway.dialects.openai_responses.content import Content, tools
from gateway.dialects.prompt import Asked, Prompt
from gateway.dialects.signatures import without_signatures
from gateway.dialects.token_bound import PICTURE_TOKENS, TOOLS_TOKENS, tokens_at_most

NAME: Final = "openai_responses"
PATH: Final = "/responses"
COUNTING_PATH: Final = "/responses/input_tokens"

KEEPING: Final = ("previous_response_id", "conversation", "prompt")
"""Members that refer to what the provider keeps."""

LISTED: Final = frozenset(
    "model input instructions stream stream_options max_output_tokens max_tool_calls tools tool_choice "
    "parallel_tool_calls text reasoning include temperature top_p top_logprobs truncation context_management image "
    "service_tier access_programs store background background_options metadata client_metadata user safety_identifier "
    "prompt_cache_key prompt_cache_options prompt_cache_retention personality provider "
    "presence_penalty frequency_penalty".split()  # of other servers that speak this dialect
) | frozenset(KEEPING)
"""Top-level members whose effect on content is known. Any other is Feature.UNLISTED unless declared harmless."""

KEPT_TOKENS: Final = 2_000_000
"""Bound for what an earlier response or conversation adds to the input: no model has a larger context."""

_RUN_BY_THE_CLIENT: Final = frozenset(
    "function custom namespace tool_search local_shell apply_patch computer computer_use computer_use_preview".split()
)
_FOLDED: Final = {name.casefold(): name for name in LISTED}


def accept(body: bytes, asked: Asked, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    content = _content(values)
    streaming = asked.operation.streams and members.flag(values, "stream")
    unlisted = tuple(dict.fromkeys(_unlisted(values, content, snapshot.organisation.harmless)))
    needs = frozenset(_needs(values, content))
    elsewhere = PICTURE_TOKENS * (content.remote + content.files) + TOOLS_TOKENS * (Need.TOOLS in needs)
    elsewhere += _kept(values, content)
    demand = Demand(
        dialect=NAME,
        operation=asked.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=streaming,
        input_tokens=tokens_at_most(body, content.pictures, elsewhere, snapshot),
        output_tokens=members.count(values, "max_output_tokens"),
        needs=needs | ({Need.STREAMING} if streaming else set()),
        features=frozenset(_features(values, content, unlisted)),
        unlisted=unlisted,
        narrowing=members.narrowed(values, asked.policy, snapshot),
        alias=named.alias,
    )
    return demand, Prompt(document, asked)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name, what policy and books order, and thoughts of
    models that the provider does not know."""
    document = prompt.unseal()
    values = document.values
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.upstream_model)}
    if "provider" in document.values:
        changes["provider"] = None
    if demand.operation.generates:
        changes |= _ordered(values, orders)
    hidden, dropped = identifiers.hidden(values, orders.pseudonym)
    changes |= hidden
    items = values.get("input")
    if isinstance(items, list) and any(map(signatures.is_foreign, items)):
        changes["input"] = orjson.dumps([item for item in items if not signatures.is_foreign(item)])
        dropped = (*dropped, "thought")
    path = COUNTING_PATH if demand.operation.counts else PATH
    return Rendered(path, without_signatures(strict_json.spliced(document, changes, {})), dropped=dropped)


def _ordered(values: Mapping[str, Any], orders: RequestOverrides) -> Iterable[tuple[str, bytes | None]]:
    """Where nothing is said of storing, the provider stores (`null` is not a no); here it does not, whatever policy
    says, because the route was judged for a request that leaves nothing behind. What runs in the background is judged
    as such, and no provider runs what it may not keep."""
    if values.get("store") is None and not values.get("background"):
        yield "store", b"false"
    if orders.output_limit is not None:
        yield "max_output_tokens", str(orders.output_limit).encode()


def _content(values: Mapping[str, Any]) -> Content:
    """What the input holds. It may be missing only where something that is kept stands in its place."""
    members.text(values, "instructions")
    given = values.get("input")
    if isinstance(given, str) or (given is None and any(values.get(name) is not None for name in KEEPING)):
        return Content([])
    if not isinstance(given, list) or not given:
        raise InvalidRequest("`input` must be a string or a list of at least one item.", field="input")
    return Content(given)


def _kept(values: Mapping[str, Any], content: Content) -> int:
    refers = content.references or any(values.get(name) is not None for name in KEEPING)
    return KEPT_TOKENS if refers else 0


def _needs(values: Mapping[str, Any], content: Content) -> Iterable[Need]:
    if tools(values) or content.tools:
        yield Need.TOOLS
    if content.kinds & {"input_image", "computer_screenshot"}:
        yield Need.VISION
    if "input_audio" in content.kinds:
        yield Need.AUDIO
    if "input_file" in content.kinds:
        yield Need.DOCUMENTS
    shape = members.table(values, "text").get("format")
    if isinstance(shape, dict) and shape.get("type") == "json_schema":
        yield Need.STRUCTURED_OUTPUT
    if members.table(values, "reasoning").get("effort") not in (None, "none", "minimal"):
        yield Need.REASONING


def _features(values: Mapping[str, Any], content: Content, unlisted: tuple[str, ...]) -> Iterable[Feature]:
    offered = {tool["type"] for tool in (*tools(values), *content.tools)}
    cache = members.table(values, "prompt_cache_options")
    if members.flag(values, "store") or _kept(values, content) or cache.get("comparison_response_id") is not None:
        yield Feature.STORED_RESPONSES
    if members.flag(values, "background"):
        yield Feature.BACKGROUND
    if any(kind.startswith("web_search") for kind in offered):
        yield Feature.WEB_SEARCH
    if content.files or "file_search" in offered:
        yield Feature.FILES
    if content.remote:
        yield Feature.REMOTE_URLS
    if content.long_cached or _lasting(cache) or values.get("prompt_cache_retention") not in (None, "in_memory"):
        yield Feature.EXPLICIT_CACHE
    if unlisted or "unlisted" in content.kinds:
        yield Feature.UNLISTED


def _lasting(cache: Mapping[str, Any]) -> bool:
    return cache.get("ttl") not in (None, "30m")


def _unlisted(values: Mapping[str, Any], content: Content, harmless: frozenset[str]) -> Iterable[str]:
    """Names of what the table does not list; a name that is no plain word is not repeated."""
    yield from members.unlisted(values, LISTED, harmless)
    for tool in (*tools(values), *content.tools):
        kind = tool["type"]
        if not _is_listed(tool):
            yield f"tool:{kind}" if members.SAFE_NAME.match(kind) else "(a tool whose type is no plain word)"


def _is_listed(tool: Mapping[str, Any]) -> bool:
    """Run by the client, or a feature of its own. A shell is the client's where it says that it is local."""
    kind, place = str(tool["type"]), tool.get("environment")
    if kind == "shell":
        return isinstance(place, dict) and place.get("type") == "local"
    return kind in _RUN_BY_THE_CLIENT or kind == "file_search" or kind.startswith("web_search")
