"""What becomes of each part of a request in each language of a provider, as a table made by writing it.

`python -m tests.dialects.carried_table > docs/translation.md` writes the page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.core.operation import CHAT
from gateway.dialects.dialect import ProviderSide, RequestOverrides, Unportable
from gateway.dialects.neutral import (
    Call,
    Conversation,
    Media,
    Part,
    Reasoning,
    Result,
    Role,
    Sampling,
    Shape,
    Text,
    Thought,
    Tool,
    ToolChoice,
    Turn,
)
from gateway.dialects.registry import REGISTRY
from tests.builders import a_connection, a_demand, a_provider, a_route, some_abilities

_USER: Final = Turn(Role.USER, (Text("hello"),))
_PLAIN: Final = Conversation((_USER,))
_OFFERED: Final = replace(_PLAIN, tools=(Tool("f"), Tool("g")))
_BOUNDED: Final = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]}
_CLOSED: Final = {"type": "object", "properties": {}, "additionalProperties": False}


def _saying(*parts: Part) -> Conversation:
    return replace(_PLAIN, turns=(Turn(Role.USER, (Text("hello"), *parts)),))


def _sampled(**numbers: Any) -> Conversation:
    return replace(_PLAIN, sampling=Sampling(**numbers))


def _answered(*parts: Part, result: Result | None = None) -> Conversation:
    answers = (Turn(Role.USER, (result or Result("c", (Text("7"),), "f"),)),)
    return replace(_OFFERED, turns=(_USER, Turn(Role.ASSISTANT, (*parts, Call("c", "f"))), *answers))


def _thought(origin: str) -> Conversation:
    return _answered(Thought("hm", "c2ln" if origin else "", origin))


PARTS: Final[Mapping[str, tuple[Conversation, Conversation]]] = {
    "instructions": (replace(_PLAIN, turns=(Turn(Role.SYSTEM, (Text("be kind"),)), _USER)), _PLAIN),
    "picture, in the request": (_saying(Media("image", "image/png", "iVBORw0KGgo=")), _PLAIN),
    "picture, by its address": (_saying(Media("image", "image/png", url="https://example.org/a.png")), _PLAIN),
    "sound, in the request": (_saying(Media("audio", "audio/wav", "UklGRg==")), _PLAIN),
    "film, in the request": (_saying(Media("video", "video/mp4", "AAAA")), _PLAIN),
    "document, in the request": (_saying(Media("document", "application/pdf", "JVBERi0=", name="a.pdf")), _PLAIN),
    "mark for a cache": (_saying(Text("long", cached="5m")), _saying(Text("long"))),
    "call and its result": (_answered(), _OFFERED),
    "result of a tool that failed": (_answered(result=Result("c", (Text("7"),), "f", failed=True)), _answered()),
    "reasoning without a signature": (_thought(""), _answered()),
    **{
        f"reasoning signed by {origin}": (_thought(origin), _answered())
        for origin in ("anthropic_messages", "google_generate", "openai_chat", "openai_responses")
    },
    "tools": (_OFFERED, _PLAIN),
    "strict tool": (
        replace(_PLAIN, tools=(Tool("f", schema=_CLOSED, strict=True),)),
        replace(_PLAIN, tools=(Tool("f", schema=_CLOSED),)),
    ),
    "some tool must be called": (replace(_OFFERED, tool_choice=ToolChoice("required")), _OFFERED),
    "this tool must be called": (replace(_OFFERED, tool_choice=ToolChoice("named", ("g",))), _OFFERED),
    "no tool may be called": (replace(_OFFERED, tool_choice=ToolChoice("none")), _OFFERED),
    "one call at a time": (
        replace(_OFFERED, tool_choice=ToolChoice(parallel=False)),
        replace(_OFFERED, tool_choice=ToolChoice()),
    ),
    "answer in JSON": (replace(_PLAIN, shape=Shape()), _PLAIN),
    "answer to a schema": (replace(_PLAIN, shape=Shape(_CLOSED, "s", strict=True)), _PLAIN),
    "answer to a schema with bounds": (replace(_PLAIN, shape=Shape(_BOUNDED, "s", strict=True)), _PLAIN),
    "effort of reasoning": (replace(_PLAIN, reasoning=Reasoning("high")), _PLAIN),
    "no reasoning": (replace(_PLAIN, reasoning=Reasoning("none")), _PLAIN),
    "tokens of reasoning": (replace(_PLAIN, reasoning=Reasoning(budget=8_192)), _PLAIN),
    "temperature": (_sampled(temperature=0.5), _PLAIN),
    "temperature above 1": (_sampled(temperature=1.5), _PLAIN),
    "top_p": (_sampled(top_p=0.5), _PLAIN),
    "top_k": (_sampled(top_k=9), _PLAIN),
    "seed": (_sampled(seed=7), _PLAIN),
    "presence_penalty": (_sampled(presence_penalty=0.5), _PLAIN),
    "frequency_penalty": (_sampled(frequency_penalty=0.5), _PLAIN),
    "log probabilities": (_sampled(logprobs=2), _PLAIN),
    "stop sequences": (_sampled(stop=("x",)), _PLAIN),
    "output limit": (replace(_PLAIN, output_limit=99), replace(_PLAIN, output_limit=98)),
    "several choices": (replace(_PLAIN, choices=2), _PLAIN),
    "streamed answer": (replace(_PLAIN, streaming=True), _PLAIN),
    "service tier": (replace(_PLAIN, tier="flex"), _PLAIN),
    "end user": (replace(_PLAIN, user="ada"), _PLAIN),
    "key of a cache": (replace(_PLAIN, cache_key="k"), _PLAIN),
}
"""Each part of a request: a conversation with it, and the same without."""


def fate(wire: ProviderSide, conversation: Conversation, without: Conversation) -> str:
    """What becomes of the part of `conversation` that `without` lacks."""
    try:
        body, path, lost = _written(wire, conversation)
    except Unportable:
        return "refused"
    bare, bare_path, already_lost = _written(wire, without)
    named = ", ".join(f"`{name}`" for name in lost if name not in already_lost)
    if (body, path) == (bare, bare_path):
        return f"dropped, named {named}" if named else "the default"
    return f"adapted, named {named}" if named else "carried"


def _written(wire: ProviderSide, conversation: Conversation) -> tuple[Any, str, tuple[str, ...]]:
    connection = a_connection(dialect=wire.NAME)
    route = a_route(a_provider(connection=connection), abilities=some_abilities(reasoning=True))
    found = wire.written(conversation, a_demand(), route, RequestOverrides(pseudonym=str))
    return json.loads(found.body), found.path, found.dropped


def wires() -> tuple[ProviderSide, ...]:
    """The languages in which a provider can be asked for a conversation."""
    return tuple(REGISTRY.wires[name] for name in REGISTRY.answering(CHAT))


def page() -> str:
    """The page of the documents."""
    columns = wires()
    lines = [
        "# From dialect to dialect",
        "",
        "Each row is a part of a request, each column a language of providers. The table is generated from the code",
        "(`python -m tests.dialects.carried_table > docs/translation.md`); a test keeps it current. It shows a lenient",
        "route with reasoning; facts of a route or a model may narrow it. Where both sides speak one dialect, the",
        "client's bytes are passed on instead.",
        "",
        "* **carried**: the provider gets it, in its own form.",
        "* **adapted, named**: the provider gets the nearest; `x-safeconduct-dropped` names the difference.",
        "* **dropped, named**: the provider has no place for it; `x-safeconduct-dropped` names it.",
        "* **the default**: the provider does the same unasked, and nothing is written.",
        "* **refused**: a route of this language is not eligible for the request.",
        "",
        "| part | " + " | ".join(f"`{wire.NAME}`" for wire in columns) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    for part, (conversation, without) in PARTS.items():
        lines.append(f"| {part} | " + " | ".join(fate(wire, conversation, without) for wire in columns) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
