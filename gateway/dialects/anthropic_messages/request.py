"""Messages requests: bytes to a Demand and a sealed Prompt, and the bytes for a route that speaks the dialect too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Feature, Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.anthropic_messages import betas, thoughts
from gateway.dialects.anthropic_messages.survey import Survey
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.prompt import Asked, Prompt
from gateway.dialects.signatures import without_signatures
from gateway.dialects.token_bound import OWN_TOOL_TOKENS, TOOLS_TOKENS, tokens_at_most

NAME: Final = "anthropic_messages"
PATH: Final = "/messages"
COUNTING_PATH: Final = "/messages/count_tokens"

VERSION_HEADER: Final = "anthropic-version"
VERSIONS: Final = ("2023-06-01", "2026-10-21")
"""Of the API. The first is what is said where the client says none, and what our own requests are written in."""

LISTED: Final = frozenset(
    "model messages max_tokens system stream temperature top_p top_k stop_sequences tools tool_choice thinking "
    "output_config output_format cache_control context_management compaction container mcp_servers metadata "
    "service_tier inference_geo speed diagnostics provider".split()
)
"""Top-level members whose effect on content is known. Any other is Feature.UNLISTED unless declared harmless."""

DEFAULT_OUTPUT: Final = 8_192
"""`max_tokens` for a client that states none, and a model of which nothing is known: the API demands one."""

REMOTE_TOKENS: Final = 460_000
"""Bound for what the provider fetches or keeps: 100 pages of 3,000 tokens of text, each with its picture."""

BILLING: Final = "x-anthropic-billing-header:"
"""So begins a system block in which Claude Code tells Anthropic of itself; it changes with every request."""

_FOLDED: Final = {name.casefold(): name for name in LISTED}


def accept(body: bytes, asked: Asked, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset, a field or a header; ModelNotFound with near names. Neither repeats what the client
    wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    _checked(asked)
    named = members.model(values.get("model"), snapshot)
    survey = Survey(values)
    unlisted = tuple(_unlisted(values, asked, survey, snapshot.organisation.harmless))
    streaming = asked.operation.streams and members.flag(values, "stream")
    demand = Demand(
        dialect=NAME,
        operation=asked.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=streaming,
        input_tokens=tokens_at_most(body, survey.pictures, REMOTE_TOKENS * survey.remote + _of_tools(survey), snapshot),
        output_tokens=members.count(values, "max_tokens", least=0),
        needs=frozenset(_needs(values, survey)) | ({Need.STREAMING} if streaming else set()),
        features=frozenset(_features(values, survey, unlisted)),
        unlisted=unlisted,
        narrowing=members.narrowed(values, asked.policy, snapshot),
        alias=named.alias,
    )
    return demand, Prompt(document, asked)


def _of_tools(survey: Survey) -> int:
    return TOOLS_TOKENS * bool(survey.tools) + OWN_TOOL_TOKENS * len(survey.tools - {"custom"})


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name, what policy and books order, and thoughts that
    Anthropic would refuse."""
    document, asked = prompt.unseal(), prompt.asked
    values = document.values
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.upstream_model)}
    if "provider" in document.values:
        changes["provider"] = None
    if demand.operation.generates and (orders.output_limit is not None or demand.output_tokens is None):
        limit = orders.output_limit or demand.output_limit(route, DEFAULT_OUTPUT)
        changes["max_tokens"] = str(limit).encode()
    hidden, dropped = identifiers.hidden(values, orders.pseudonym)
    changes |= hidden
    if (system := unbilled(values.get("system"))) is not values.get("system"):
        changes["system"] = orjson.dumps(system) if system else None
    if (messages := thoughts.own(values["messages"])) is not None:
        changes["messages"] = orjson.dumps(messages)
        dropped = (*dropped, "thought")
    thinking = members.table(values, "thinking").get("type")
    if thinking == "enabled" and thoughts.are_unproved(values["messages"] if messages is None else messages):
        changes |= _unthinking(values)
        dropped = (*dropped, "reasoning")
    body = without_signatures(strict_json.spliced(document, changes, {}))
    headers = ((VERSION_HEADER, asked.version or VERSIONS[0]), *betas.forwarded(asked.betas))
    return Rendered(COUNTING_PATH if demand.operation.counts else PATH, body, headers, dropped)


def _unthinking(values: Mapping[str, Any]) -> Mapping[str, bytes | None]:
    """Thinking switched off, with the edits of the context that demand it."""
    managed = members.table(values, "context_management")
    edits = [edit for edit in members.rows(managed, "edits") if not _is_of_thoughts(edit)]
    changes: dict[str, bytes | None] = {"thinking": b'{"type":"disabled"}'}
    if len(edits) < len(members.rows(managed, "edits")):
        changes["context_management"] = orjson.dumps({**managed, "edits": edits}) if edits else None
    return changes


def _is_of_thoughts(edit: Any) -> bool:
    return isinstance(edit, dict) and str(edit.get("type")).startswith("clear_thinking")


def unbilled(system: Any) -> Any:
    """The same, or a list without the blocks that are meant for Anthropic's books."""
    if not isinstance(system, list) or not any(map(_is_billing, system)):
        return system
    return [block for block in system if not _is_billing(block)]


def _is_billing(block: Mapping[str, Any]) -> bool:
    text = block.get("text")
    return isinstance(text, str) and text.startswith(BILLING)


def _checked(asked: Asked) -> None:
    if asked.version and asked.version not in VERSIONS:
        raise InvalidRequest(
            f"The header {VERSION_HEADER} names no version of the API that is known here.",
            header=VERSION_HEADER,
            known=list(VERSIONS),
        )
    betas.checked(asked.betas)


def _needs(values: Mapping[str, Any], survey: Survey) -> Iterable[Need]:
    if survey.tools:
        yield Need.TOOLS
    if survey.pictures.count:
        yield Need.VISION
    if survey.documents:
        yield Need.DOCUMENTS
    if shape(values) is not None:
        yield Need.STRUCTURED_OUTPUT
    # `adaptive` leaves it to the model whether to think, so that a model that cannot serves as well.
    if members.table(values, "thinking").get("type") == "enabled":
        yield Need.REASONING


def shape(values: Mapping[str, Any]) -> Any:
    """The form that the answer must have, where it stands today or where it stood in the beta; None if free."""
    wanted = members.table(values, "output_config").get("format")
    return wanted if wanted is not None else values.get("output_format")


def _features(values: Mapping[str, Any], survey: Survey, unlisted: tuple[str, ...]) -> Iterable[Feature]:
    if survey.searching:
        yield Feature.WEB_SEARCH
    if survey.calling_out or members.rows(values, "mcp_servers"):
        yield Feature.REMOTE_URLS
    if survey.keeping or values.get("container") is not None:
        yield Feature.FILES
    if survey.long_cached:
        yield Feature.EXPLICIT_CACHE
    if unlisted:
        yield Feature.UNLISTED


def _unlisted(values: Mapping[str, Any], asked: Asked, survey: Survey, harmless: frozenset[str]) -> Iterable[str]:
    """Names of what no table lists; a name that is no plain word is not repeated."""
    yield from members.unlisted(values, LISTED, harmless)
    yield from survey.unlisted
    yield from betas.unlisted(asked.betas, harmless)
