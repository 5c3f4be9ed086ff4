"""No request of another dialect is written as a text completion."""

from __future__ import annotations

import pytest

from gateway.dialects.dialect import Unportable
from gateway.dialects.neutral import Conversation, Embedding
from gateway.dialects.openai_completions.encode import written
from tests.builders import a_demand, a_route
from tests.dialects.openai_completions.requests import PSEUDONYMS


@pytest.mark.parametrize(("neutral", "name"), [(Conversation(()), "messages"), (Embedding(("a",)), "input")])
def test_neither_turns_nor_inputs_have_a_place(neutral: Conversation | Embedding, name: str) -> None:
    with pytest.raises(Unportable) as unportable:
        written(neutral, a_demand(), a_route(), PSEUDONYMS)
    assert unportable.value.names == (name,)
