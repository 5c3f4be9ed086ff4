"""Conversations and replies that Messages can carry without loss."""

from __future__ import annotations

import base64
import string
from dataclasses import replace
from typing import Any

import msgspec
import orjson
from hypothesis import settings
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage
from gateway.dialects.anthropic_messages.request import NAME
from gateway.dialects.anthropic_messages.usage import MessagesUsage, lifetimes, metered, usage_object
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
    Shape,
    StopReason,
    Text,
    Thought,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.signatures import enveloped

ANY_INPUT = settings(database=None, deadline=None)
"""What failed is not kept, and nothing is hurried."""

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=12)
ids = names.filter(lambda name: "__scsig_" not in name)
encoded = st.binary(min_size=1, max_size=8).map(lambda raw: base64.b64encode(raw).decode())
schemas = st.fixed_dictionaries({"type": st.just("object"), "title": words, "additionalProperties": st.booleans()})
arguments = st.sampled_from([{}, {"a": 1}, {"b": {"c": [True, None, "é"]}}]).map(lambda a: orjson.dumps(a).decode())
marks = st.sampled_from(["", "", "5m", "1h"])

texts = st.builds(Text, words)
pictures = st.builds(
    Media, st.just("image"), st.sampled_from(["image/png", "image/jpeg"]), encoded, cached=marks
) | st.builds(Media, st.just("image"), url=st.just("https://pictures.test/a.png"))
documents = st.builds(
    Media, st.just("document"), st.just("application/pdf"), encoded, name=st.sampled_from(["", "a.pdf"])
)
shown = st.lists(texts | pictures | documents, min_size=1, max_size=3)
signatures = st.text(string.ascii_letters + "+/=", min_size=1, max_size=20)
thoughts = st.builds(Thought, words | st.just(""), signatures, st.just(NAME)) | st.builds(
    Thought, st.just(""), signatures, st.just(NAME), st.just(True)
)


@st.composite
def exchanges(draw: st.DrawFn) -> list[Turn]:
    """A user's turn, the answer to it, and, where it called tools, what came of that and the answer after it."""
    calls = [Call(f"{draw(ids)}{n}", draw(names), draw(arguments)) for n in range(draw(st.integers(0, 2)))]
    said: list[Part] = [*draw(st.lists(thoughts, max_size=2)), draw(texts), *calls]
    asked = Turn(Role.USER, tuple(draw(shown)))
    if not calls:
        return [asked, Turn(Role.ASSISTANT, tuple(said))]
    results = [
        Result(call.id, tuple(draw(st.lists(texts | pictures, max_size=2))), call.name, draw(st.booleans()))
        for call in calls
    ]
    return [
        asked,
        Turn(Role.ASSISTANT, tuple(said)),
        Turn(Role.USER, (*results, *draw(st.lists(texts, max_size=1)))),
        Turn(Role.ASSISTANT, (draw(texts),)),
    ]


samplings = st.builds(
    Sampling,
    temperature=st.none() | st.floats(0, 0.9) | st.just(0),
    top_k=st.none() | st.integers(1, 100),
    stop=st.lists(words, max_size=3).map(tuple),
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    described = st.builds(Tool, names, words | st.just(""), schemas, st.none() | st.booleans())
    tools = draw(st.lists(described, max_size=3, unique_by=lambda tool: tool.name))
    chosen = st.sampled_from(["auto", "none", "required"]).map(ToolChoice)  # type: ignore[arg-type]
    named = st.sampled_from([tool.name for tool in tools] or [""]).map(
        lambda name: ToolChoice("named", (name,), parallel=False)
    )
    choice = draw(st.none() | chosen | named) if tools else None
    system = [Turn(Role.SYSTEM, (draw(texts), Text(draw(words), "1h")))] if draw(st.booleans()) else []
    turns = [turn for turns in draw(st.lists(exchanges(), min_size=1, max_size=2)) for turn in turns]
    called = any(isinstance(part, Call) for turn in turns for part in turn.parts)
    efforts = st.sampled_from(["none", "low", "max"]).map(Reasoning)  # type: ignore[arg-type]
    thinking = draw(st.none() | efforts) if choice is None or choice.kind in ("auto", "none") else None
    thinks = thinking is not None and thinking.effort != "none"
    return Conversation(
        turns=(*system, *turns, Turn(Role.USER, (draw(texts),))),
        tools=tuple(tools) if tools or not called else (Tool("spare"),),
        tool_choice=choice,
        shape=draw(st.none() | st.builds(Shape, schemas, binding=st.just(True))),
        reasoning=thinking,
        sampling=draw(samplings) if not thinks else Sampling(stop=("x",)),
        output_limit=draw(st.integers(1, 9_999)),
        streaming=draw(st.booleans()),
        tier=draw(st.sampled_from(["", "default"])),
        user=draw(st.just("") | names),
    )


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    signed = st.builds(
        Thought, words | st.just(""), signatures.map(lambda s: enveloped(s, NAME)), redacted=st.just(False)
    )
    sealed = st.builds(Thought, st.just(""), signatures.map(lambda s: enveloped(s, NAME)), redacted=st.just(True))
    calls = [Call(draw(ids), draw(names), draw(arguments)) for _ in range(draw(st.integers(0, 3)))]
    before: list[Any] = draw(st.lists(signed | sealed, max_size=2))
    before += [draw(texts)] if draw(st.booleans()) else []
    if calls:
        return Answer((*before, *calls), StopReason.CALLS)
    stop = draw(st.sampled_from([StopReason.END, StopReason.LENGTH, StopReason.FILTERED, StopReason.SEQUENCE]))
    return Answer(tuple(before), stop, draw(words) if stop is StopReason.SEQUENCE else "")


counts = st.integers(0, 1_000)
usages = st.builds(
    Usage,
    input=counts,
    cache_read=counts,
    cache_write_5m=counts,
    cache_write_1h=counts,
    output=counts,
    reasoning=counts,
)


def as_reported(usage: Usage) -> Metered:
    """What a provider that states this usage is understood to have reported."""
    found = metered(msgspec.convert({**usage_object(usage), "cache_creation": lifetimes(usage)}, MessagesUsage))
    assert found is not None
    return found


def tiered(usage: Usage, tier: str) -> Metered:
    """The same, of a provider that states its service tier."""
    return replace(as_reported(usage), tier=tier)


replies = st.builds(
    Reply,
    answers().map(lambda answer: (answer,)),
    st.builds(tiered, usages, st.sampled_from(["", "default", "priority"])),
)
