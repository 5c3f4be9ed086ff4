"""Messages requests: bytes to a Demand and a sealed Prompt, and the bytes for a route that speaks the dialect too.

A token of the header `anthropic-beta` mostly opens members, tool types and block types, and these are judged in the
body. KNOWN_BETAS lists the tokens that do nothing else: they neither keep state nor call out by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.anthropic_messages import signatures
from gateway.dialects.anthropic_messages.carriers import carrier_of
from gateway.dialects.anthropic_messages.parts import kind_of
from gateway.dialects.anthropic_messages.survey import MEMBERS, REFERENCES, REQUEST
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.generation_bound import generation_bound
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.service_tiers import demanded_terms
from gateway.dialects.shapes import surveyed
from gateway.dialects.signatures import without_signatures
from gateway.dialects.token_bound import OWN_TOOL_TOKENS, TOOLS_TOKENS, tokens_at_most

NAME: Final = "anthropic_messages"
PATH: Final = "/messages"
COUNTING_PATH: Final = "/messages/count_tokens"

VERSION_HEADER: Final = "anthropic-version"
VERSIONS: Final = ("2023-06-01", "2026-10-21")
"""Of the API. The first is what is said where the client says none, and what our own requests are written in."""

LEAST_BUDGET: Final = 1_024
"""Tokens of thinking, which count towards `max_tokens`: a smaller budget is refused."""

DEFAULT_OUTPUT: Final = 8_192
"""`max_tokens` for a client that states none, and a model of which nothing is known: the API demands one."""

BILLING: Final = "x-anthropic-billing-header:"
"""So begins a system block in which Claude Code tells Anthropic of itself; it changes with every request."""

_FOLDED: Final = {name.casefold(): name for name in MEMBERS}


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset, a field or a header; ModelNotFound with near names. Neither repeats what the client
    wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    _checked(head)
    named = members.model(values.get("model"), snapshot)
    members.demand(values, "messages", "a list of at least one message")
    findings = surveyed(REQUEST, values, snapshot.organisation.harmless)
    for beta in unlisted_betas(head.betas, snapshot.organisation.harmless):
        findings.name(beta)
    streaming = head.operation.streams and members.flag(values, "stream")
    most = generation_bound(values)
    demand = Demand(
        dialect=NAME,
        operation=head.operation,
        model=named.model,
        pinned=named.pinned,
        streaming=streaming,
        input_tokens=tokens_at_most(
            body, findings.pictures, findings.remote_tokens + _of_tools(findings.kinds), snapshot
        ),
        output_tokens=members.count(values, "max_tokens", least=0),
        candidates=most.candidates,
        least_output=most.least_output,
        needs=frozenset({*findings.needs, *_needs(values), *([Need.STREAMING] if streaming else [])}),
        features=frozenset(findings.features),
        terms=demanded_terms(values.get("service_tier"), values.get("inference_geo"), values.get("speed")),
        tools=findings.tool_calls(),
        unlisted=tuple(findings.unlisted),
        rests_on=tuple(findings.rests_on),
        narrowing=members.narrowed(values, head.policy, snapshot),
        alias=named.alias,
    )
    return demand, Prompt(document, head)


def _of_tools(kinds: set[str]) -> int:
    return TOOLS_TOKENS * bool(kinds) + OWN_TOOL_TOKENS * len(kinds - {"custom"})


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name, what policy and books order, and thoughts that
    Anthropic would refuse."""
    document, head = prompt.unseal(), prompt.head
    values = document.values
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.wire_model)}
    changes |= members.nulls(values, REFERENCES)
    if "provider" in document.values:
        changes["provider"] = None
    if demand.operation.generates and (orders.output_limit is not None or demand.output_tokens is None):
        limit = orders.output_limit or demand.output_limit(route, DEFAULT_OUTPUT)
        changes["max_tokens"] = str(limit).encode()
    if orders.tool_calls is not None and demand.operation.generates:
        changes |= _bounded(values.get("tools"), orders.tool_calls)
    hidden, dropped = identifiers.hidden(values, orders.pseudonym)
    changes |= hidden
    if (system := unbilled(values.get("system"))) is not values.get("system"):
        changes["system"] = orjson.dumps(system) if system else None
    if (messages := signatures.own(values["messages"])) is not None:
        changes["messages"] = orjson.dumps(messages)
        dropped = (*dropped, "thought")
    thinking = members.table(values, "thinking")
    if thinking.get("type") == "enabled":
        unproved = signatures.are_unproved(values["messages"] if messages is None else messages)
        changed, lost = _unthinking(values) if unproved else _budgeted(thinking, orders.output_limit, values)
        changes, dropped = changes | changed, (*dropped, *lost)
    headers = ((VERSION_HEADER, head.version or VERSIONS[0]), *beta_headers(head.betas))
    path = COUNTING_PATH if demand.operation.counts else PATH
    if (carrier := carrier_of(route)) is not None:
        carried = carrier.carry(route, head.betas, streaming=demand.streaming)
        changes |= {name: orjson.dumps(value) for name, value in carried.members.items()}
        changes |= {name: None for name in carrier.omits if name in changes or name in values}
        dropped = (*dropped, *carrier.dropped(values, head.betas))
        path, headers = carried.path, carried.headers
    changes |= {name: orjson.dumps(value) for name, value in route.provider.connection.sends.items()}
    dropped = (*dropped, *overruled(values, route))
    body = without_signatures(strict_json.spliced(document, changes, {}))
    return Rendered(path, body, headers, dropped)


def _bounded(tools: object, most: int) -> dict[str, bytes | None]:
    """The tools with a bound of the searches, where the client states none. Code runs in one container."""
    rows = tools if isinstance(tools, list) else []
    if not any(_is_unbounded(tool) for tool in rows):
        return {}
    return {"tools": orjson.dumps([{**tool, "max_uses": most} if _is_unbounded(tool) else tool for tool in rows])}


def _is_unbounded(tool: Any) -> bool:
    return kind_of(tool) == "web_search" and tool.get("max_uses") is None


def overruled(values: Mapping[str, Any], route: Route) -> tuple[str, ...]:
    """Members of the client's for which the record sends another value."""
    sends = route.provider.connection.sends
    return tuple(name for name, value in sends.items() if values.get(name) not in (None, value))


_Changes: TypeAlias = tuple[dict[str, bytes | None], tuple[str, ...]]
"""Members with their new values, and names of what is lost."""


def fitting_budget(budget: int, limit: int) -> int | None:
    """The budget for thinking that `max_tokens` leaves room for; None where no budget fits.

    If the budget does not fit, half of the limit is left for the answer.
    """
    if limit <= LEAST_BUDGET:
        return None
    return max(budget if budget < limit else limit // 2, LEAST_BUDGET)


def _budgeted(thinking: Mapping[str, Any], limit: int | None, values: Mapping[str, Any]) -> _Changes:
    """Thinking below a limit that is not the client's; as the client wrote it below its own (None)."""
    client_budget = members.count(thinking, "budget_tokens")
    if limit is None or client_budget is None or client_budget < limit:
        return {}, ()
    budget = fitting_budget(client_budget, limit)
    if budget is None:
        return _unthinking(values)
    return {"thinking": orjson.dumps({**thinking, "budget_tokens": budget})}, ("reasoning_budget",)


def _unthinking(values: Mapping[str, Any]) -> _Changes:
    """Thinking switched off, with the edits of the context that demand it."""
    managed = members.table(values, "context_management")
    edits = [edit for edit in members.rows(managed, "edits") if not _is_of_thoughts(edit)]
    changes: dict[str, bytes | None] = {"thinking": b'{"type":"disabled"}'}
    if len(edits) < len(members.rows(managed, "edits")):
        changes["context_management"] = orjson.dumps({**managed, "edits": edits}) if edits else None
    return changes, ("reasoning",)


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


def _checked(head: PromptHead) -> None:
    if head.version and head.version not in VERSIONS:
        raise InvalidRequest(
            f"The header {VERSION_HEADER} names no version of the API that is known here.",
            header=VERSION_HEADER,
            known=list(VERSIONS),
        )
    check_betas(head.betas)


def _needs(values: Mapping[str, Any]) -> Iterable[Need]:
    if shape(values) is not None:
        yield Need.STRUCTURED_OUTPUT
    # `adaptive` leaves it to the model whether to think, so that a model that cannot serves as well.
    if members.table(values, "thinking").get("type") == "enabled":
        yield Need.REASONING


def shape(values: Mapping[str, Any]) -> Any:
    """The form that the answer must have, where it stands today or where it stood in the beta; None if free."""
    form = members.table(values, "output_config").get("format")
    return form if form is not None else values.get("output_format")


BETA_HEADER: Final = "anthropic-beta"
BETAS_MOST: Final = 20

KNOWN_BETAS: Final = frozenset(
    # Of the official SDK's list (2.12.0).
    "code-execution-2025-05-22 compact-2026-01-12 compact-2026-09-04 computer-use-2024-10-22 computer-use-2025-01-24 "
    "computer-use-2025-11-24 context-1m-2025-08-07 context-management-2025-06-27 dev-full-thinking-2025-05-14 "
    "extended-cache-ttl-2025-04-11 fast-mode-2026-02-01 files-api-2025-04-14 inline-tools-2026-09-15 "
    "interleaved-thinking-2025-05-14 mcp-client-2025-04-04 mcp-client-2025-11-20 mcp-client-2026-09-15 "
    "mid-conversation-output-config-2026-07-01 message-threads-2026-08-12 mid-conversation-system-clear-at-2026-08-21 "
    "mid-conversation-tool-changes-2026-07-01 model-context-window-exceeded-2025-08-26 output-128k-2025-02-19 "
    "output-300k-2026-03-24 pdfs-2024-09-25 prompt-caching-2024-07-31 skills-2025-10-02 structured-outputs-2025-11-13 "
    "task-budgets-2026-03-13 thinking-binding-controls-2026-08-01 thinking-display-updates-2026-08-18 "
    "thinking-token-count-2026-05-13 token-counting-2024-11-01 token-efficient-tools-2025-02-19 "
    # Of older SDKs, and of agents.
    "adaptive-thinking-2026-01-28 advanced-tool-use-2025-11-20 claude-code-20250219 effort-2025-11-24 "
    "fine-grained-tool-streaming-2025-05-14 prompt-caching-scope-2026-01-05 redact-thinking-2026-02-12 "
    "tool-examples-2025-10-29 tool-search-tool-2025-10-19 web-fetch-2025-09-10 web-search-2025-03-05".split()
)

_OF_THE_KEY: Final = frozenset({"oauth-2025-04-20"})
"""They speak of the client's own credential, which does not travel either."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_DATED: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-\d{4}-\d{2}-\d{2}\Z")
"""The form of a beta's name. A name of another form does not come from Anthropic, and is not repeated."""


def check_betas(betas: Sequence[str]) -> None:
    """InvalidRequest for too many names of betas, and for a name that is not a token of HTTP."""
    if len(betas) > BETAS_MOST or not all(map(_TOKEN.match, betas)):
        raise InvalidRequest(f"The header {BETA_HEADER} may hold up to {BETAS_MOST} plain names.", header=BETA_HEADER)


def unlisted_betas(betas: Iterable[str], harmless: frozenset[str]) -> Iterable[str]:
    """Names of the betas that no table lists."""
    for beta in betas:
        if beta not in KNOWN_BETAS and beta not in _OF_THE_KEY and beta not in harmless:
            yield f"beta:{beta}" if _DATED.match(beta) else "(a beta whose name is not a plain word)"


def beta_headers(betas: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The header for a route that policy admitted with all that `unlisted_betas` names; none if nothing is left."""
    kept = dict.fromkeys(beta for beta in betas if beta not in _OF_THE_KEY)
    return ((BETA_HEADER, ",".join(kept)),) if kept else ()
