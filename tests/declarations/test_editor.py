"""Edits of documents: what was not meant to change stays, byte for byte."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import tomli

from gateway.declarations.editor import CannotEdit, Verification, dumped, parsed_document, with_verification

RECORDS = sorted((Path(__file__).parents[2] / "config" / "catalog").glob("*.toml"))[:12]
LOOK = Verification("training", date(2026, 11, 30), "N. N.", "https://a.example", value='"no"')


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_an_edited_record_differs_in_the_verified_line_alone(path: Path) -> None:
    before, after = path.read_text(), with_verification(path.read_bytes(), LOOK).decode()
    changed = set(after.splitlines()) - set(before.splitlines())
    assert len(changed) == 1
    assert tomli.loads(after)["posture"]["training"] | {"note": 0, "disputed": 0} == {
        "value": "no",
        "verified_on": LOOK.on,
        "verified_by": "N. N.",
        "sources": [{"url": "https://a.example"}],
        "note": 0,
        "disputed": 0,
    }


def test_note_and_dispute_of_a_fact_stay() -> None:
    content = b'[posture]\ntraining = { value = "yes", note = "n", disputed = ["no"], read_on = 2026-01-01 }  # why\n'
    after = with_verification(content, Verification("training", LOOK.on, "N. N.", "s"))
    fact = tomli.loads(after.decode())["posture"]["training"]
    assert (fact["value"], fact["note"], fact["disputed"]) == ("yes", "n", ["no"])
    assert "read_on" not in fact


@pytest.mark.parametrize(
    ("content", "dimension", "reason"),
    [
        (b"[posture", "training", "is not TOML"),
        (b"\xff", "training", "is not TOML"),
        (b"id = 1", "training", "has no table [posture]"),
        (b"[posture]\n", "training", "states nothing for training; say what the source states with --value"),
        (b"[posture]\n", "colour", "knows no dimension 'colour'"),
    ],
)
def test_what_cannot_be_edited_says_why(content: bytes, dimension: str, reason: str) -> None:
    with pytest.raises(CannotEdit) as caught:
        with_verification(content, Verification(dimension, LOOK.on, "N. N.", "s"))
    assert caught.value.reason.startswith(reason)


def test_a_line_that_is_not_edited_keeps_its_last_space() -> None:
    before = b"a = 1\nb = { day = 2026-10-26 }\n"
    document = parsed_document(before)
    document["a"] = 2
    assert dumped(document, before) == b"a = 2\nb = { day = 2026-10-26 }\n"
