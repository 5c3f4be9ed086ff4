"""What every client must show its user and every provider must be asked, from the scenarios alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.sdk.results import Result
from tests.sdk.scenarios import ANSWERS, ASKED, SCENARIOS, SIGNATURE, Answer, Tokens
from tests.sdk.shapes.seen import Seen
from tests.sdk.stage import DIALECT_OF


def shown(scenario: str, route: str = "") -> Result:
    """The result of a scenario that ends well, or that the client leaves; without headers. `route`: as in `through`."""
    answers = [answer for answer in ANSWERS[scenario] if isinstance(answer, Answer)]
    last = answers[-1]
    if last.ends == "never":
        return Result(text=last.text[0], finish="left")
    tokens = last.tokens
    return Result(
        text="".join(last.text),
        tool_calls=[{"name": call.name, "arguments": dict(call.arguments)} for a in answers for call in a.calls],
        finish=last.finish,
        usage={
            "input": tokens.input,
            "cached": _cached(tokens, route),
            "output": tokens.output,
            "reasoning": _reasoning(tokens, route),
        },
        reasoning="".join(piece for a in answers for piece in a.reasoning),
    )


def asked(scenario: str, model: str) -> list[Seen]:
    """What reaches the provider, round by round."""
    wants = SCENARIOS[scenario]
    first: dict[str, Any] = {
        "model": model,
        "system": ASKED["system"],
        "said": wants["question"],
        "images": (ASKED["image"]["data"],) if wants.get("image") else (),
        "tools": {name: ASKED["tools"][name]["schema"] for name in wants.get("tools", ())},
        "shape": ASKED["shape"]["schema"] if wants.get("shape") else None,
        "streaming": bool(wants.get("stream")),
        "output_limit": ASKED["max_output"],
        "reasons": bool(wants.get("reasoning")),
        "shows": bool(wants.get("reasoning")),
    }
    rounds = [Seen(**first)]
    for answer in ANSWERS[scenario][:-1]:
        assert isinstance(answer, Answer)
        calls = tuple((call.name, dict(call.arguments)) for call in answer.calls)
        results = tuple((call.name, ASKED["tools"][call.name]["result"]) for call in answer.calls)
        thoughts = ("".join(answer.reasoning),)
        rounds.append(Seen(**first, calls=calls, results=results, thoughts=thoughts, signatures=(SIGNATURE,)))
    return rounds


def _cached(tokens: Tokens, route: str) -> int:
    """Cohere caches its own preamble, which is not billed."""
    return 0 if route == "cohere_chat" else tokens.cached


def _reasoning(tokens: Tokens, route: str) -> int:
    """Converse does not tell reasoning from the rest of the output."""
    return 0 if route == "bedrock_converse" else tokens.reasoning


def metered(scenario: str, route: str) -> dict[str, int]:
    """The usage that the receipt of the last round must hold: disjoint classes, none of them zero."""
    last = ANSWERS[scenario][-1]
    assert isinstance(last, Answer)
    tokens = last.tokens
    counted = {
        "input": tokens.input - _cached(tokens, route),
        "cache_read": _cached(tokens, route),
        "output": tokens.output - _reasoning(tokens, route),
        "reasoning": _reasoning(tokens, route),
    }
    return {name: count for name, count in counted.items() if count}


def through(client: str, route: str, seen: Seen) -> Seen:
    """What of a request reaches `route` from this client: all but what one of the two has no words for."""
    if route in ("openai_chat", "cohere_chat"):
        seen = replace(seen, signatures=(), shows=False)
    elif DIALECT_OF[client] == "openai_chat" or route == "bedrock_converse":
        seen = replace(seen, shows=False)
    if client == "node-ai-openai-compatible" and route in (
        "openai_responses",
        "anthropic_messages",
        "vertex_claude",
        "bedrock_converse",
    ):
        # It sends back the words of thoughts and nothing beside them: unsigned thoughts are nothing to these two.
        seen = replace(seen, thoughts=(), signatures=())
    return seen
