"""The texts of a request: everything that somebody wrote, and no word of the protocol."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.operation import COMPLETIONS
from gateway.dialects import strict_json
from gateway.dialects.dialect import Unportable
from gateway.dialects.openai_completions.request import accept
from gateway.dialects.openai_completions.texts import texts
from gateway.dialects.prompt import PromptHead
from tests.builders import a_snapshot
from tests.dialects.masking import check_every_marker_is_a_text


@pytest.mark.parametrize("prompt", ["MARKER", ["MARKER", "a MARKER"]])
def test_every_prompt_is_a_text_and_the_request_stays_valid(prompt: Any) -> None:
    request = {
        "model": "small",
        "prompt": prompt,
        "suffix": "MARKER",
        "stop": ["MARKER"],
        "provider": {"only": ["alpha"]},
        "user": "u",
        "brand_new": "MARKER",
    }
    accept(check_every_marker_is_a_text(texts, request), PromptHead(COMPLETIONS), a_snapshot())


@pytest.mark.parametrize("prompt", [b"[1,2]", b'["a",[1,2]]'])
def test_token_ids_are_words_that_no_mask_can_reach(prompt: bytes) -> None:
    with pytest.raises(Unportable):
        texts(strict_json.read(b'{"model":"small","prompt":' + prompt + b"}"))
