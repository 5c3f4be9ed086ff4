"""What stands in the place of a client's identifiers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.stores.pseudonyms import KEY_FILE, Pseudonyms, key_in

KEY, OTHER = b"k" * 32, b"o" * 32
NAMES = st.text(max_size=40)


@given(NAMES)
def test_the_same_identifier_has_the_same_pseudonym_wherever_the_key_is(name: str) -> None:
    assert Pseudonyms(KEY).of("acme")(name) == Pseudonyms(KEY).of("acme")(name)


@given(NAMES, NAMES)
def test_different_identifiers_have_different_pseudonyms(one: str, two: str) -> None:
    said = Pseudonyms(KEY).of("acme")
    assert (said(one) == said(two)) is (one == two)


@given(NAMES)
def test_another_key_or_organisation_has_other_pseudonyms(name: str) -> None:
    said = {Pseudonyms(key).of(org)(name) for key in (KEY, OTHER) for org in ("acme", "other")}
    assert len(said) == 4


@given(NAMES)
def test_teams_have_pseudonyms_of_their_own_unless_they_share_them(name: str) -> None:
    said = {Pseudonyms(KEY).of("acme", team)(name) for team in ("", "research", "sales")}
    assert len(said) == 3


def test_an_organisation_and_an_identifier_do_not_run_together() -> None:
    assert Pseudonyms(KEY).of("ac")("me") != Pseudonyms(KEY).of("acm")("e")


@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_a_pseudonym_is_short_plain_and_says_nothing(name: str) -> None:
    """Lone surrogates too: whatever a client writes has a pseudonym."""
    assert re.fullmatch("sc_[0-9a-f]{32}", Pseudonyms(KEY).of("acme")(name))


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = key_in(tmp_path)
    assert len(made) == 32
    assert key_in(tmp_path) == made
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    (tmp_path / "elsewhere").mkdir()
    assert key_in(tmp_path / "elsewhere") != made


@pytest.mark.parametrize("kept", [b"", b"k" * 31, b"k" * 33, b"MARKER"])
def test_a_file_that_holds_no_key_is_refused_by_its_name_alone(tmp_path: Path, kept: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(kept)
    with pytest.raises(OSError, match=KEY_FILE) as refused:
        key_in(tmp_path)
    assert "MARKER" not in str(refused.value)
    assert (tmp_path / KEY_FILE).read_bytes() == kept, "what is there may be somebody's key"


def test_without_a_state_directory_there_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        key_in(tmp_path / "missing")
