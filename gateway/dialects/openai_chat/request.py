"""Chat Completions requests: bytes to a Demand and a sealed Prompt, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand, Need
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.dialect import Misaddressed, Rendered, RequestOverrides
from gateway.dialects.generation_bound import generation_bound
from gateway.dialects.openai.stream import usage_included
from gateway.dialects.openai_chat.signatures import without_foreign
from gateway.dialects.openai_chat.survey import MEMBERS, REQUEST
from gateway.dialects.openai_chat.tools import nested
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.service_tiers import demanded_terms
from gateway.dialects.shapes import surveyed
from gateway.dialects.signatures import without_signatures
from gateway.dialects.token_bound import TOOLS_TOKENS, tokens_at_most

NAME: Final = "openai_chat"
PATH: Final = "/chat/completions"

_FOLDED: Final = {name.casefold(): name for name in MEMBERS}


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    Misaddressed for a request of Responses.
    """
    document = strict_json.read(body)
    values = document.values
    if "messages" not in values and "input" in values:  # Cursor sends it, and reads a completion
        raise Misaddressed("openai_responses")
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    members.demand(values, "messages", "a list of at least one message")
    findings = surveyed(REQUEST, values, snapshot.organisation.harmless)
    needs = frozenset({*findings.needs, *_needs(values)})
    elsewhere = findings.remote_tokens + TOOLS_TOKENS * (Need.TOOLS in needs)
    most = generation_bound(values)
    demand = Demand(
        dialect=NAME,
        operation=head.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=members.flag(values, "stream"),
        input_tokens=tokens_at_most(body, findings.pictures, elsewhere, snapshot),
        output_tokens=_output_limit(values),
        choices=members.count(values, "n", most=128) or 1,
        candidates=most.candidates,
        least_output=most.least_output,
        needs=needs,
        features=frozenset(findings.features),
        terms=demanded_terms(values.get("service_tier")),
        tools=findings.tool_calls(),
        unlisted=tuple(findings.unlisted),
        alias=named.alias,
        narrowing=members.narrowed(values, head.policy, snapshot),
    )
    return demand, Prompt(document, head)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name, what policy and books order, and proofs of
    thoughts that the provider could not know."""
    document = prompt.unseal()
    values, connection = document.values, route.provider.connection
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.wire_model)}
    if "provider" in document.values:
        changes["provider"] = None
    if demand.streaming and connection.stream_usage == "option":
        changes |= usage_included(prompt)
    if values.get("store") is None and (connection.accepts_store or "store" in values):
        changes["store"] = b"false" if connection.accepts_store else None  # null is the account's default, not a no
    if orders.output_limit is not None:
        limits = [name for name in _LIMITS if name in document.values]
        changes |= dict.fromkeys(limits or [connection.output_limit], str(orders.output_limit).encode())
    if (tools := nested(values.get("tools"))) is not None:
        changes["tools"] = orjson.dumps(tools)
    hidden, dropped = identifiers.hidden(values, orders.pseudonym)
    changes |= hidden
    if (messages := without_foreign(values["messages"], lenient=connection.lenient)) is not None:
        changes["messages"] = orjson.dumps(messages)
        dropped = (*dropped, "thought")
    body = strict_json.spliced(document, changes, _renamed_limit(values, connection.output_limit))
    return Rendered(PATH, without_signatures(body), dropped=dropped)


_LIMITS: Final = ("max_completion_tokens", "max_tokens")


def _renamed_limit(values: Mapping[str, Any], name_there: str) -> dict[str, str]:
    """One limit has two names, and providers know one of them: the name is changed, the number never."""
    present = [name for name in _LIMITS if name in values]
    return {present[0]: name_there} if len(present) == 1 and present[0] != name_there else {}


def _needs(values: Mapping[str, Any]) -> Iterable[Need]:
    if values.get("tools") or values.get("functions"):
        yield Need.TOOLS
    shape = values.get("response_format")
    if isinstance(shape, dict) and shape.get("type") == "json_schema":
        yield Need.STRUCTURED_OUTPUT
    if values.get("reasoning_effort") not in (None, "none", "minimal"):
        yield Need.REASONING
    if members.flag(values, "stream"):
        yield Need.STREAMING


def _output_limit(values: Mapping[str, Any]) -> int | None:
    limits = [limit for name in _LIMITS if (limit := members.count(values, name)) is not None]
    return max(limits, default=None)
