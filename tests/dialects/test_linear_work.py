"""Work on a body: a bounded number of calls for each of its values, and none for each of its characters.

Counted in calls, not in time: a call of Python or of C that is made once for each turn is a walk over the body.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.operation import EMBEDDINGS
from gateway.dialects.dialect import RequestOverrides
from gateway.dialects.estimate import SAMPLE
from gateway.dialects.prompt import PLAIN, PromptHead
from gateway.dialects.translation import Translation
from tests.builders import a_connection, a_model, a_provider, a_route, a_snapshot
from tests.strategies import examples

GOOGLE: Final = PromptHead(model="small", verb="generateContent")
SPEAKERS: Final = ("user", "assistant")
CLIENTS: Final[dict[str, Callable[[str, int], dict[str, Any]]]] = {
    "openai_chat": lambda text, turns: {
        "model": "small",
        "messages": [{"role": SPEAKERS[n % 2], "content": text} for n in range(turns)],
    },
    "openai_responses": lambda text, turns: {
        "model": "small",
        "input": [{"role": SPEAKERS[n % 2], "content": text} for n in range(turns)],
    },
    "anthropic_messages": lambda text, turns: {
        "model": "small",
        "max_tokens": 9,
        "messages": [{"role": SPEAKERS[n % 2], "content": text} for n in range(turns)],
    },
    "google_generate": lambda text, turns: {
        "contents": [{"role": ("user", "model")[n % 2], "parts": [{"text": text}]} for n in range(turns)],
    },
}
WALKS: Final = 200
"""Calls for each turn, at most: reading, surveying, carrying over, writing and estimating in whichever dialects."""
ONCE: Final = 40_000
"""Calls that a request takes however large it is: those of the estimate's sample are nearly all of them."""


def calls(work: Callable[[], object]) -> int:
    """Calls of functions while `work` runs, in Python and in C."""
    count = 0

    def see(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def work_of(client: str, wire: str, body: bytes, asked: PromptHead = PLAIN, **route_values: Any) -> int:
    """Calls of everything that is done with a request between its last byte and its route."""
    route = a_route(a_provider(connection=a_connection(dialect=wire)), **route_values)
    snapshot = a_snapshot(route)

    def work() -> None:
        translation = Translation.accepted(client, body, asked, snapshot)
        translation.carried_over([(wire, route)])
        translation.rendered(wire, route, RequestOverrides(output_limit=8))
        assert translation.estimate > 0

    return calls(work)


@pytest.mark.parametrize("wire", CLIENTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_the_calls_for_a_request_grow_with_its_turns_and_not_with_its_characters(client: str, wire: str) -> None:
    write, asked = CLIENTS[client], GOOGLE if client == "google_generate" else PLAIN

    @settings(max_examples=examples(8), deadline=None)
    @given(st.integers(1, 400), st.integers(1, 2_000))
    def bounded(turns: int, letters: int) -> None:
        body = json.dumps(write("some words, 2026. " * letters, turns)).encode()
        assert work_of(client, wire, body, asked) <= ONCE + WALKS * turns

    bounded()
    few, many = (work_of(client, wire, json.dumps(write("so ", turns)).encode(), asked) for turns in (250, 500))
    assert many - few <= WALKS * 250, "each turn costs the same, however many there are"


def test_a_megabyte_takes_as_few_calls_in_many_turns_as_in_one() -> None:
    one, many = (
        json.dumps(CLIENTS["openai_chat"]("some words, 2026. " * (55_000 // turns), turns)).encode()
        for turns in (1, 550)
    )
    assert work_of("openai_chat", "anthropic_messages", many) <= work_of("openai_chat", "anthropic_messages", one) + (
        WALKS * 550
    )


def test_the_sample_of_an_estimate_is_of_the_whole_request() -> None:
    body = json.dumps(CLIENTS["openai_chat"]("!" * SAMPLE, 50)).encode()
    translation = Translation.accepted("openai_chat", body, PLAIN, a_snapshot())
    assert calls(lambda: translation.estimate) <= 6 * SAMPLE + WALKS * 50


@pytest.mark.parametrize("wire", ["openai_embeddings", "google_embeddings"])
def test_the_calls_for_texts_to_embed_grow_with_their_number(wire: str) -> None:
    asked = PromptHead(operation=EMBEDDINGS)
    count = partial(work_of, "openai_embeddings", wire, asked=asked, model=a_model(kind="embedding"))
    body = json.dumps({"model": "small", "input": ["some words, 2026. " * 900] * 100}).encode()
    assert count(body) <= ONCE + 100 * 20
