"""Conversations and replies that Responses can carry without loss."""

from __future__ import annotations

import base64
import string
from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage
from gateway.dialects.neutral import (
    Answer,
    Call,
    Conversation,
    Media,
    Part,
    Reasoning,
    Reply,
    Result,
    Role,
    Sampling,
    Score,
    Shape,
    StopReason,
    Text,
    Thought,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.openai_responses.request import NAME
from gateway.dialects.openai_responses.usage import ResponsesUsage, metered, usage_object

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=12)
encoded = st.binary(min_size=1, max_size=8).map(lambda raw: base64.b64encode(raw).decode())
schemas = st.fixed_dictionaries({"type": st.just("object"), "title": words, "properties": st.just({})})
arguments = st.sampled_from(["{}", '{"a": 1}', '{"b":{"c":[true,null,"é"]}}'])
numbers = st.none() | st.floats(0, 1) | st.integers(0, 2)

texts = st.builds(Text, words)
details = st.sampled_from(["", "low", "high"])
pictures = st.builds(Media, st.just("image"), st.just("image/png"), encoded, detail=details) | st.builds(
    Media, st.just("image"), url=st.just("https://pictures.test/a.png"), detail=details
)
documents = st.builds(
    Media, st.just("document"), st.just("application/pdf"), encoded, name=st.just("a.pdf"), detail=details
) | st.builds(Media, st.just("document"), url=st.just("https://pictures.test/a.pdf"), name=st.sampled_from(["", "a"]))
shown = st.lists(texts | pictures | documents, min_size=1, max_size=3).map(tuple)
thoughts = st.builds(
    lambda text, id_, sealed: Thought(text, f"{id_}:{sealed}", NAME, redacted=not text),
    st.just("") | words,
    st.sampled_from(["", "rs_1"]),
    words,
)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Turn]:
    """A user's turn, the answer to it, and the results of what it called."""
    calls = [Call(f"call_{draw(names)}{n}", draw(names), draw(arguments)) for n in range(draw(st.integers(0, 2)))]
    said: list[Part] = [draw(thoughts)] if draw(st.booleans()) else []
    said += draw(st.lists(texts, min_size=0 if calls else 1, max_size=2))
    results = [Result(c.id, draw(st.just(()) | shown), c.name) for c in draw(st.permutations(calls))]
    answered = [Turn(Role.USER, tuple(results))] if results else []
    return [Turn(Role.USER, draw(shown)), Turn(Role.ASSISTANT, (*said, *calls)), *answered]


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    described = st.builds(Tool, names, words | st.just(""), schemas, st.booleans())
    tools = draw(st.lists(described, max_size=3, unique_by=lambda tool: tool.name))
    system = [Turn(Role.SYSTEM, (draw(texts),)) for _ in range(draw(st.integers(0, 2)))]
    return Conversation(
        turns=(*system, *(turn for turns in draw(st.lists(exchanges(), min_size=1, max_size=3)) for turn in turns)),
        tools=tuple(tools),
        tool_choice=draw(st.none() | choices([tool.name for tool in tools])) if tools else None,
        shape=draw(st.none() | st.just(Shape()) | st.builds(Shape, schemas, names, words, st.none() | st.booleans())),
        reasoning=draw(st.none() | reasonings),
        sampling=draw(st.builds(Sampling, numbers, numbers, logprobs=st.none() | st.integers(0, 20))),
        output_limit=draw(st.none() | st.integers(1, 9_999)),
        streaming=draw(st.booleans()),
        tier=draw(st.sampled_from(["", "flex"])),
        user=draw(st.just("") | names),
        cache_key=draw(st.just("") | names),
    )


reasonings = st.builds(
    Reasoning, st.none() | st.sampled_from(["none", "minimal", "max"]), st.none(), st.none() | st.just(True)
).filter(lambda reasoning: reasoning != Reasoning())


def choices(known: list[str]) -> st.SearchStrategy[ToolChoice]:
    named: st.SearchStrategy[Any] = st.lists(st.sampled_from(known), min_size=1, unique=True).map(tuple)
    parallel = st.none() | st.booleans()
    plain = st.builds(ToolChoice, st.sampled_from(["auto", "none", "required"]), parallel=parallel)
    return plain | st.builds(ToolChoice, st.just("named"), named, parallel)


scores = st.builds(Score, words, st.floats(-9, 0), st.lists(st.tuples(words, st.floats(-9, 0)), max_size=2).map(tuple))


def reasoned(text: str, signature: str, redacted: bool) -> Thought:
    """A thought as a reader of some other dialect leaves it: signed in an envelope, or not at all."""
    if not text:
        return Thought("", f"scsig.anthropic_messages.{signature or 'x'}", redacted=redacted)
    return Thought(text, f"scsig.anthropic_messages.{signature}" if signature else "")


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """A thought, words, a picture and calls, in that order; scores only beside words, a refusal without calls."""
    thought = st.builds(reasoned, st.just("") | words, st.just("") | names, st.booleans())
    calls = [Call(f"call_{n}", draw(names), draw(arguments)) for n in range(draw(st.integers(0, 2)))]
    before: list[Text | Media | Thought | Call] = [draw(thought)] if draw(st.booleans()) else []
    spoken = draw(st.booleans())
    before += [draw(texts)] if spoken else []
    before += [Media("image", "image/png", "iVBORw0KGgo=")] if draw(st.booleans()) else []
    refusal = "" if calls else draw(st.just("") | words)
    stops = [StopReason.CALLS] if calls else [StopReason.END] if refusal else [StopReason.END, StopReason.FILTERED]
    found = draw(st.lists(scores, max_size=2)) if spoken else []
    return Answer((*before, *calls), draw(st.sampled_from([*stops, StopReason.LENGTH])), "", tuple(found), refusal)


counts = st.integers(0, 1_000)
usages = st.builds(
    Usage,
    input=counts,
    cache_read=counts,
    cache_write_30m=counts,
    cache_write_12h=counts,
    output=counts,
    reasoning=counts,
)


def as_reported(usage: Usage) -> Metered:
    """What a provider that states this usage is understood to have reported."""
    found = metered(msgspec.convert(usage_object(usage), ResponsesUsage))
    assert found is not None
    return found


def tiered(usage: Usage, tier: str) -> Metered:
    """The same, of a provider that states its service tier."""
    return replace(as_reported(usage), tier=tier)


replies = st.builds(
    Reply,
    answers().map(lambda answer: (answer,)),
    st.builds(tiered, usages, st.sampled_from(["default", "priority"])),
)
