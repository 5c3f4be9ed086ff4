"""Small objects that whole replies and chunks have alike."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletionAudio, ChatCompletionMessageFunctionToolCall
from openai.types.chat.chat_completion import ChoiceLogprobs

from gateway.dialects import signatures
from gateway.dialects.dialect import ReplyIdentity
from gateway.dialects.neutral import Media, Score, Stop
from gateway.dialects.openai_chat import leaves

HEAD = ReplyIdentity("01J", "small", 1_700_000_000, 7)


@pytest.mark.parametrize(
    ("stop", "word"),
    [
        (Stop.END, "stop"),
        (Stop.SEQUENCE, "stop"),
        (Stop.CALLS, "tool_calls"),
        (Stop.LENGTH, "length"),
        (Stop.FILTERED, "content_filter"),
    ],
)
def test_why_it_stopped_in_openais_words(stop: Stop, word: str) -> None:
    assert leaves.reason(stop, legacy=False) == word
    assert leaves.reason(stop, legacy=True) == ("function_call" if stop is Stop.CALLS else word)


def test_a_tier_that_the_sdk_does_not_know_is_not_repeated() -> None:
    assert leaves.tier("priority") == {"service_tier": "priority"}
    assert leaves.tier("on_demand") == leaves.tier("") == {}


def test_an_id_is_the_providers_or_made_and_carries_a_signature() -> None:
    assert leaves.call_id("call_a", "", HEAD, (0, 0)) == "call_a"
    assert leaves.call_id("", "", HEAD, (1, 2)) == "call_01J_1_2"
    assert signatures.split_id(leaves.call_id("", "sig", HEAD, (0, 0))) == ("call_01J_0_0", "sig")


def test_a_call_is_one_for_the_sdk() -> None:
    ChatCompletionMessageFunctionToolCall.model_validate(leaves.call("a", "f", "{}"), strict=True)


def test_proofs_of_reasoning() -> None:
    assert leaves.proof("so", "s", redacted=False) == {"type": "reasoning.text", "text": "so", "signature": "s"}
    assert leaves.proof("", "s", redacted=True) == {"type": "reasoning.encrypted", "data": "s"}


def test_pictures_and_a_sound_stand_beside_the_words() -> None:
    first, second = Media("image", "image/png", "AAAA"), Media("image", url="https://x.test/a.png")
    found: dict[str, Any] = leaves.made([first, Media("audio", "audio/wav", "UklGRg=="), second], HEAD)
    assert [image["image_url"]["url"] for image in found["images"]] == [
        "data:image/png;base64,AAAA",
        "https://x.test/a.png",
    ]
    assert ChatCompletionAudio.model_validate(found["audio"], strict=True).data == "UklGRg=="
    assert leaves.made([Media("document", "application/pdf", "AAAA")], HEAD) == {}


def test_probabilities_are_those_of_the_sdk() -> None:
    found = leaves.logprobs([Score("a", -0.5, (("a", -0.5), ("b", -1.0))), Score("c", 0.0)])
    read = ChoiceLogprobs.model_validate(found, strict=True).content
    assert read is not None
    assert [(one.token, one.logprob, [other.token for other in one.top_logprobs]) for one in read] == [
        ("a", -0.5, ["a", "b"]),
        ("c", 0.0, []),
    ]
