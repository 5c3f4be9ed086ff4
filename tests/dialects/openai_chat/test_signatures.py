"""Proofs of thoughts that no provider of Chat Completions made are kept from them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects.openai_chat.signatures import is_proof, of_call, packed, unpacked, with_call, without_foreign
from gateway.dialects.signatures import enveloped

HELLO = {"role": "user", "content": "hello"}
OWN = {"type": "reasoning.text", "text": "hm", "signature": "EqQB"}
SIGNED = {"type": "reasoning.text", "text": "hm", "signature": enveloped("x", "anthropic_messages")}
SEALED = {"type": "reasoning.encrypted", "data": enveloped("x", "openai_responses")}


def answer(*proofs: Any, **members: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "hi", "reasoning_content": "hm", "reasoning_details": [*proofs], **members}


@pytest.mark.parametrize(
    "message", [answer(), answer(OWN), answer(7, "x", {"signature": 7}), answer(reasoning_details="x"), HELLO]
)
def test_what_others_did_not_sign_stays_as_it_is(message: dict[str, Any]) -> None:
    assert without_foreign([HELLO, message], lenient=False) is None


@pytest.mark.parametrize("foreign", [SIGNED, SEALED])
def test_the_proofs_of_others_are_left_out(foreign: dict[str, Any]) -> None:
    said = {"role": "assistant", "content": "hi", "reasoning_content": "hm"}
    found = without_foreign([HELLO, answer(foreign), answer(OWN, foreign), answer(OWN)], lenient=True)
    assert found == [HELLO, said, answer(OWN), answer(OWN)]


def test_a_strict_provider_does_not_get_the_words_either() -> None:
    assert without_foreign([answer(SIGNED)], lenient=False) == [{"role": "assistant", "content": "hi"}]


@pytest.mark.parametrize(
    ("detail", "redacted"),
    [
        ({"type": "reasoning.text", "text": "hm", "signature": "s", "format": "x", "index": 0}, False),
        ({"type": "reasoning.encrypted", "data": "d", "id": "call_1"}, True),
    ],
)
def test_a_proof_comes_back_member_by_member(detail: dict[str, Any], redacted: bool) -> None:
    assert is_proof(detail)
    assert unpacked(packed(detail), detail.get("text", ""), redacted=redacted) == detail


def test_a_signature_that_was_not_packed_is_a_proof_by_itself() -> None:
    assert unpacked("s", "hm", redacted=False) == {"type": "reasoning.text", "text": "hm", "signature": "s"}
    assert unpacked("d", "", redacted=True) == {"type": "reasoning.encrypted", "data": "d"}


@pytest.mark.parametrize("holder", [None, 7, {}, {"google": 7}, {"google": {"thought_signature": 7}}])
def test_a_call_without_googles_signature_has_none(holder: object) -> None:
    assert of_call(holder) == ""
    assert of_call(with_call("s")) == "s"
