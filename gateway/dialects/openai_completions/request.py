"""Text completions: bytes to a Demand and a sealed Prompt, and the bytes that travel upstream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from gateway.core.catalog import Route
from gateway.core.demand import Demand, Need
from gateway.core.errors import InvalidRequest
from gateway.core.operation import COMPLETIONS
from gateway.core.snapshot import Snapshot
from gateway.dialects import identifiers, members, strict_json
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.generation_bound import generation_bound
from gateway.dialects.openai.stream import usage_included
from gateway.dialects.openai_completions.survey import MEMBERS, REQUEST
from gateway.dialects.prompt import Prompt, PromptHead
from gateway.dialects.shapes import surveyed

NAME: Final = "openai_completions"
PATH: Final = "/completions"
CHOICES_MOST: Final = 128
"""Completions in one reply: those of each prompt, over all prompts."""

_FOLDED: Final = {name.casefold(): name for name in MEMBERS}


def accept(body: bytes, head: PromptHead, snapshot: Snapshot) -> tuple[Demand, Prompt]:
    """The two halves of a request: what may be logged, and what may not.

    InvalidRequest with an offset or a field; ModelNotFound with near names. Neither repeats what the client wrote.
    """
    document = strict_json.read(body)
    values = document.values
    members.no_lookalikes(values, _FOLDED)
    named = members.model(values.get("model"), snapshot)
    prompts = _prompts(values.get("prompt"))
    findings = surveyed(REQUEST, values, snapshot.organisation.harmless)
    streaming = members.flag(values, "stream")
    most = generation_bound(values)
    demand = Demand(
        dialect=NAME,
        operation=COMPLETIONS,
        model=named.model,
        pinned=named.pinned,
        streaming=streaming,
        input_tokens=len(body),
        output_tokens=members.count(values, "max_tokens", least=0),
        choices=_choices(prompts, members.count(values, "n", most=CHOICES_MOST) or 1),
        candidates=prompts * most.candidates,
        least_output=most.least_output,
        needs=frozenset({*findings.needs, *([Need.STREAMING] if streaming else [])}),
        features=frozenset(findings.features),
        unlisted=tuple(findings.unlisted),
        alias=named.alias,
        narrowing=members.narrowed(values, head.policy, snapshot),
    )
    return demand, Prompt(document, head)


def passed(prompt: Prompt, demand: Demand, route: Route, orders: RequestOverrides) -> Rendered:
    """The body for `route`: the client's bytes but for the model's name and what policy and books order."""
    document, connection = prompt.unseal(), route.provider.connection
    changes: dict[str, bytes | None] = {"model": orjson.dumps(route.wire_model)}
    if "provider" in document.values:
        changes["provider"] = None
    if demand.streaming and connection.stream_usage == "option":
        changes |= usage_included(prompt)
    if orders.output_limit is not None:
        changes["max_tokens"] = str(orders.output_limit).encode()
    hidden, dropped = identifiers.hidden(document.values, orders.pseudonym)
    return Rendered(PATH, strict_json.spliced(document, changes | hidden, {}), dropped=dropped)


def _choices(prompts: int, each: int) -> int:
    if prompts * each > CHOICES_MOST:
        raise InvalidRequest(
            f"`prompt` and `n` together must ask for at most {CHOICES_MOST} completions.", field="n", limit=CHOICES_MOST
        )
    return prompts * each


def _prompts(value: object) -> int:
    """The number of prompts: texts or token ids, one of them alone or a list."""
    many = value if isinstance(value, list) and not _is_tokens(value) else [value]
    if not many or not all(isinstance(one, str) or _is_tokens(one) for one in many):
        raise InvalidRequest(
            "`prompt` must be a string or a list of token ids, or a list of such.",
            field="prompt",
        )
    return len(many)


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(token) is int and token >= 0 for token in value)


def is_text(values: Mapping[str, Any]) -> bool:
    """Whether every prompt is a text."""
    prompt = values.get("prompt")
    return all(isinstance(one, str) for one in (prompt if isinstance(prompt, list) else [prompt]))
