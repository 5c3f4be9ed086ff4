"""What clients say about their own users never leaves as they said it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dialects.identifiers import end_user, hidden
from gateway.dialects.registry import REGISTRY


def alias(said: str) -> str:
    return f"p({said})"


def changed(values: dict[str, Any], *, kept: bool = True) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The members as they go out, and the names of what does not."""
    changes, dropped = hidden(values, alias if kept else None)
    after = {**values, **{name: None if new is None else orjson.loads(new) for name, new in changes.items()}}
    return {name: value for name, value in after.items() if value is not None}, dropped


@pytest.mark.parametrize("name", ["user", "safety_identifier", "prompt_cache_key"])
def test_an_identifier_is_replaced_or_left_out(name: str) -> None:
    assert changed({name: "anna", "model": "m"}) == ({name: "p(anna)", "model": "m"}, ())
    assert changed({name: "anna", "model": "m"}, kept=False) == ({"model": "m"}, (name,))


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("value", [7, True, ["anna"], {"name": "anna"}, 1.5])
def test_what_is_no_string_has_no_pseudonym(value: object, kept: bool) -> None:
    assert changed({"user": value}, kept=kept) == ({}, ("user",))
    assert changed({"metadata": {"user_id": value, "a": "b"}}, kept=kept) == (
        {"metadata": {"a": "b"}},
        ("metadata.user_id",),
    )


def test_what_is_null_or_not_there_is_nothing_to_hide() -> None:
    assert hidden({"user": None, "metadata": None, "client_metadata": None, "model": "m"}, alias) == ({}, ())
    assert hidden({}, None) == ({}, ())


def test_of_the_metadata_only_the_user_is_an_identifier() -> None:
    own = {"user_id": "anna", "purpose": "tests", "n": 7}
    assert changed({"metadata": own}) == ({"metadata": {**own, "user_id": "p(anna)"}}, ())
    assert changed({"metadata": own}, kept=False) == ({"metadata": {"purpose": "tests", "n": 7}}, ("metadata.user_id",))
    assert changed({"metadata": {"user_id": "anna"}}, kept=False) == ({}, ("metadata.user_id",)), (
        "nothing is left of it"
    )
    assert hidden({"metadata": {"purpose": "tests"}}, None) == ({}, ())


def test_everything_that_a_machine_says_of_itself_is_an_identifier() -> None:
    own = {"installation": "i", "thread": "t", "flags": {"remote": "git"}}
    assert changed({"client_metadata": own}) == (
        {"client_metadata": {"installation": "p(i)", "thread": "p(t)"}},
        ("client_metadata",),
    )
    assert changed({"client_metadata": own}, kept=False) == ({}, ("client_metadata",))


@pytest.mark.parametrize("kept", [True, False])
def test_what_stands_where_a_machine_describes_itself_and_is_no_table_stays_here(kept: bool) -> None:
    assert changed({"client_metadata": ["anna"]}, kept=kept) == ({}, ("client_metadata",))


def test_names_that_are_left_out_are_told_once_and_in_their_order() -> None:
    values = {"user": "a", "safety_identifier": "b", "metadata": {"user_id": "c"}, "client_metadata": {"x": 1, "y": 2}}
    assert hidden(values, None)[1] == ("user", "safety_identifier", "metadata.user_id", "client_metadata")


@pytest.mark.parametrize(
    ("dialect", "values", "named"),
    [
        ("openai_chat", {"user": "anna"}, "anna"),
        ("openai_chat", {"user": "anna", "safety_identifier": "berta"}, "berta"),
        ("openai_responses", {"safety_identifier": "berta"}, "berta"),
        ("openai_embeddings", {"user": "anna"}, "anna"),
        ("openai_embeddings", {"safety_identifier": "berta"}, ""),
        ("openai_chat", {"metadata": {"user_id": "anna"}, "prompt_cache_key": "k"}, ""),
        ("anthropic_messages", {"metadata": {"user_id": "anna"}, "user": "berta"}, "anna"),
        ("anthropic_messages", {"metadata": "anna"}, ""),
        ("google_generate", {"user": "anna"}, ""),
        ("openai_chat", {"user": ""}, ""),
        ("openai_chat", {"user": ["anna"], "safety_identifier": None}, ""),
        ("openai_chat", {}, ""),
    ],
)
def test_an_end_user_is_whom_the_member_of_the_dialect_names(dialect: str, values: dict[str, Any], named: str) -> None:
    assert end_user(REGISTRY[dialect].IDENTIFIERS, values, lambda said: f"p({said})") == (
        f"p({named})" if named else ""
    )


JSON = st.recursive(st.none() | st.booleans() | st.integers(0, 9) | st.just("MARKER"), st.lists, max_leaves=4)
NAMES = ["user", "safety_identifier", "prompt_cache_key", "metadata", "client_metadata"]
VALUES = st.dictionaries(st.sampled_from(NAMES), JSON | st.dictionaries(st.sampled_from(["user_id", "x"]), JSON))


@given(VALUES)
def test_no_identifier_leaves_as_it_was_said(values: dict[str, Any]) -> None:
    metadata = values.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("x", None)
    else:
        values.pop("metadata", None)
    for kept in (lambda _: "p", None):
        changes, _ = hidden(values, kept)
        after = {**values, **{name: b"" if new is None else new for name, new in changes.items()}}
        assert "MARKER" not in repr(after)
