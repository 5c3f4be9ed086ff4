"""What is sealed in reasoning items."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.dialects.openai_responses import signatures
from gateway.dialects.signatures import enveloped


@settings(database=None, deadline=None)
@given(st.text(alphabet="abc_019"), st.text(min_size=1))
def test_an_id_and_what_is_sealed_are_one_signature(id_: str, sealed: str) -> None:
    assert signatures.unpacked(signatures.packed(id_, sealed)) == (id_, sealed)


@settings(database=None, deadline=None)
@given(st.text(min_size=1), st.booleans())
def test_a_foreign_signature_comes_back_with_its_origin(signature: str, redacted: bool) -> None:
    sealed = signatures.shown(enveloped(signature, "anthropic_messages"), redacted=redacted)
    assert signatures.unsealed(sealed, "rs_1", "openai_responses") == (signature, "anthropic_messages", redacted)
    assert signatures.is_foreign({"type": "reasoning", "id": "rs_1", "encrypted_content": sealed})


def test_what_bears_no_envelope_is_the_dialects_own() -> None:
    assert signatures.unsealed("gAAA:=", "rs_1", "openai_responses") == ("rs_1:gAAA:=", "openai_responses", False)


def test_a_thought_that_nobody_signed_is_one_that_no_provider_knows() -> None:
    assert signatures.unsealed(signatures.UNSIGNED, "rs_1", "openai_responses") == ("", "", False)
    assert signatures.is_foreign({"type": "reasoning", "id": "rs_1", "encrypted_content": signatures.UNSIGNED})


@pytest.mark.parametrize(
    ("item", "foreign"),
    [
        ({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA"}, False),
        ({"type": "reasoning", "id": "rs_1"}, False),
        ({"type": "reasoning", "encrypted_content": "gAAA"}, False),
        ({"type": "reasoning", "id": "rs_foreign_1", "encrypted_content": None}, True),
        ({"type": "reasoning", "summary": []}, True),
        ({"type": "message", "id": "rs_foreign_1"}, False),
        ("text", False),
    ],
)
def test_a_thought_is_foreign_if_no_provider_could_know_it(item: Any, foreign: bool) -> None:
    assert signatures.is_foreign(item) is foreign
