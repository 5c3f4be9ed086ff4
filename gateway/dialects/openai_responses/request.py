"""Responses requests: bytes to a Demand and a sealed Prompt, and the bytes for a route that speaks it too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.generation_bound import generation_bound
from gateway.dialects.openai_responses import signatures
from gateway.dialects.openai_responses.survey import KEEPING, MEMBERS, REQUEST
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.service_tiers import demanded_terms
from gateway.dialects.shapes import surveyed
from gateway.dialects.signatures import without_signatures
from gateway.dialects.token_bound import TOOLS_TOKENS, tokens_at_most

NAME: Final = "openai_responses"
PATH: Final = "/responses"
COUNTING_PATH: Final = "/responses/input_tokens"

_FOLDED: Final = {name.casefold(): name for name in MEMBERS}


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    if not any(values.get(name) is not None for name in ("input", *KEEPING)):
        raise InvalidRequest("`input` must be a string or a list of at least one item.", field="input")
    members.text(values, "instructions")
    findings = surveyed(REQUEST, values, snapshot.organisation.harmless)
    streaming = head.operation.streams and members.flag(values, "stream")
    needs = frozenset({*findings.needs, *_needs(values)})
    elsewhere = findings.remote_tokens + TOOLS_TOKENS * (Need.TOOLS in needs)
    most = generation_bound(values)
    demand = Demand(
        dialect=NAME,
        operation=head.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=streaming,
        input_tokens=tokens_at_most(body, findings.pictures, elsewhere, snapshot),
        output_tokens=members.count(values, "max_output_tokens"),
        candidates=most.candidates,
        least_output=most.least_output,
        needs=needs | ({Need.STREAMING} if streaming else set()),
        features=frozenset(findings.features),
        terms=demanded_terms(values.get("service_tier")),
        tools=findings.tool_calls(members.count(values, "max_tool_calls", least=0)),
        unlisted=tuple(findings.unlisted),
        rests_on=tuple(findings.rests_on),
        narrowing=members.narrowed(values, head.policy, snapshot),
        alias=named.alias,
    )
    return demand, Prompt(document, head)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name, what policy and books order, and thoughts of
    models that the provider does not know."""
    document = prompt.unseal()
    values = document.values
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.wire_model)}
    if "provider" in document.values:
        changes["provider"] = None
    changes |= members.nulls(values, KEEPING)
    changes |= _without_usage(values)
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


def _without_usage(values: Mapping[str, Any]) -> dict[str, bytes | None]:
    """The change for `stream_options.include_usage`, which belongs to Chat Completions: usage comes unasked here."""
    options = values.get("stream_options")
    if not isinstance(options, dict) or "include_usage" not in options:
        return {}
    rest = {name: value for name, value in options.items() if name != "include_usage"}
    return {"stream_options": orjson.dumps(rest) if rest else None}


def _ordered(values: Mapping[str, Any], orders: RequestOverrides) -> Iterable[tuple[str, bytes | None]]:
    """Switches storing off unless the client asks for it, under every policy: the route was judged for a request that
    leaves nothing behind, and the provider stores by default (`null` does not switch it off). A background request is
    judged as one that stores, and no provider runs it without storing."""
    if values.get("store") is None and not values.get("background"):
        yield "store", b"false"
    if orders.output_limit is not None:
        yield "max_output_tokens", str(orders.output_limit).encode()
    if orders.tool_calls is not None and values.get("max_tool_calls") is None:
        yield "max_tool_calls", str(orders.tool_calls).encode()


def _needs(values: Mapping[str, Any]) -> Iterable[Need]:
    shape = members.table(values, "text").get("format")
    if isinstance(shape, dict) and shape.get("type") == "json_schema":
        yield Need.STRUCTURED_OUTPUT
    if members.table(values, "reasoning").get("effort") not in (None, "none", "minimal"):
        yield Need.REASONING
