"""Counts from sizes: a little high, bounded, and never falling as a request grows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.estimate import (
    AUDIO_BYTES,
    IMAGE,
    PAGE_BYTES,
    TURN,
    believed,
    continued,
    credible,
    estimated,
    tokens,
    weighed,
    words,
    words_of,
)
from gateway.dialects.neutral import (
    Call,
    Conversation,
    Media,
    Part,
    Result,
    Role,
    Shape,
    Text,
    Thought,
    Tool,
    Turn,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \n.ab9é"), max_size=80)


def asking(*parts: Part, role: Role = Role.USER, **more: Any) -> Conversation:
    return Conversation((Turn(role, parts),), **more)


def weight(part: Part) -> int:
    """What one part adds to its turn."""
    return tokens(asking(Text("x"), part)) - tokens(asking(Text("x")))


def test_what_breaks_off_is_reported_at_its_beginning_and_estimated_from_there() -> None:
    begun = Metered(Usage(input=5, cache_read=7, output=2), UsageSource.PROVIDER, {"input_tokens": 5}, "out_of_range")
    assert continued(begun, 16) == Metered(
        Usage(input=5, cache_read=7, output=6),
        UsageSource.ESTIMATED,
        {"input_tokens": 5},
        "out_of_range",
        known=begun.usage,
    )
    assert continued(begun, 3).usage.output == 2, "never less than was reported"


@pytest.mark.parametrize(
    ("known", "source", "usage"),
    [
        (Usage(input=5, output=2), UsageSource.PROVIDER, Usage(input=5, output=2)),
        (Usage(), UsageSource.PROVIDER, Usage()),
        (Usage(), UsageSource.HELD, Usage(input=10, output=20)),
        (Usage(output=90), UsageSource.HELD, Usage(input=10, output=90)),
        (Usage(cache_read=8, reasoning=15), UsageSource.HELD, Usage(input=2, cache_read=8, output=5, reasoning=15)),
    ],
    ids=["reported", "zero reported", "nothing credible", "one side credible", "a part credible"],
)
def test_what_was_not_credibly_reported_is_estimated_and_stays_suspect(
    known: Usage, source: UsageSource, usage: Usage
) -> None:
    told = Metered(known, source, {"input_tokens": -1}, "out_of_range")
    expected = UsageSource.ESTIMATED if source is UsageSource.HELD else source
    assert believed(told, 30, 60) == Metered(usage, expected, {"input_tokens": -1}, "out_of_range")


def test_a_reply_that_broke_off_behind_an_incredible_beginning_is_estimated_on_both_sides() -> None:
    begun = Metered(Usage(), UsageSource.HELD, {"input_tokens": -1}, "out_of_range")
    assert believed(continued(begun, 60), 30, 60).usage == Usage(input=10, output=20)


def test_nothing_reported_is_an_estimate() -> None:
    assert believed(None, 30, 60) == estimated(30, 60, {})


@pytest.mark.parametrize("count", [-1, -(2**70), 2**53, 2**70])
def test_a_count_that_cannot_be_true_is_not_reported(count: int) -> None:
    assert credible({"a": count, "b": 0, "c": 2**53 - 1}) == ({"b": 0, "c": 2**53 - 1}, "out_of_range")


# --- texts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("a", 1),
        ("sixsix", 1),
        ("sevenxx", 2),
        ("two words", 2),
        ("1234", 2),
        ("a, b.", 4),
        ("{}", 2),
        ("one\n\ntwo", 3),
        ("snake_case", 3),
        ("   ", 0),
        ("ä" * 3, 2),
        ("日本語", 3),
        ("🦊", 2),
    ],
)
def test_words_numbers_signs_and_lines_count(text: str, count: int) -> None:
    assert words(text) == count


def test_an_ordinary_sentence_counts_as_much_as_a_tokenizer_says_or_a_little_more() -> None:
    pangram = "The quick brown fox jumps over the lazy dog."
    assert 10 <= words(pangram) <= 13, "10 by the tokenizers in use"


@given(TEXTS, TEXTS)
def test_a_longer_text_never_counts_less(text: str, more: str) -> None:
    assert words(text) <= words(text + more) <= words(text) + words(more) + 1


@given(TEXTS)
def test_a_text_has_no_more_tokens_than_bytes(text: str) -> None:
    assert 0 <= words(text) <= len(text.encode())


def test_a_long_text_counts_like_its_beginning_and_never_less() -> None:
    beginning = "the mix of a long text, 2026. " * 700
    assert len(beginning) > 20_000
    short, long, longer = words(beginning[:20_000]), words(beginning), words(beginning * 50)
    assert short <= words(beginning[:20_001]) <= long <= longer
    assert longer == pytest.approx(50 * long, rel=0.01)


@pytest.mark.parametrize("length", [1, 7, 400, 1_999, 10**6])
def test_a_long_request_is_sampled_evenly_however_it_is_cut(length: int) -> None:
    """Half of it is prose, half of it signs: 2 tokens for 10 characters, and 10 for 10."""
    half = 10**6
    whole = "beginning " * (half // 10) + "!" * half
    texts = [whole[at : at + length] for at in range(0, len(whole), length)] if length > 1 else list(whole)
    exact = 2 * half // 10 + half
    if length >= 400:
        assert words_of(texts) == pytest.approx(exact, rel=0.05)
    else:
        assert words_of(texts) >= exact * 0.95, "a word that is cut counts more than once"


@given(st.lists(TEXTS, max_size=8))
def test_a_short_request_is_counted_text_by_text(texts: list[str]) -> None:
    assert words_of(texts) == sum(map(words, texts))


# --- requests --------------------------------------------------------------------------------------------------------

TOOL = Tool("find", "Finds a thing by its name.", {"type": "object", "properties": {"name": {"type": "string"}}})


def test_every_turn_counts_whoever_speaks() -> None:
    said = Text("some words of nobody")
    for role in Role:
        assert tokens(asking(said, role=role)) == TURN + words(said.text)
    system = Turn(Role.SYSTEM, (said,))
    asked = asking(Text("hello"))
    assert tokens(replace(asked, turns=(system, *asked.turns))) == tokens(asked) + TURN + words(said.text)


def test_tools_and_the_demanded_shape_count() -> None:
    asked, shape = asking(Text("hello")), Shape({"type": "object"})
    with_tool, with_shape = replace(asked, tools=(TOOL,)), replace(asked, shape=shape)
    assert tokens(with_tool) > tokens(asked) + words(TOOL.name) + words(TOOL.description)
    assert tokens(replace(asked, tools=(TOOL, TOOL))) - tokens(with_tool) == tokens(with_tool) - tokens(asked)
    assert tokens(with_shape) == tokens(asked) + words('{"type":"object"}')
    assert tokens(replace(asked, shape=Shape())) == tokens(asked), "any JSON is no schema"


@pytest.mark.parametrize(
    ("part", "count"),
    [
        (Text("hello"), 1),
        (Thought("let me see"), 3),
        (Thought("", signature="x" * 400, redacted=True), 100),
        (Call("call_1", "find", '{"a":1}'), TURN + 1 + words('{"a":1}')),
        (Result("call_1", (Text("found it"),)), TURN + 2),
        (Result("call_1", (Media("image", data="x"),)), TURN + IMAGE),
        (Media("image", "image/png", data="x" * 10**6), IMAGE),
        (Media("image", url="https://example.test/a.png"), IMAGE),
        (Media("audio", "audio/wav", data="x" * 10 * AUDIO_BYTES), TURN + 10),
        (Media("document", "application/pdf", data="x"), IMAGE),
        (Media("document", "application/pdf", data="x" * 3 * PAGE_BYTES), 4 * IMAGE),
        (Media("video", "video/mp4", data="x" * PAGE_BYTES), 2 * IMAGE),
    ],
)
def test_each_kind_of_part_counts(part: Part, count: int) -> None:
    assert weight(part) == count


def test_nothing_counts_as_one() -> None:
    assert tokens(Conversation(())) == 1


def test_a_part_of_no_known_kind_is_a_fault_and_not_nothing() -> None:
    with pytest.raises(TypeError):
        tokens(asking("MARKER"))  # type: ignore[arg-type]


PARTS = st.one_of(
    TEXTS.map(Text),
    st.builds(Thought, TEXTS),
    st.builds(Call, st.just("c"), TEXTS, TEXTS),
    st.builds(Result, st.just("c"), st.lists(TEXTS.map(Text), max_size=2).map(tuple)),
    st.builds(Media, st.sampled_from(["image", "audio", "video", "document"]), data=TEXTS),
)
TURNS = st.builds(Turn, st.sampled_from(Role), st.lists(PARTS, max_size=3).map(tuple))


@given(st.lists(TURNS, max_size=4), TURNS, PARTS)
def test_a_request_that_grows_never_counts_less(turns: list[Turn], another: Turn, part: Part) -> None:
    asked = Conversation(tuple(turns))
    longer = replace(asked, turns=(*turns, another))
    fuller = replace(asked, turns=(*turns, replace(another, parts=(*another.parts, part))))
    assert tokens(asked) <= tokens(longer) <= tokens(fuller)


# --- replies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "count"), [(0, 0), (1, 1), (3, 1), (4, 2), (300, 100)])
def test_a_token_for_every_three_bytes_rounded_up(size: int, count: int) -> None:
    found = estimated(size, 3 * size, {})
    assert found.usage == Usage(input=count, output=size)
    assert found.source is UsageSource.ESTIMATED
    assert not found.suspect


def test_what_the_provider_did_say_is_kept_beside() -> None:
    assert estimated(1, 1, {"total_tokens": 7}).reported == {"total_tokens": 7}


@pytest.mark.parametrize(
    ("parts", "size"),
    [((), 0), ((None, "", [], {}), 0), (("word", "ä"), 6), (([{"a": 1}], "b"), 10)],
)
def test_content_weighs_its_bytes(parts: tuple[object, ...], size: int) -> None:
    assert weighed(parts) == size
