"""Token counts from sizes, where nobody has counted: what a provider did not report, and answers to count_tokens.

No tokenizer is exact for more than one family of models, and asking a provider would send the prompt. The estimate is
meant to be a little high: whoever plans with it keeps some room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
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

SAMPLE: Final = 20_000
"""Characters of a request that are counted one by one, however long it is."""
_WINDOW: Final = 400

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
    return replace(begun, usage=begun.usage + said, source=source, known=begun.usage)


def credible(reported: Mapping[str, int]) -> tuple[Mapping[str, int], str]:
    """The figures that can be true, and what is wrong with the others: they count as not reported, never as zero."""
    if not reported or (min(reported.values()) >= 0 and max(reported.values()) < MOST):
        return reported, ""
    return {name: n for name, n in reported.items() if 0 <= n < MOST}, "out_of_range"


def source(suspect: str) -> UsageSource:
    """Of a report with figures that are not credible: HELD, until `believed` makes up for them."""
    return UsageSource.HELD if suspect else UsageSource.PROVIDER


def incomplete(reported: Metered) -> Metered:
    """A report of a reply that broke off, as an estimate: running counts grow until the end."""
    if reported.source is not UsageSource.PROVIDER:
        return reported
    return replace(reported, source=UsageSource.ESTIMATED, known=reported.usage)


def believed(reported: Metered | None, input_bytes: int, output_bytes: int) -> Metered:
    """The provider's report; at least the estimate from the sizes where the report is missing or not credible."""
    if reported is None:
        return estimated(input_bytes, output_bytes, {})
    if reported.source is not UsageSource.HELD:
        return reported
    known, sizes = reported.usage, estimated(input_bytes, output_bytes, {}).usage
    missing = Usage(
        input=max(sizes.input - known.context, 0),
        output=max(sizes.output - known.generated, 0),
    )
    return replace(reported, usage=known + missing, source=UsageSource.ESTIMATED)


def tokens(request: Conversation) -> int:
    """Tokens that a request will count on the input side: system text, turns, tools and the demanded shape included."""
    texts: list[str] = []
    fixed = sum(TURN + sum(_weigh(part, texts) for part in turn.parts) for turn in request.turns)
    for tool in request.tools:
        fixed += TURN * 2
        texts += (tool.name, tool.description, _json(tool.schema))
    if request.shape is not None and request.shape.schema is not None:
        texts.append(_json(request.shape.schema))
    return max(1, fixed + words_of(texts))


def words_of(texts: Sequence[str]) -> int:
    """Tokens of texts. All of `SAMPLE` characters are counted; of more, as many in windows that are spread evenly."""
    size = sum(map(len, texts))
    if size <= SAMPLE:
        return sum(map(words, texts))
    counted, sampled = 0, 0
    begin, window_at = 0, 0  # of the text and of the next window, in characters of all texts together
    for text in texts:
        end = begin + len(text)
        while window_at < end:
            window = text[window_at - begin : window_at - begin + _WINDOW]
            counted += words(window)
            sampled += len(window)
            window_at += size * _WINDOW // SAMPLE
        begin = end
    return -(-counted * size // sampled)


def words(text: str) -> int:
    """Tokens of a text: one for every six letters of a word or three digits, one for each other visible character."""
    return sum(map(_token, _WORD.findall(text)))


def _token(run: str) -> int:
    first = run[0]
    if first.isspace():
        return 1 if "\n" in run else 0  # a blank belongs to the word behind it
    if not first.isascii():
        return -(-len(run.encode()) // 3)
    return -(-len(run) // (_DIGITS_A_TOKEN if first.isdigit() else _LETTERS_A_TOKEN))


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()


@singledispatch
def _weigh(part: Part, texts: list[str]) -> int:  # noqa: ARG001 - the parts of a conversation have functions of their own
    """Tokens of a part without its words, which are added to `texts`."""
    raise TypeError(type(part).__name__)


@_weigh.register
def _(part: Text, texts: list[str]) -> int:
    texts.append(part.text)
    return 0


@_weigh.register
def _(part: Thought, texts: list[str]) -> int:
    texts.append(part.text)
    return 0 if part.text else len(part.signature) // 4


@_weigh.register
def _(part: Call, texts: list[str]) -> int:
    texts += (part.name, part.arguments)
    return TURN


@_weigh.register
def _(part: Result, texts: list[str]) -> int:
    return TURN + sum(_weigh(inner, texts) for inner in part.parts)


@_weigh.register
def _(part: Media, texts: list[str]) -> int:  # noqa: ARG001 - a picture has no words
    match part.kind:
        case "image":
            return IMAGE
        case "audio":
            return TURN + len(part.data) // AUDIO_BYTES
        case "document" | "video":
            return IMAGE * (1 + len(part.data) // PAGE_BYTES)
