"""Kinds of tokens: the table that settings, declarations and the way out read."""

from __future__ import annotations

import pytest

from gateway.core.token_kinds import TOKEN_KINDS, SourceMember, SourceSettings, TokenAuth, TokenKind


def test_the_settings_of_a_kind_are_those_of_every_source_once_with_files_for_secrets() -> None:
    kind = TokenKind({}, {"a": (SourceMember("id"), SourceMember("key", is_secret=True)), "b": (SourceMember("id"),)})
    assert kind.settings == ("credential", "id", "key", "key_file")


def test_no_setting_of_a_source_can_be_taken_for_a_key() -> None:
    for kind in TOKEN_KINDS.values():
        assert not {"key", "key_file"} & {*kind.settings}


def test_parameters_are_filled_from_the_settings_of_the_record() -> None:
    auth = TokenAuth("aws", {"service": "bedrock", "region": "{region}"})
    assert auth.filled({"region": "eu-central-1"}) == {"service": "bedrock", "region": "eu-central-1"}
    with pytest.raises(KeyError):
        auth.filled({})


def test_the_members_of_a_source_are_hidden() -> None:
    assert "hush" not in repr(SourceSettings("static", {"secret_access_key": "hush"}))
