"""Seals on thoughts."""

from __future__ import annotations

import base64

import pytest

from gateway.sandbox import PERSONAS
from gateway.sandbox.fields import Wrong
from gateway.sandbox.seals import accept, seal


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_seal_is_accepted_by_its_maker(persona: str) -> None:
    accept(seal(persona), persona, "signature")


@pytest.mark.parametrize("given", ["", "marker-2b7e", seal("sandbox-us")])
def test_a_seal_of_somebody_else_is_refused(given: str) -> None:
    with pytest.raises(Wrong) as refused:
        accept(given, "sandbox-se", "messages[1].signature")
    assert (refused.value.status, refused.value.param) == (400, "messages[1].signature")
    assert "marker-2b7e" not in refused.value.message


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_seal_is_the_same_in_both_alphabets_of_base64(persona: str) -> None:
    """Google's SDK writes bytes in the alphabet for URLs."""
    assert base64.urlsafe_b64encode(base64.b64decode(seal(persona))).decode() == seal(persona)
