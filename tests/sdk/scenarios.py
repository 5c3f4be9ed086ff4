"""What is put to every SDK (`asked.json`, which the Node clients read too), and what the providers' models answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

HOME: Final = Path(__file__).parent
ASKED: Final[dict[str, Any]] = json.loads((HOME / "asked.json").read_text())
SCENARIOS: Final[dict[str, dict[str, Any]]] = ASKED["scenarios"]

Finish = Literal["stop", "tool_calls", "length"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts as OpenAI understands them: `input` holds `cached`, `output` holds `reasoning`."""

    input: int
    cached: int
    output: int
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool. A dialect puts its own prefix before `id`."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answers; `text` and `reasoning` in the pieces in which they are streamed."""

    text: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    signature: str = ""
    calls: tuple[Call, ...] = ()
    tokens: Tokens = field(default_factory=lambda: Tokens(20, 8, 9))
    finish: Finish = "stop"
    ends: Literal["whole", "failed", "never"] = "whole"
    """`failed`: an error event in the place of the rest; `never`: silence in the place of the rest."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """The provider refuses the request: it is longer than the model's context."""


_WARMTH: Final = Call("a1", "weather", {"city": "Malmö", "days": 3})
_FERRIES: Final = Call("b2", "ferries", {"harbour": "Göteborg"})
SIGNATURE: Final = "c2lnbmVkLWJ5LXRoZS1tYWtlcg=="
"""Base64, since Google's is bytes."""

ANSWERS: Final[Mapping[str, tuple[Answer | TooLong, ...]]] = {
    "plain": (Answer(("Stockholm is the capital.",)),),
    "stream": (Answer(("A smörgås", "bord is a table ", "full of food 🍽", "️.")),),
    "tools": (Answer(calls=(_WARMTH,), finish="tool_calls"),),
    "parallel_tools": (Answer(("Let me see.",), calls=(_WARMTH, _FERRIES), finish="tool_calls"),),
    "tool_round": (
        Answer(
            reasoning=("The weather ", "decides."),
            signature=SIGNATURE,
            calls=(_WARMTH,),
            tokens=Tokens(31, 0, 25, 11),
            finish="tool_calls",
        ),
        Answer(("Take a coat.",), tokens=Tokens(70, 16, 5)),
    ),
    "image": (Answer(("The Swedish flag.",)),),
    "structured": (Answer(('{"name":"Göteborg",', '"people":604829}')),),
    "reasoning": (
        Answer(
            ("Yes, ", "it is."),
            reasoning=("No prime up to 39 ", "divides 1523."),
            signature=SIGNATURE,
            tokens=Tokens(18, 0, 40, 33),
        ),
    ),
    "length": (Answer(("Once upon ", "a"), finish="length"),),
    "error": (TooLong(),),
    # Too long to arrive in one piece: what follows finds the client in the middle of it.
    "broken": (Answer(("This is the beginning ", *["of a long story " * 3_000] * 20), ends="failed"),),
    "disconnect": (Answer(("This is the ", "beginning"), ends="never"),),
}
