"""Names of keys: one slot per organisation."""

from __future__ import annotations

from redis.crc import key_slot

from gateway.stores.redis.key_space import KeySpace


def test_all_keys_of_an_organisation_are_in_one_slot_of_a_cluster() -> None:
    keys = KeySpace("acme")
    assert {key_slot(keys(*parts).encode()) for parts in (("state",), ("account", "a", "total"))} == {
        key_slot(b"safeconduct/acme")
    }


def test_names_are_those_of_earlier_versions() -> None:
    assert KeySpace("acme")("holds", "m") == "{safeconduct/acme}:holds:m"
