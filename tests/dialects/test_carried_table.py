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
    for kind, of in ((Conversation, lambda c: c), (Sampling, lambda c: c.sampling)):
        for member in fields(kind):
            if member.name not in ("turns", "lost", "sampling"):
                assert any(
                    getattr(of(one), member.name) != getattr(of(bare), member.name) for one, bare in PARTS.values()
                ), member.name


def test_nothing_vanishes_in_silence() -> None:
    """Only settings that mean the same as no setting are left out unnamed."""
    silent = {
        (part, wire.NAME)
        for wire in wires()
        for part, (conversation, without) in PARTS.items()
        if fate(wire, conversation, without) == "the default"
    }
    assert silent == {("no reasoning", "bedrock_converse")}
