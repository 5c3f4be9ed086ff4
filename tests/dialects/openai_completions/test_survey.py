"""The shape of a text completion's request."""

from __future__ import annotations

from typing import get_type_hints

from openai.types.completion_create_params import CompletionCreateParamsBase

from gateway.dialects.openai_completions.survey import MEMBERS
from tests.dialects.openai_completions.requests import accepted


def test_every_member_of_the_official_sdk_is_known() -> None:
    assert get_type_hints(CompletionCreateParamsBase).keys() <= MEMBERS.keys()


def test_members_of_other_servers_that_only_steer_the_answer_are_known() -> None:
    assert (
        accepted(top_k=3, min_p=0.1, repetition_penalty=1.1, guided_regex="a", skip_special_tokens=True)[0].unlisted
        == ()
    )


def test_a_wrong_type_is_named() -> None:
    assert accepted(suffix=["a"], logit_bias={"a": []})[0].unlisted == ("suffix", "logit_bias")
