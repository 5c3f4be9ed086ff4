"""Ids of tool calls in the form that Anthropic demands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.anthropic_messages.ids import plain
from tests.dialects.anthropic_messages.strategies import ANY_INPUT


@pytest.mark.parametrize("id_", ["toolu_01A09q90qw90lq917835lq9", "call-1", "x"])
def test_an_id_of_that_form_stays(id_: str) -> None:
    assert plain(id_) == id_


@ANY_INPUT
@given(st.text())
def test_every_id_becomes_one_of_that_form(id_: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", plain(id_))
    assert plain(id_) == plain(id_)


def test_ids_that_differ_in_strange_characters_stay_different() -> None:
    assert len({plain("functions.f:0"), plain("functions.f:1"), plain("functions_f_0"), plain("functions:f.0")}) == 4
