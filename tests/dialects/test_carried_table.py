"""The table of the documents: what becomes of each part of a request in each language of a provider."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from gateway.dialects.neutral import Conversation, Sampling
from tests.dialects.carried_table import PARTS, fate, page, wires

PAGE = Path(__file__).resolve().parents[2] / "docs/translation.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python -m tests.dialects.carried_table > docs/translation.md"


def test_every_member_of_the_neutral_form_stands_in_the_table() -> None:
    pairs = [*PARTS.values(), *((one.sampling, bare.sampling) for one, bare in PARTS.values())]
    members = {member.name for kind in (Conversation, Sampling) for member in fields(kind)} - {"turns", "lost"}
    for name in members:
        assert any(getattr(one, name, None) != getattr(bare, name, None) for one, bare in pairs), name


def test_nothing_vanishes_in_silence() -> None:
    """Only settings that mean the same as no setting are left out unnamed."""
    silent = {
        (part, wire.NAME)
        for wire in wires()
        for part, (conversation, without) in PARTS.items()
        if fate(wire, conversation, without) == "the default"
    }
    assert silent == {("no reasoning", "bedrock_converse")}
