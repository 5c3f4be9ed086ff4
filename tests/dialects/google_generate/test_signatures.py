"""Signatures: Google's as they are, others' in an envelope that Google's SDKs can decode."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from google.genai.types import Part
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects import signatures
from gateway.dialects.google_generate.signatures import UNSIGNED, closed, is_foreign, opened, standard, without_foreign
from tests.dialects.google_generate.strategies import UNKEPT

OWN = "CiQB0e2Kb3FzY2hhZmUgdW5kIGVpbmUgU2lnbmF0dXI="


def test_our_own_stay_as_they_are() -> None:
    assert closed(signatures.enveloped(OWN, "google_generate")) == (OWN, False)
    assert opened(OWN) == (OWN, "google_generate")
    assert not is_foreign(OWN)


@UNKEPT
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_others_come_back_through_the_sdk_as_they_were(signature: str) -> None:
    """The SDK decodes the field, and encodes it in the other alphabet."""
    kept, foreign = closed(signatures.enveloped(signature, "anthropic_messages"))
    part = Part.model_validate_json(f'{{"text":"","thoughtSignature":"{kept}"}}', strict=True)
    returned = str(part.model_dump(mode="json", by_alias=True, exclude_none=True)["thoughtSignature"])
    assert foreign
    assert is_foreign(returned)
    assert opened(returned) == (signature, "anthropic_messages")


@pytest.mark.parametrize(
    "signature", ["", UNSIGNED, "context_engineering_is_the_way_to_go", "c2NzaWcu!", "c2NzaWcu/w=="]
)
def test_what_is_no_signature_is_none(signature: str) -> None:
    assert opened(signature) == ("", "")


@UNKEPT
@given(st.binary())
def test_both_alphabets_are_read(data: bytes) -> None:
    urls = base64.urlsafe_b64encode(data).decode()
    assert standard(urls) == standard(urls.rstrip("=")) == base64.b64encode(data).decode()


FOREIGN = closed(signatures.enveloped("s", "anthropic_messages"))[0]
CALL = {"functionCall": {"name": "f", "args": {}}}


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


@pytest.mark.parametrize(
    ("part", "left"),
    [
        ({"text": "a", "thoughtSignature": FOREIGN}, [{"text": "a"}]),
        ({"text": "hm", "thought": True, "thoughtSignature": FOREIGN}, []),
        ({"text": "", "thought_signature": FOREIGN}, []),
        ({**CALL, "thought_signature": FOREIGN}, [{**CALL, "thought_signature": UNSIGNED}]),
        ({"text": "a", "thoughtSignature": "T1dO"}, [{"text": "a", "thoughtSignature": "T1dO"}]),
        ({"text": "a", "thoughtSignature": 7}, [{"text": "a", "thoughtSignature": 7}]),
        ("a", ["a"]),
    ],
)
def test_each_part_keeps_what_google_can_use(part: Any, left: list[Any]) -> None:
    told, lost = without_foreign([model(part, {"text": "z"})])
    assert told == [model(*left, {"text": "z"})]
    assert lost == (() if left else ("thought",))


def test_a_turn_never_loses_all_its_parts() -> None:
    told, _ = without_foreign(model({"text": "", "thoughtSignature": FOREIGN}))
    assert told == model({"text": ""})


@pytest.mark.parametrize("contents", ["a", [7], {"parts": "a"}, [model({"text": FOREIGN})]])
def test_everything_else_is_left_alone(contents: Any) -> None:
    assert without_foreign(contents) == (contents, ())
