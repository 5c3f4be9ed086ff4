"""What other dialects signed is taken out of a conversation that goes back to Google."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.dialects import signatures
from gateway.dialects.google_generate.foreign import without_foreign
from gateway.dialects.google_generate.signed import UNSIGNED, closed

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
