"""Token counts from sizes, where nobody has counted: what a provider did not report, and answers to count_tokens.

No tokenizer is exact for more than one family of models, and asking a provider would send the prompt. The estimate is
meant to be a little high: whoever plans with it keeps some room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import singledispatch
from typing import Any, Final

import msgspec
import orjson

from gateway.core.usage import Metered, Usage, UsageSource
from gateway.dialects.neutral import Call, Conversation, Media, Part, Result, Text, Thought

MOST: Final = 2**53
"""No context is this long; a larger count is a fault of the provider's."""
BYTES_A_TOKEN: Final = 3
"""English has about four, other languages fewer; the estimate is meant to be a little high."""
TURN: Final = 4
"""Tokens around each turn, tool and part."""
IMAGE: Final = 1600
"""The most that Anthropic counts for one picture; the others' usual sizes are below it."""
PAGE_BYTES: Final = 50_000
"""Base64 bytes of a document that count as one page of `IMAGE` tokens."""
AUDIO_BYTES: Final = 1_000
"""Base64 bytes of a sound for each token: about 10 tokens a second at 64 kbit/s."""

# Runs of letters, runs of digits, runs of blanks, and every other character for itself.
_WORD: Final = re.compile(r"[^\W\d_]+|\d+|\s+|.", re.DOTALL)
_LETTERS_A_TOKEN: Final = 6
_DIGITS_A_TOKEN: Final = 3


def estimated(input_bytes: int, output_bytes: int, reported: Mapping[str, int]) -> Metered:
    """Counts from sizes, where the provider reported none: one token for every three bytes, rounded up."""
    usage = Usage(input=-(-input_bytes // BYTES_A_TOKEN), output=-(-output_bytes // BYTES_A_TOKEN))
    return Metered(usage, UsageSource.ESTIMATED, reported)


def weighed(parts: Iterable[object]) -> int:
    """Bytes of generated content: of words as UTF-8, of anything else as JSON; what is empty weighs nothing."""
    size = 0
    for part in parts:
        if part:
            size += len(part.encode()) if isinstance(part, str) else len(msgspec.json.encode(part))
    return size


def continued(begun: Metered, output_bytes: int) -> Metered:
    """Of a reply that broke off: what was reported at its beginning, with the output estimated from its bytes."""
    said = Usage(output=max(-(-output_bytes // BYTES_A_TOKEN) - begun.usage.generated, 0))
    source = UsageSource.HELD if begun.source is UsageSource.HELD else UsageSource.ESTIMATED
    return Metered(begun.usage + said, source, begun.reported, begun.suspect)


def credible(reported: Mapping[str, int]) -> tuple[Mapping[str, int], str]:
    """The figures that can be true, and what is wrong with the others: they count as not reported, never as zero."""
    if not reported or (min(reported.values()) >= 0 and max(reported.values()) < MOST):
        return reported, ""
    return {name: n for name, n in reported.items() if 0 <= n < MOST}, "out_of_range"


def source(suspect: str) -> UsageSource:
    """Of a report with figures that are not credible: HELD, until `believed` makes up for them."""
    return UsageSource.HELD if suspect else UsageSource.PROVIDER


def believed(told: Metered | None, input_bytes: int, output_bytes: int) -> Metered:
    """What the provider reported; where it reported nothing that is credible, at least what the sizes say."""
    if told is None:
        return estimated(input_bytes, output_bytes, {})
    if told.source is not UsageSource.HELD:
        return told
    known, sizes = told.usage, estimated(input_bytes, output_bytes, {}).usage
    missing = Usage(
        input=max(sizes.input - known.context, 0),
        output=max(sizes.output - known.generated, 0),
    )
    return Metered(known + missing, UsageSource.ESTIMATED, told.reported, told.suspect)


def tokens(asked: Conversation) -> int:
    """What a request will count on the input side: system text, turns, tools and the demanded shape included."""
    turns = sum(TURN + sum(map(_weight, turn.parts)) for turn in asked.turns)
    tools = sum(TURN * 2 + words(t.name) + words(t.description) + _json(t.schema) for t in asked.tools)
    shape = _json(asked.shape.schema) if asked.shape is not None and asked.shape.schema is not None else 0
    return max(1, turns + tools + shape)


def words(text: str) -> int:
    """Tokens of a text: one for every six letters of a word or three digits, one for each other visible character."""
    if not text:
        return 0
    if len(text) > 20_000:  # as good, and quick: the mix of a long text is that of its beginning
        return -(-words(text[:20_000]) * len(text) // 20_000)
    return sum(map(_token, _WORD.findall(text)))


def _token(run: str) -> int:
    first = run[0]
    if first.isspace():
        return 1 if "\n" in run else 0  # a blank belongs to the word behind it
    if not first.isascii():
        return -(-len(run.encode()) // 3)
    return -(-len(run) // (_DIGITS_A_TOKEN if first.isdigit() else _LETTERS_A_TOKEN))


def _json(value: Mapping[str, Any]) -> int:
    return words(orjson.dumps(value).decode())


@singledispatch
def _weight(part: Part) -> int:
    raise TypeError(type(part).__name__)


@_weight.register
def _(part: Text) -> int:
    return words(part.text)


@_weight.register
def _(part: Thought) -> int:
    return words(part.text) or len(part.signature) // 4


@_weight.register
def _(part: Call) -> int:
    return TURN + words(part.name) + words(part.arguments)


@_weight.register
def _(part: Result) -> int:
    return TURN + sum(map(_weight, part.parts))


@_weight.register
def _(part: Media) -> int:
    match part.kind:
        case "image":
            return IMAGE
        case "audio":
            return TURN + len(part.data) // AUDIO_BYTES
        case "document" | "video":
            return IMAGE * (1 + len(part.data) // PAGE_BYTES)
