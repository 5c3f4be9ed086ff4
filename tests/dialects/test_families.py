"""Families: a client is known by what only its SDKs send."""

from __future__ import annotations

from gateway.dialects.families import ANTHROPIC, GOOGLE, OPENAI, Family
from gateway.dialects.registry import REGISTRY

FAMILIES = (OPENAI, ANTHROPIC, GOOGLE)


def test_no_two_families_have_a_mark_or_a_name_in_common() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert len(frozenset().union(*(f.marks for f in FAMILIES))) == sum(len(f.marks) for f in FAMILIES)
    assert [family.name for family in FAMILIES if family.key_in_query] == ["google"]


def test_a_header_that_states_a_version_is_a_mark_of_its_family() -> None:
    assert all(family.version_header in {*family.marks, b""} for family in FAMILIES)


def test_every_family_has_a_dialect_whose_error_shape_is_its_own() -> None:
    assert {name: dialect.NAME for name, dialect in REGISTRY.families.items()} == {
        "openai": "openai_chat",
        "anthropic": "anthropic_messages",
        "google": "google_generate",
    }


def test_a_family_without_conventions_is_known_by_its_mount_alone() -> None:
    plain = Family("plain", OPENAI.rate_headers)
    assert (plain.marks, plain.key_in_query, plain.version_header, plain.model_prefix) == (frozenset(), False, b"", "")
