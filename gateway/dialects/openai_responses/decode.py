"""Responses requests, read into the neutral form: what concerns the conversation as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from gateway.dialects import members
from gateway.dialects.neutral import Conversation, Effort, Reasoning, Sampling, Shape
from gateway.dialects.openai_responses.content import fault
from gateway.dialects.openai_responses.survey import KEEPING
from gateway.dialects.openai_responses.tools import offered
from gateway.dialects.openai_responses.turns import turns
from gateway.dialects.prompt import Prompt

SEALED: Final = "reasoning.encrypted_content"
SCORES: Final = "message.output_text.logprobs"
"""Value of `include` that other dialects can serve."""

_CARRIED: Final = frozenset(
    "model provider input instructions stream stream_options max_output_tokens tools tool_choice parallel_tool_calls "
    "text reasoning include temperature top_p top_logprobs presence_penalty frequency_penalty service_tier user "
    "safety_identifier prompt_cache_key".split()
)
"""Members that the neutral form has a place for. Any other is lost, and named."""

_IDLE: Final[Mapping[str, tuple[object, ...]]] = {
    "background": (False,),
    "background_options": ({},),
    "client_metadata": ({},),
    "context_management": ([],),
    "metadata": ({},),
    "prompt_cache_options": ({},),
    "prompt_cache_retention": ("in_memory",),
    "store": (False,),
    "truncation": ("disabled",),
}
"""Values that say nothing which would not hold anyway."""

_EFFORTS: Final = get_args(Effort)


def conversation(prompt: Prompt) -> Conversation:
    """The neutral form. InvalidRequest, with the field, for what no other dialect could be told."""
    values = {name: value for name, value in prompt.unseal().values.items() if value is not None}
    _nothing_kept(values)
    conversation_turns, lost_in_turns = turns(members.text(values, "instructions"), values.get("input"))
    tools = offered(values)
    return Conversation(
        turns=conversation_turns,
        tools=tools.tools,
        tool_choice=tools.choice,
        shape=_shape(members.table(values, "text").get("format")),
        reasoning=_reasoning(members.table(values, "reasoning")),
        sampling=_sampling(values),
        output_limit=members.count(values, "max_output_tokens"),
        streaming=members.flag(values, "stream"),
        tier="" if values.get("service_tier") == "auto" else members.text(values, "service_tier"),
        user=members.text(values, "safety_identifier") or members.text(values, "user"),
        cache_key=members.text(values, "prompt_cache_key"),
        lost=tuple(dict.fromkeys([*lost_in_turns, *tools.lost, *_lost(values)])),
    )


def included(values: Mapping[str, Any], what: str) -> bool:
    """Whether the client asked for it in `include`."""
    listed = values.get("include")
    return isinstance(listed, list) and what in listed


def _nothing_kept(values: Mapping[str, Any]) -> None:
    for name in KEEPING:
        if name in values:
            raise fault(name, "refers to what one provider keeps, and nothing is kept here: send all of it as `input`")
    if members.flag(values, "background"):
        raise fault("background", "needs a provider that keeps the response, and nothing is kept here")


def _lost(values: Mapping[str, Any]) -> Iterable[str]:
    names = [name for name, value in values.items() if value not in _IDLE.get(name, ())]
    yield from members.unlisted(names, _CARRIED, frozenset())
    if any(what not in (SEALED, SCORES) for what in members.rows(values, "include")):
        yield "include"
    if values.get("top_logprobs") and not included(values, SCORES):
        yield "top_logprobs"
    if members.table(values, "text").get("verbosity") not in (None, "medium"):
        yield "text.verbosity"
    for name, idle in (("context", "auto"), ("mode", "standard")):
        if members.table(values, "reasoning").get(name) not in (None, idle):
            yield f"reasoning.{name}"
    if members.table(values, "stream_options").get("include_obfuscation"):
        yield "stream_options.include_obfuscation"
    if "user" in values and "safety_identifier" in values:
        yield "user"


def _shape(form: Any) -> Shape | None:
    match form:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return Shape()
        case {"type": "json_schema", "schema": dict(schema)}:
            strict = form.get("strict")
            if not isinstance(strict, bool | None):
                raise fault("text.format", "must say true or false for strict")
            return Shape(schema, members.text(form, "name"), members.text(form, "description"), strict)
    raise fault("text.format", "must be of type text or json_object, or of type json_schema with a schema")


def _reasoning(options: Mapping[str, Any]) -> Reasoning | None:
    effort, summary = options.get("effort"), options.get("summary") or options.get("generate_summary")
    if effort is not None and effort not in _EFFORTS:
        raise fault("reasoning.effort", f"must be one of {', '.join(_EFFORTS)}")
    reasoning = Reasoning(effort, visible=True if summary else None)
    return None if reasoning == Reasoning() else reasoning


def _sampling(values: Mapping[str, Any]) -> Sampling:
    top = members.count(values, "top_logprobs", least=0, most=20)
    return Sampling(
        temperature=members.number(values, "temperature"),
        top_p=members.number(values, "top_p"),
        presence_penalty=members.number(values, "presence_penalty"),
        frequency_penalty=members.number(values, "frequency_penalty"),
        logprobs=(top or 0) if included(values, SCORES) else None,
    )
