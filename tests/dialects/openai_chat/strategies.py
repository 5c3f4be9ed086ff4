"""Conversations and replies that Chat Completions can carry without loss."""

from __future__ import annotations

import base64
import string
from dataclasses import replace

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
from gateway.dialects.openai.usage import CompletionsUsage, metered
from gateway.dialects.openai_chat.usage import usage_object

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=12)
encoded = st.binary(min_size=1, max_size=8).map(lambda raw: base64.b64encode(raw).decode())
schemas = st.fixed_dictionaries({"type": st.just("object"), "title": words, "properties": st.just({})})
arguments = st.sampled_from(["{}", '{"a": 1}', '{"b":{"c":[true,null,"é"]}}'])
numbers = st.none() | st.floats(0, 1) | st.integers(0, 2)

texts = st.builds(Text, words)
pictures = st.builds(
    Media, st.just("image"), st.just("image/png"), encoded, detail=st.sampled_from(["", "low", "auto"])
) | st.builds(Media, st.just("image"), url=st.just("https://pictures.test/a.png"))
sounds = st.builds(Media, st.just("audio"), st.sampled_from(["audio/wav", "audio/mp3"]), encoded)
documents = st.builds(Media, st.just("document"), st.just("application/pdf"), encoded, name=st.just("a.pdf"))
shown = st.lists(texts | pictures | sounds | documents, min_size=1, max_size=3).filter(
    lambda parts: len(parts) == 1 or not all(isinstance(part, Text) for part in parts)
)
"""What a user says: words in one piece, or pieces of which one at least is no word."""


@st.composite
def exchanges(draw: st.DrawFn) -> list[Turn]:
    """A user's turn, the answer to it, and the results of what it called."""
    calls = [Call(f"call_{draw(names)}{n}", draw(names), draw(arguments)) for n in range(draw(st.integers(0, 2)))]
    thoughtful, talkative = draw(st.booleans()), draw(st.booleans())
    said: list[Part] = [Thought(draw(words))] if calls and thoughtful else []
    said += [draw(texts)] if not calls or talkative else []
    results = [Turn(Role.USER, (Result(call.id, (draw(texts),), call.name),)) for call in calls]
    return [Turn(Role.USER, tuple(draw(shown))), Turn(Role.ASSISTANT, (*said, *calls)), *results]


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    tools = draw(st.lists(st.builds(Tool, names, words | st.just(""), schemas), max_size=3, unique_by=lambda t: t.name))
    chosen = st.sampled_from(["auto", "none", "required"]).map(ToolChoice)  # type: ignore[arg-type]
    named = st.sampled_from([tool.name for tool in tools] or [""]).map(lambda name: ToolChoice("named", (name,)))
    system = [Turn(Role.SYSTEM, (draw(texts),))] if draw(st.booleans()) else []
    return Conversation(
        turns=(*system, *(turn for turns in draw(st.lists(exchanges(), min_size=1, max_size=3)) for turn in turns)),
        tools=tuple(tools),
        tool_choice=draw(st.none() | chosen | named) if tools else None,
        shape=draw(st.none() | st.just(Shape()) | st.builds(Shape, schemas, names, words, st.none() | st.booleans())),
        reasoning=draw(st.none() | st.sampled_from(["none", "low", "max"]).map(Reasoning)),  # type: ignore[arg-type]
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
        choices=draw(st.integers(1, 4)),
        streaming=draw(st.booleans()),
        tier=draw(st.sampled_from(["", "flex"])),
        user=draw(st.just("") | names),
        cache_key=draw(st.just("") | names),
    )


scores = st.builds(Score, words, st.floats(-9, 0), st.lists(st.tuples(words, st.floats(-9, 0)), max_size=2).map(tuple))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    calls = [Call(f"call_{n}", draw(names), draw(arguments)) for n in range(draw(st.integers(0, 2)))]
    before: list[Text | Media | Thought | Call] = [Thought(draw(words))] if draw(st.booleans()) else []
    before += [draw(texts)] if draw(st.booleans()) else []
    refusal = draw(st.just("") | words)
    ends = [StopReason.END, StopReason.LENGTH] if refusal else [StopReason.END, StopReason.LENGTH, StopReason.FILTERED]
    stop = StopReason.CALLS if calls else draw(st.sampled_from(ends))
    found = tuple(draw(st.lists(scores, max_size=2)))
    return Answer((*before, *calls), stop, scores=found, refusal=refusal)


counts = st.integers(0, 1_000)
usages = st.builds(
    Usage,
    input=counts,
    cache_read=counts,
    cache_write_5m=counts,
    output=counts,
    reasoning=counts,
    audio_in=counts,
    audio_out=counts,
    image_in=counts,
    image_out=counts,
)


def as_reported(usage: Usage) -> Metered:
    """What a provider that states this usage is understood to have reported."""
    found = metered(msgspec.convert(usage_object(usage), CompletionsUsage))
    assert found is not None
    return found


def tiered(usage: Usage, tier: str) -> Metered:
    """The same, of a provider that states its service tier."""
    return replace(as_reported(usage), tier=tier)


replies = st.builds(
    Reply,
    st.lists(answers(), min_size=1, max_size=3).map(tuple),
    st.builds(tiered, usages, st.sampled_from(["", "default", "priority"])),
)
