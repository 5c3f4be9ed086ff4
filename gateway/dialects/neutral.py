"""The neutral form: a conversation, and the events of a reply. Every dialect is read into it and written from it.

One form in the middle instead of one file for each pair. Content without a place here cannot be translated;
the dialect that reads it names it (`Conversation.lost`, `Lost`), so that nothing disappears in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from gateway.core.usage import Metered


class Silent:
    """Content: its `repr` says what it is and nothing of what it holds."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(sealed)"


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Text(Silent):
    """Words. `cached`: the client marks the prompt up to here as worth caching, for "5m" or "1h"."""

    text: str
    cached: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Media(Silent):
    """A picture, a sound, a film or a document: base64 in `data`, or an address in `url` that the provider fetches.

    `mime`: "" only beside a `url`. `detail`: OpenAI's "low", "high", "auto".
    """

    kind: Literal["image", "audio", "video", "document"]
    mime: str = ""
    data: str = ""
    url: str = ""
    name: str = ""
    detail: str = ""
    cached: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Thought(Silent):
    """Reasoning of an earlier answer. `signature` proves to the maker that it is its own: opaque, and worth something
    only to `origin`, the dialect that made it. `redacted`: the words are inside `signature` alone."""

    text: str
    signature: str = ""
    origin: str = ""
    redacted: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Call(Silent):
    """A tool call. `arguments`: the text of a JSON object. `signature`: Google's, which travels with the call; in an
    envelope where a provider of another dialect passed it on."""

    id: str
    name: str
    arguments: str = "{}"
    signature: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Result(Silent):
    """The answer of a tool to the call of that id. `name`: of the tool, found through the call."""

    call: str
    parts: tuple[Text | Media, ...]
    name: str = ""
    failed: bool = False
    cached: str = ""


Part: TypeAlias = Text | Media | Thought | Call | Result


class Role(Enum):
    """Speaker of a turn. A tool's result stands in a turn of the user's."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, repr=False)
class Turn(Silent):
    """One turn; several of one role may follow each other."""

    role: Role
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Tool(Silent):
    """A function that the model may call. `schema`: JSON Schema of its arguments."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    strict: bool | None = None
    cached: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class ToolChoice(Silent):
    """`named`: one of `names` must be called. `parallel` False: at most one call; None: not stated."""

    kind: Literal["auto", "none", "required", "named"] = "auto"
    names: tuple[str, ...] = ()
    parallel: bool | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Shape(Silent):
    """The form that the answer must have: any JSON (`schema` None), or what fits `schema`.

    `binding`: the client's dialect holds a model to every schema, so that `strict` is not stated there.
    """

    schema: Mapping[str, Any] | None = None
    name: str = ""
    description: str = ""
    strict: bool | None = None
    binding: bool = False


Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Reasoning settings. `effort` in words, `budget` in tokens; None where not stated. `visible`:
    show the thoughts (or a summary)."""

    effort: Effort | None = None
    budget: int | None = None
    visible: bool | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Sampling(Silent):
    """As the client wrote the numbers; None where not stated. `logprobs`: how many alternatives, 0 for the chosen token
    alone."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Conversation(Silent):
    """A request. `user` and `cache_key`: the client's own identifiers, raw. `tier`: OpenAI's words for service tiers.

    `lost`: names of members that were understood and have no place here; never values.
    """

    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    shape: Shape | None = None
    reasoning: Reasoning | None = None
    sampling: Sampling = Sampling()
    output_limit: int | None = None
    choices: int = 1
    streaming: bool = False
    tier: str = ""
    user: str = ""
    cache_key: str = ""
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Embedding(Silent):
    """A request for vectors. An input is words, or token ids of the model's own. `purpose`: Google's task type.

    `title`: of a document to be found. `choices` is always one, `streaming` never.
    """

    inputs: tuple[str | tuple[int, ...], ...]
    dimensions: int | None = None
    purpose: str = ""
    title: str = ""
    user: str = ""
    lost: tuple[str, ...] = ()


# --- what is answered: the events of a reply, streamed or whole -------------------------------------------------------


class StopReason(Enum):
    """Why a choice ended."""

    END = "end"
    SEQUENCE = "sequence"  # a stop string of the client's
    CALLS = "calls"
    LENGTH = "length"
    FILTERED = "filtered"  # the provider withheld it; a model that says why it will not has come to its end


@dataclass(frozen=True, slots=True, repr=False)
class Said(Silent):
    """More words of a choice. `refusal`: they say why the model will not."""

    text: str
    choice: int = 0
    refusal: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Thinking(Silent):
    """More reasoning of a choice."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Signed(Silent):
    """The thought so far is complete, and signed. `redacted`: it has no words, only this."""

    signature: str
    choice: int = 0
    redacted: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class CallBegan(Silent):
    """A tool call begins. `place` counts the calls of its choice: 0, 1, 2, …"""

    place: int
    id: str
    name: str
    signature: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class CallWrote(Silent):
    """More of a call's arguments: together the text of a JSON object; no such event at all means no arguments."""

    place: int
    arguments: str
    choice: int = 0


EMPTY_ARGUMENTS: Final = frozenset({"{}", "null"})
"""Arguments that a provider may write when a call begins, before the real ones: they mean no arguments so far."""


@dataclass(frozen=True, slots=True, repr=False)
class Made(Silent):
    """A picture or a sound, whole."""

    media: Media
    choice: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Score(Silent):
    """The log probability of a token, and of the tokens that might have stood there."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Scored(Silent):
    """Scores of the words that were said last."""

    scores: tuple[Score, ...]
    choice: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Finished(Silent):
    """A choice is complete. `sequence`: the stop string that ended it, where the provider tells."""

    stop: StopReason
    sequence: str = ""
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """Usage up to now; the last one counts."""

    metered: Metered


@dataclass(frozen=True, slots=True)
class Begun:
    """Usage as reported before anything was said: what is known of the input where the reply breaks off."""

    metered: Metered


@dataclass(frozen=True, slots=True)
class Lost:
    """Something of the reply that cannot be carried, by the name it has in its dialect."""

    name: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """The provider said that the reply is complete."""


ReplyEvent: TypeAlias = (
    Said | Thinking | Signed | CallBegan | CallWrote | Made | Scored | Finished | Begun | Used | Lost | ReplyEnded
)
CONTENT: tuple[type, ...] = (Said, Thinking, Signed, CallBegan, CallWrote, Made, Finished)
"""Events after which no other route can take over."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Silent):
    """One choice of a whole reply: words, thoughts, calls and media in their order."""

    parts: tuple[Text | Media | Thought | Call, ...]
    stop: StopReason = StopReason.END
    sequence: str = ""
    scores: tuple[Score, ...] = ()
    refusal: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Silent):
    """A whole reply."""

    answers: tuple[Answer, ...]
    metered: Metered


@dataclass(frozen=True, slots=True, repr=False)
class Vectors(Silent):
    """A whole reply to `Embedding`: one vector for each input, in their order."""

    vectors: tuple[tuple[float, ...], ...]
    metered: Metered
