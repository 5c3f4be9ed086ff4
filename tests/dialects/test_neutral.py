"""The neutral form: content that does not show, and replies that come together from their events."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from gateway.dialects import neutral
from gateway.dialects.neutral import (
    CONTENT,
    Begun,
    Lost,
    ReplyEnded,
    ReplyEvent,
    Scored,
    Silent,
    Used,
)

# --- nothing shows ---------------------------------------------------------------------------------------------------

HOLDERS = [
    kind
    for kind in vars(neutral).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == neutral.__name__
]
OPEN = {"Reasoning", "Begun", "Used", "Lost", "ReplyEnded"}
"""Hold numbers and names of ours alone."""


def filled(kind: Any) -> Any:
    """A value with words of a client's in every field that it must have, and in every text."""
    wanted = [f for f in dataclasses.fields(kind) if f.default is f.default_factory or "str" in str(f.type)]
    return kind(**{f.name: "MARKER" for f in wanted})


@pytest.mark.parametrize("kind", HOLDERS, ids=lambda k: k.__name__)
def test_what_holds_content_shows_its_kind_alone(kind: Any) -> None:
    if kind.__name__ in OPEN:
        assert not issubclass(kind, Silent)
        return
    held = filled(kind)
    for shown in (repr(held), str(held), f"{held}", repr([held])):
        assert "MARKER" not in shown
    assert repr(held) == f"{kind.__name__}(sealed)"


def test_every_event_but_reports_begins_content() -> None:
    assert set(get_args(ReplyEvent)) - set(CONTENT) == {Begun, Scored, Used, Lost, ReplyEnded}
