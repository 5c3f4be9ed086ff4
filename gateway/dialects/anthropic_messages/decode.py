"""Messages requests, read into the neutral form: what concerns the conversation as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from gateway.dialects import members
from gateway.dialects.anthropic_messages import request
from gateway.dialects.anthropic_messages.content import fault
from gateway.dialects.anthropic_messages.request import shape
from gateway.dialects.anthropic_messages.tools import offered
from gateway.dialects.anthropic_messages.turns import turns
from gateway.dialects.neutral import Conversation, Effort, Reasoning, Sampling, Shape
from gateway.dialects.prompt import Prompt

_CARRIED: Final = frozenset(
    "model provider messages max_tokens system stream temperature top_p top_k stop_sequences tools tool_choice "
    "thinking output_config output_format metadata service_tier".split()
)
"""Members that the neutral form has a place for. Any other is lost, and named."""

_IDLE: Final[Mapping[str, tuple[object, ...]]] = {
    "context_management": ({}, {"edits": []}),
    "inference_geo": ("global",),
    "mcp_servers": ([],),
    "speed": ("standard",),
}
"""Values that say nothing which would not hold anyway."""

_TIERS: Final[Mapping[str, str]] = {"auto": "", "standard_only": "default"}
_EFFORTS: Final = tuple(effort for effort in get_args(Effort) if effort not in ("none", "minimal"))
_DISPLAYS: Final[Mapping[str, bool]] = {"summarized": True, "omitted": False}

BY_ITSELF: Final[Effort] = "high"
"""Anthropic: to state no effort means this one."""


def conversation(prompt: Prompt) -> Conversation:
    """The neutral form. InvalidRequest, with the field, for what no other dialect could be told."""
    values = {name: value for name, value in prompt.unseal().values.items() if value is not None}
    conversation_turns, lost_in_turns = turns(values)
    tools = offered(values)
    return Conversation(
        turns=conversation_turns,
        tools=tools.tools,
        tool_choice=tools.choice,
        shape=_shape(shape(values)),
        reasoning=_reasoning(values),
        sampling=_sampling(values),
        output_limit=members.count(values, "max_tokens"),
        streaming=members.flag(values, "stream"),
        tier=_tier(members.text(values, "service_tier")),
        user=members.text(members.table(values, "metadata"), "user_id"),
        lost=tuple(dict.fromkeys([*lost_in_turns, *tools.lost, *_lost(values, prompt.head.betas)])),
    )


def _lost(values: Mapping[str, Any], asked_betas: tuple[str, ...]) -> Iterable[str]:
    names = [name for name, value in values.items() if value not in _IDLE.get(name, ())]
    yield from members.unlisted(names, _CARRIED, frozenset())
    if members.table(values, "output_config").get("task_budget") is not None:
        yield "output_config.task_budget"
    if any(request.unlisted_betas(asked_betas, frozenset())):
        yield request.BETA_HEADER


def _tier(word: str) -> str:
    """In OpenAI's words."""
    if word and word not in _TIERS:
        raise fault("service_tier", f"must be one of {', '.join(_TIERS)}")
    return _TIERS.get(word, "")


def _shape(form: object) -> Shape | None:
    match form:
        case None:
            return None
        case {"type": "json_schema", "schema": dict(schema)}:
            return Shape(schema, binding=True)
        case _:
            raise fault("output_config.format", "must be of type json_schema, with a schema")


def _reasoning(values: Mapping[str, Any]) -> Reasoning | None:
    """A budget where the client states one; else the effort, which holds without thinking too."""
    thinking, effort = members.table(values, "thinking"), _effort(values)
    match thinking.get("type"):
        case None:
            return Reasoning(effort) if effort is not None else None
        case "disabled" | "between_tools":
            return Reasoning("none")
        case "adaptive":
            return Reasoning(effort or BY_ITSELF, visible=_visible(thinking))
        case "enabled":
            shown = _visible(thinking)
            return Reasoning(effort, members.count(thinking, "budget_tokens"), shown is not False)
        case _:
            raise fault("thinking", "must be of type enabled, adaptive, between_tools or disabled")


def _visible(thinking: Mapping[str, Any]) -> bool | None:
    display = members.text(thinking, "display")
    if display and display not in _DISPLAYS:
        raise fault("thinking", f"must have a display that is one of {', '.join(_DISPLAYS)}")
    return _DISPLAYS.get(display)


def _effort(values: Mapping[str, Any]) -> Effort | None:
    """The one that holds for the answer: system messages may change it from their place on."""
    places = [values, *(message for message in values["messages"] if message.get("role") == "system")]
    efforts = [members.table(place, "output_config").get("effort") for place in places]
    effort = next((effort for effort in reversed(efforts) if effort is not None), None)
    if effort is not None and effort not in _EFFORTS:
        raise fault("output_config.effort", f"must be one of {', '.join(_EFFORTS)}")
    return effort


def _sampling(values: Mapping[str, Any]) -> Sampling:
    stops = members.rows(values, "stop_sequences")
    if not all(isinstance(stop, str) and stop for stop in stops):
        raise fault("stop_sequences", "must be a list of strings")
    return Sampling(
        temperature=members.number(values, "temperature"),
        top_p=members.number(values, "top_p"),
        top_k=members.count(values, "top_k", least=0) or None,
        stop=tuple(stops),
    )
