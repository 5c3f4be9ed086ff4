"""Conversations and replies that generateContent can carry without loss."""

from __future__ import annotations

import base64
import string
from dataclasses import replace

import msgspec
from hypothesis import settings
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage
from gateway.dialects import signatures
from gateway.dialects.google.usage import GoogleUsage, metered
from gateway.dialects.google_generate.signatures import NAME
from gateway.dialects.google_generate.usage import written
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

UNKEPT = settings(database=None, deadline=None)
"""Of every law about content: no example of it is kept."""

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.text(string.ascii_letters + "_", min_size=1, max_size=12)
encoded = st.binary(min_size=1, max_size=8).map(lambda raw: base64.b64encode(raw).decode())
signed = st.binary(min_size=1, max_size=8).map(lambda raw: base64.b64encode(b"\n" + raw).decode())
schemas = st.fixed_dictionaries({"type": st.just("object"), "title": words})
arguments = st.sampled_from(["{}", '{"a":1}', '{"b":{"c":[true,null,"é"]}}'])
numbers = st.none() | st.floats(0, 1) | st.integers(0, 2)

texts = st.builds(Text, words)
media = (
    st.builds(Media, st.just("image"), st.just("image/png"), encoded)
    | st.builds(Media, st.just("audio"), st.just("audio/wav"), encoded)
    | st.builds(Media, st.just("document"), st.just("application/pdf"), encoded)
    | st.builds(Media, st.just("video"), st.just("video/mp4"), url=st.just("https://films.test/a.mp4"))
)
thoughts = st.builds(Thought, st.just("") | words, signed, st.just(NAME))


@st.composite
def exchanges(draw: st.DrawFn) -> list[Turn]:
    """A user's turn, the answer to it, and the results of what it called."""
    calls = [
        Call(f"call_{draw(names)}{n}", draw(names), draw(arguments), draw(st.just("") | signed))
        for n in range(draw(st.integers(0, 2)))
    ]
    said: list[Part] = draw(st.lists(thoughts | texts | media, max_size=3))
    said += [] if calls or said else [draw(texts)]
    thoughtful = draw(st.booleans())
    said += [Thought(draw(words))] if calls and thoughtful else []
    results = [Result(call.id, (draw(texts),), call.name, draw(st.booleans())) for call in calls]
    turns = [Turn(Role.USER, tuple(draw(st.lists(texts | media, min_size=1, max_size=3))))]
    return [*turns, Turn(Role.ASSISTANT, (*said, *calls)), *([Turn(Role.USER, tuple(results))] if results else [])]


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    tools = draw(st.lists(st.builds(Tool, names, words | st.just(""), schemas), max_size=3, unique_by=lambda t: t.name))
    chosen = st.sampled_from(["auto", "none", "required"]).map(ToolChoice)  # type: ignore[arg-type]
    named = st.just(ToolChoice("named", tuple(tool.name for tool in tools)))
    system = [Turn(Role.SYSTEM, tuple(draw(st.lists(texts, min_size=1, max_size=2))))] if draw(st.booleans()) else []
    efforts = st.sampled_from(["minimal", "low", "medium", "high", "xhigh"])
    return Conversation(
        turns=(*system, *(turn for turns in draw(st.lists(exchanges(), min_size=1, max_size=3)) for turn in turns)),
        tools=tuple(tools),
        tool_choice=draw(st.none() | chosen | named) if tools else None,
        shape=draw(st.none() | st.just(Shape()) | st.builds(Shape, schemas, binding=st.just(True))),
        reasoning=draw(
            st.none()
            | st.builds(Reasoning, efforts, visible=st.none() | st.booleans())
            | st.builds(Reasoning, budget=st.integers(1, 9_999))
        ),
        sampling=draw(
            st.builds(
                Sampling,
                temperature=numbers,
                top_p=numbers,
                top_k=st.none() | st.integers(1, 100),
                seed=st.none() | st.integers(-9, 9),
                presence_penalty=numbers,
                frequency_penalty=numbers,
                logprobs=st.none() | st.integers(0, 20),
                stop=st.lists(words, max_size=5).map(tuple),
            )
        ),
        output_limit=draw(st.none() | st.integers(1, 9_999)),
        choices=draw(st.integers(1, 8)),
        streaming=draw(st.booleans()),
        tier=draw(st.sampled_from(["", "default", "flex", "priority"])),
    )


scores = st.builds(Score, words, st.floats(-9, 0), st.lists(st.tuples(words, st.floats(-9, 0)), max_size=2).map(tuple))


def _envelope(thought: Thought) -> Thought:
    """As readers tell of it: the signature says itself who made it."""
    return Thought(thought.text, signatures.enveloped(thought.signature, "anthropic_messages"))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """Two texts or two thoughts beside each other would be one."""
    calls = [Call(f"call_{n}", draw(names), draw(arguments), "") for n in range(draw(st.integers(0, 2)))]
    calls += [Call("signed", "f", "{}", draw(signed))] if draw(st.booleans()) else []
    before: list[Text | Media | Thought | Call] = [draw(st.builds(Thought, words) | thoughts.map(_envelope))]
    before = before if draw(st.booleans()) else []
    before += [draw(texts)] if draw(st.booleans()) else []
    before += [draw(media)] if draw(st.booleans()) else []
    stop = (
        StopReason.CALLS if calls else draw(st.sampled_from([StopReason.END, StopReason.LENGTH, StopReason.FILTERED]))
    )
    return Answer((*before, *calls), stop, scores=tuple(draw(st.lists(scores, max_size=2))))


counts = st.integers(0, 1_000)
usages = st.builds(
    Usage,
    input=counts,
    cache_read=counts,
    output=counts,
    reasoning=counts,
    audio_in=counts,
    audio_out=counts,
    image_in=counts,
    image_out=counts,
)


def as_reported(usage: Usage) -> Metered:
    """What a provider that states this usage is understood to have reported."""
    found = metered(msgspec.convert(written(usage), GoogleUsage))
    assert found is not None
    return found


def tiered(usage: Usage, tier: str) -> Metered:
    """The same, of a provider that states its service tier."""
    return replace(as_reported(usage), tier=tier)


replies = st.builds(
    Reply,
    st.lists(answers(), min_size=1, max_size=3).map(tuple),
    st.builds(tiered, usages, st.sampled_from(["", "flex", "priority"])),
)
