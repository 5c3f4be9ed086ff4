"""Chat Completions requests, read into the neutral form: what concerns the conversation as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from gateway.dialects import members
from gateway.dialects.neutral import Conversation, Effort, Reasoning, Sampling, Shape
from gateway.dialects.openai_chat.content import fault
from gateway.dialects.openai_chat.tools import offered
from gateway.dialects.openai_chat.turns import turns
from gateway.dialects.prompt import Prompt

_CARRIED: Final = frozenset(
    "model provider messages stream stream_options n max_tokens max_completion_tokens tools tool_choice "
    "parallel_tool_calls functions function_call response_format reasoning_effort reasoning include_reasoning "
    "enable_thinking thinking_budget temperature top_p top_k seed presence_penalty frequency_penalty logprobs "
    "top_logprobs stop service_tier user safety_identifier prompt_cache_key".split()
)
"""Members that the neutral form has a place for. Any other is lost, and named."""

_IDLE: Final[Mapping[str, tuple[object, ...]]] = {
    "chat_template_kwargs": ({}, {"enable_thinking": True}, {"enable_thinking": False}),
    "ignore_eos": (False,),
    "length_penalty": (1,),
    "logit_bias": ({},),
    "metadata": ({},),
    "min_p": (0,),
    "modalities": (["text"],),
    "prompt_cache_retention": ("in_memory", "in-memory"),
    "repetition_penalty": (1,),
    "skip_special_tokens": (True,),
    "store": (False,),
    "top_a": (0,),
    "verbosity": ("medium",),
}
"""Values that say nothing which would not hold anyway, or that are carried in another way."""

_EFFORTS: Final = get_args(Effort)
_SEEDS: Final = 2**63


def conversation(prompt: Prompt) -> Conversation:
    """The neutral form. InvalidRequest, with the field, for what no other dialect could be told."""
    values = {name: value for name, value in prompt.unseal().values.items() if value is not None}
    conversation_turns, lost_in_turns = turns(values.get("messages"))
    tools = offered(values)
    return Conversation(
        turns=conversation_turns,
        tools=tools.tools,
        tool_choice=tools.choice,
        shape=_shape(members.table(values, "response_format")),
        reasoning=_reasoning(values),
        sampling=_sampling(values),
        output_limit=_output_limit(values),
        choices=members.count(values, "n", most=128) or 1,
        streaming=members.flag(values, "stream"),
        tier="" if values.get("service_tier") == "auto" else members.text(values, "service_tier"),
        user=members.text(values, "safety_identifier") or members.text(values, "user"),
        cache_key=members.text(values, "prompt_cache_key"),
        lost=tuple(dict.fromkeys([*lost_in_turns, *tools.lost, *_lost(values)])),
    )


def _lost(values: Mapping[str, Any]) -> Iterable[str]:
    names = [name for name, value in values.items() if value not in _IDLE.get(name, ())]
    yield from members.unlisted(names, _CARRIED, frozenset())
    if values.get("top_logprobs") and not values.get("logprobs"):
        yield "top_logprobs"
    if members.table(values, "stream_options").get("include_obfuscation"):
        yield "stream_options.include_obfuscation"
    if "user" in values and "safety_identifier" in values:
        yield "user"


def _shape(form: Mapping[str, Any]) -> Shape | None:
    match form.get("type", "text"):
        case "text":
            return None
        case "json_object":
            return Shape()
        case "json_schema":
            return _schema(members.table(form, "json_schema"))
        case _:
            raise fault("response_format", "must be of type text, json_object or json_schema")


def _schema(form: Mapping[str, Any]) -> Shape:
    schema, strict = form.get("schema"), form.get("strict")
    if not isinstance(schema, dict) or not isinstance(strict, bool | None):
        raise fault("response_format", "must have a json_schema with a schema, and strict true or false")
    return Shape(schema, members.text(form, "name"), members.text(form, "description"), strict)


def _reasoning(values: Mapping[str, Any]) -> Reasoning | None:
    """OpenAI's `reasoning_effort`; the `reasoning` object of OpenRouter; the switches of Qwen's servers and vLLM."""
    options = members.table(values, "reasoning")
    effort = values.get("reasoning_effort", options.get("effort"))
    if effort is not None and effort not in _EFFORTS:
        raise fault("reasoning_effort", f"must be one of {', '.join(_EFFORTS)}")
    budget = members.count(values, "thinking_budget", least=0)
    if budget is None:
        budget = members.count(options, "max_tokens", least=0)
    reasoning = Reasoning(effort or _switched(values, options, budget), budget, _visible(values, options))
    return None if reasoning == Reasoning() else reasoning


def _switched(values: Mapping[str, Any], options: Mapping[str, Any], budget: int | None) -> Effort | None:
    """Thinking that is merely switched on or off. A budget says more than that it is on."""
    template = members.table(values, "chat_template_kwargs")
    switches = (values.get("enable_thinking"), template.get("enable_thinking"), options.get("enabled"))
    switch_value = next((switch for switch in switches if isinstance(switch, bool)), None)
    if switch_value is None:
        return None
    if not switch_value:
        return "none"
    return "medium" if budget is None else None


def _visible(values: Mapping[str, Any], options: Mapping[str, Any]) -> bool | None:
    if options.get("exclude") is not None:
        return not members.flag(options, "exclude")
    return members.flag(values, "include_reasoning") if "include_reasoning" in values else None


def _sampling(values: Mapping[str, Any]) -> Sampling:
    return Sampling(
        temperature=members.number(values, "temperature"),
        top_p=members.number(values, "top_p"),
        top_k=_top_k(values),
        seed=members.count(values, "seed", least=-_SEEDS, most=_SEEDS - 1),
        presence_penalty=members.number(values, "presence_penalty"),
        frequency_penalty=members.number(values, "frequency_penalty"),
        logprobs=_alternatives(values),
        stop=_stop(values.get("stop")),
    )


def _top_k(values: Mapping[str, Any]) -> int | None:
    """vLLM writes 0 or -1 for all of them."""
    return max(members.count(values, "top_k", least=-1) or 0, 0) or None


def _alternatives(values: Mapping[str, Any]) -> int | None:
    top = members.count(values, "top_logprobs", least=0, most=20)
    return (top or 0) if members.flag(values, "logprobs") else None


def _stop(options: object) -> tuple[str, ...]:
    stops = [options] if isinstance(options, str) and options else options or []
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop for stop in stops):
        raise fault("stop", "must be a string or a list of strings")
    return tuple(stops)


def _output_limit(values: Mapping[str, Any]) -> int | None:
    limits = (members.count(values, name) for name in ("max_completion_tokens", "max_tokens"))
    return max((limit for limit in limits if limit is not None), default=None)
