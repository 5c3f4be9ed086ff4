"""What a provider signs comes back to it, through clients that know nothing of it."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.signatures import enveloped, opened, signed_id, split_id, without_signatures

SIGNATURES = st.text(min_size=1, max_size=200)
ORIGINS = st.from_regex(r"[a-z_]{1,32}", fullmatch=True)
IDS = st.from_regex(r"[A-Za-z0-9-]{1,40}", fullmatch=True)


@given(SIGNATURES, ORIGINS)
def test_an_envelope_is_opened_to_what_was_put_into_it(signature: str, origin: str) -> None:
    assert opened(enveloped(signature, origin), "anthropic_messages") == (signature, origin)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "EqQBCkYIBxgCKkA=",
        "scsig",
        "scsig.",
        "scsig.openai_chat",
        "scsig.openai_chat.",
        "scsig.Upper.x",
        "x scsig.a.b",
    ],
)
def test_a_signature_without_an_envelope_is_the_dialects_own(signature: str) -> None:
    assert opened(signature, "anthropic_messages") == (signature, "anthropic_messages")


@given(IDS, SIGNATURES)
def test_a_call_id_carries_a_signature_and_gives_it_back(id_: str, signature: str) -> None:
    carried = signed_id(id_, signature)
    assert re.fullmatch("[a-zA-Z0-9_-]+", carried), "what every dialect takes as an id"
    assert split_id(carried) == (id_, signature)


@given(IDS)
def test_without_a_signature_an_id_stays_as_it_is(id_: str) -> None:
    assert signed_id(id_, "") == id_
    assert split_id(id_) == (id_, "")


@pytest.mark.parametrize("packed", ["", "A", "AAAAA", "_w", "-_-_-"])
def test_a_signature_that_somebody_damaged_is_none(packed: str) -> None:
    assert split_id(f"call_1__scsig_{packed}") == ("call_1", "")


@given(IDS, SIGNATURES, IDS)
def test_a_provider_that_never_made_such_ids_gets_back_its_own(id_: str, signature: str, other: str) -> None:
    def body(one: str, two: str) -> bytes:
        return json.dumps({"calls": [{"id": one}, {"id": two}], "tool_use_id": one}).encode()

    assert without_signatures(body(signed_id(id_, signature), signed_id(other, signature))) == body(id_, other)


def test_what_somebody_says_about_such_ids_stays_as_it_was_said() -> None:
    said = '{"id": "call_1__scsig_YQ"}'
    body = json.dumps({"id": "call_1__scsig_YQ", "content": said}).encode()
    assert json.loads(without_signatures(body)) == {"id": "call_1", "content": said}


def test_a_body_without_such_ids_is_not_touched() -> None:
    body = b'{"id":"call__scsi","x":"\xff"}'
    assert without_signatures(body) is body
