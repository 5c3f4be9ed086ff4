"""Requests to generate and to count: bytes to a Demand and a sealed Prompt, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest
from gateway.core.operation import Operation
from gateway.core.snapshot import Snapshot
from gateway.dialects import members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.generation_bound import generation_bound
from gateway.dialects.google.fields import GoogleObject, snake
from gateway.dialects.google_generate.signatures import MARK, NAME, without_foreign
from gateway.dialects.google_generate.survey import COUNT_REQUEST, COUNTED, MEMBERS, REQUEST
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.service_tiers import demanded_terms
from gateway.dialects.shapes import surveyed
from gateway.dialects.strict_json import Document
from gateway.dialects.token_bound import TOOLS_TOKENS, tokens_at_most

CHOICES_MOST: Final = 8
"""Candidates that Google takes."""

_FOLDED: Final = {name.casefold(): name for listed in (*MEMBERS, COUNTED) for name in (listed, snake(listed))}
_UNTHINKING: Final = frozenset({"", "THINKING_LEVEL_UNSPECIFIED", "MINIMAL"})


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    members.no_lookalikes(document.values, _FOLDED)
    named = members.model(head.model.removeprefix("models/"), snapshot)
    request = asked_for(document, head)
    wrapped = head.operation.counts and request.where == COUNTED
    findings = surveyed(COUNT_REQUEST if wrapped else REQUEST, document.values, snapshot.organisation.harmless)
    config = request.inner("generationConfig")
    elsewhere = findings.remote_tokens + TOOLS_TOKENS * ("tools" in request)
    most = generation_bound(document.values)
    demand = Demand(
        dialect=NAME,
        operation=head.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=head.streaming,
        input_tokens=tokens_at_most(body, findings.pictures, elsewhere, snapshot),
        output_tokens=config.count("maxOutputTokens"),
        choices=config.count("candidateCount", most=CHOICES_MOST) or 1,
        candidates=most.candidates,
        least_output=most.least_output,
        needs=frozenset({*findings.needs, *_needs(config, head)}),
        features=frozenset(findings.features),
        terms=demanded_terms(request.word("serviceTier", {})),
        tools=findings.tool_calls(),
        unlisted=tuple(findings.unlisted),
        rests_on=tuple(findings.rests_on),
        alias=named.alias,
        narrowing=members.narrowed(document.values, head.policy, snapshot),
    )
    return demand, Prompt(document, head)


def asked_for(document: Document, head: PromptHead) -> GoogleObject:
    """The request itself, which countTokens may hold inside another. InvalidRequest if it has no contents."""
    request = GoogleObject(document.values)
    if head.operation.counts and COUNTED in request:
        if "contents" in request:
            raise InvalidRequest(f"`contents` and `{COUNTED}` exclude each other.", field=COUNTED)
        request = request.inner(COUNTED)
    if not request.rows("contents"):
        raise InvalidRequest("`contents` must be a list of at least one content.", field=request.path("contents"))
    return request


def _needs(config: GoogleObject, head: PromptHead) -> Iterable[Need]:
    if "responseSchema" in config or "responseJsonSchema" in config:
        yield Need.STRUCTURED_OUTPUT
    thinking = config.inner("thinkingConfig")
    if thinking.word("thinkingLevel", {}) not in _UNTHINKING or (thinking.number("thinkingBudget") or 0) > 0:
        yield Need.REASONING
    if head.streaming:
        yield Need.STREAMING


def path(upstream_model: str, operation: Operation, *, streaming: bool) -> str:
    """The path of a request. The gateway always asks for a stream as events; the client's framing does not matter."""
    verb = "streamGenerateContent?alt=sse" if streaming else "generateContent"
    return f"/models/{quote(upstream_model, safe='')}:{'countTokens' if operation.counts else verb}"


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name and what policy and books order."""
    document = prompt.unseal()
    held = next((name for name in (COUNTED, snake(COUNTED)) if document.values.get(name) is not None), "")
    if demand.operation.counts and held:
        inner = document.part(held)
        within, lost = _changes(inner, route, RequestOverrides())
        # Google wants the model named here too.
        changes: dict[str, bytes | None] = {held: strict_json.spliced(inner, within | {"model": _named(route)}, {})}
    else:
        changes, lost = _changes(document, route, orders)
    if "provider" in document.values:
        changes["provider"] = None
    to = path(route.wire_model, demand.operation, streaming=demand.streaming)
    return Rendered(to, strict_json.spliced(document, changes, {}), dropped=lost)


def _changes(
    document: Document, route: Route, orders: RequestOverrides
) -> tuple[dict[str, bytes | None], tuple[str, ...]]:
    """(changes of a request's members, names of what is left out)."""
    changes: dict[str, bytes | None] = {}
    lost: tuple[str, ...] = ()
    changes |= members.nulls(document.values, ("cachedContent", "cached_content"))
    if "model" in document.values:
        changes["model"] = _named(route)
    knows_store = route.provider.connection.accepts_store
    if not document.values.get("store") and (knows_store or "store" in document.values):
        changes["store"] = b"false" if knows_store else None  # Vertex refuses the member; null is no "no"
    if orders.output_limit is not None:
        changes |= _limited(document, orders.output_limit)
    if MARK.encode() in document.body and isinstance(document.values.get("contents"), list | dict):
        contents, lost = without_foreign(document.values["contents"])
        changes["contents"] = orjson.dumps(contents)
    return changes, lost


def _named(route: Route) -> bytes:
    return orjson.dumps(f"models/{route.wire_model}")


def _limited(document: Document, limit: int) -> dict[str, bytes | None]:
    """The change that puts an output limit into the client's own configuration."""
    held = next((name for name in ("generationConfig", "generation_config") if name in document.values), "")
    if not held or document.values[held] is None:
        return {held or "generationConfig": orjson.dumps({"maxOutputTokens": limit})}
    inner = document.part(held)
    name = next((n for n in ("maxOutputTokens", "max_output_tokens") if n in inner.values), "maxOutputTokens")
    return {held: strict_json.spliced(inner, {name: str(limit).encode()}, {})}
