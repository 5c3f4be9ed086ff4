"""Requests read into the neutral form: what concerns the conversation as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.dialects import members
from gateway.dialects.google.fields import GoogleObject, fault
from gateway.dialects.google_generate.request import CHOICES_MOST, asked_for
from gateway.dialects.google_generate.schema import json_schema
from gateway.dialects.google_generate.survey import CONFIG
from gateway.dialects.google_generate.tools import offered
from gateway.dialects.google_generate.turns import turns
from gateway.dialects.neutral import Conversation, Effort, Reasoning, Sampling, Shape
from gateway.dialects.prompt import Prompt

_CARRIED: Final = frozenset(
    "contents systemInstruction tools toolConfig generationConfig serviceTier model provider".split()
)
_CONFIGURED: Final = frozenset(
    "temperature topP topK candidateCount maxOutputTokens stopSequences seed presencePenalty frequencyPenalty "
    "responseMimeType responseSchema responseJsonSchema responseLogprobs thinkingConfig responseModalities".split()
)
"""Members that the neutral form has a place for. Any other is lost, and named."""

_THOUGHT: Final = frozenset({"thinkingBudget", "thinkingLevel", "includeThoughts"})
_LEVELS: Final[Mapping[str, Effort | None]] = {
    "": None,
    "THINKING_LEVEL_UNSPECIFIED": None,
    "MINIMAL": "minimal",
    "LOW": "low",
    "MEDIUM": "medium",
    "HIGH": "high",
    "XHIGH": "xhigh",
}
_TIERS: Final[Mapping[str, str]] = {"": "", "UNSPECIFIED": "", "STANDARD": "default", "FLEX": "flex"}
_PLAIN: Final = frozenset({"", "text/plain"})
_JSON: Final = "application/json"
_MODALITIES: Final = {1: "TEXT", 2: "IMAGE", 3: "AUDIO"}
_SEEDS: Final = 2**31
_ALTERNATIVES: Final = 20


def conversation(prompt: Prompt) -> Conversation:
    """The neutral form. InvalidRequest, with the field, for what no other dialect could be told."""
    request = asked_for(prompt.unseal(), prompt.head)
    if request.raw("cachedContent"):
        raise fault(request.path("cachedContent"), "names what Google keeps, and no other provider can read")
    config = request.inner("generationConfig")
    conversation_turns, lost_in_turns = turns(request)
    tools = offered(request)
    tier = request.word("serviceTier", {})
    return Conversation(
        turns=conversation_turns,
        tools=tools.tools,
        tool_choice=tools.choice,
        shape=_shape(config),
        reasoning=_reasoning(config.inner("thinkingConfig")),
        sampling=_sampling(config),
        output_limit=config.count("maxOutputTokens"),
        choices=config.count("candidateCount", most=CHOICES_MOST) or 1,
        streaming=prompt.head.streaming,
        tier=_TIERS.get(tier, tier.lower()),
        lost=tuple(dict.fromkeys([*lost_in_turns, *tools.lost, *_lost(request, config)])),
    )


def _lost(request: GoogleObject, config: GoogleObject) -> Iterable[str]:
    yield from members.unlisted(_members_that_say_something(request), _CARRIED, frozenset())
    listed = CONFIG
    for name in members.unlisted(_members_that_say_something(config), _CONFIGURED, frozenset()):
        if name != "logprobs" or not config.flag("responseLogprobs"):
            yield name if name in listed or name.startswith("(") else f"generationConfig.{name}"
    thinking = config.inner("thinkingConfig")
    yield from (
        f"thinkingConfig.{name}"
        for name in members.unlisted(_members_that_say_something(thinking), _THOUGHT, frozenset())
    )
    if config.text("responseMimeType") not in (*_PLAIN, _JSON):
        yield "responseMimeType"
    if config.rows("responseModalities") and _modalities(config) != {"TEXT"}:
        yield "responseModalities"


def _members_that_say_something(holder: GoogleObject) -> list[str]:
    """The members that ask for anything: `false` and nothing at all do not."""
    return [name for name in holder if holder.raw(name) not in (False, [], {}, "")]


def _modalities(config: GoogleObject) -> set[str]:
    """InvalidRequest if words are not among them: then words are no answer."""
    modalities = {
        _MODALITIES.get(m, "") if isinstance(m, int) else str(m).upper() for m in config.rows("responseModalities")
    }
    if "TEXT" not in modalities:
        raise fault(config.path("responseModalities"), "must hold TEXT, for another provider to be of use")
    return modalities


def _shape(config: GoogleObject) -> Shape | None:
    if "responseJsonSchema" in config:
        return Shape(config.table("responseJsonSchema"), binding=True)
    media_type = config.text("responseMimeType")
    if "responseSchema" in config and media_type in (*_PLAIN, _JSON):
        return Shape(json_schema(config.raw("responseSchema"), config.path("responseSchema")), binding=True)
    return Shape() if media_type == _JSON else None


def _reasoning(thinking: GoogleObject) -> Reasoning | None:
    """A budget of -1 is Google's default: as much as the model sees fit."""
    level = thinking.word("thinkingLevel", {})
    if level not in _LEVELS:
        raise fault(thinking.path("thinkingLevel"), f"must be one of {', '.join(filter(None, _LEVELS))}")
    budget = thinking.count("thinkingBudget", least=-1)
    visible = thinking.flag("includeThoughts") if "includeThoughts" in thinking else None
    reasoning = Reasoning("none" if budget == 0 else _LEVELS[level], budget if budget and budget > 0 else None, visible)
    return None if reasoning == Reasoning() else reasoning


def _sampling(config: GoogleObject) -> Sampling:
    alternatives = config.count("logprobs", least=0, most=_ALTERNATIVES)
    return Sampling(
        temperature=config.number("temperature"),
        top_p=config.number("topP"),
        top_k=config.count("topK"),
        seed=config.count("seed", least=-_SEEDS, most=_SEEDS - 1),
        presence_penalty=config.number("presencePenalty"),
        frequency_penalty=config.number("frequencyPenalty"),
        logprobs=(alternatives or 0) if config.flag("responseLogprobs") else None,
        stop=config.texts("stopSequences"),
    )
