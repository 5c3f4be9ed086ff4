"""What every dialect asks of a request's members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest, ModelNotFound
from gateway.dialects import members
from gateway.dialects.names import Named
from tests.builders import a_policy, a_route, a_snapshot

SNAPSHOT = a_snapshot(
    a_route("alpha"), a_route("beta", variant="fast"), policies=(a_policy("strict"),), redirects={"gpt-*": "small"}
)


def refused(read: Callable[[], object]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read()
    assert "MARKER" not in caught.value.message + str(caught.value.details)
    return caught.value


# --- plain types -----------------------------------------------------------------------------------------------------

READERS: dict[Callable[..., Any], tuple[object, list[object], list[object]]] = {
    members.count: (None, [1, 7, 2**31], [0, -1, 2**31 + 1, 1.0, True, "MARKER", ["MARKER"]]),
    members.number: (None, [0, 0.5, -2, 1e300], [True, "MARKER", {"MARKER": 1}]),
    members.flag: (False, [True, False], [0, 1, "MARKER"]),
    members.text: ("", ["", "words"], [7, True, ["MARKER"]]),
    members.table: ({}, [{}, {"a": 1}], [7, "MARKER", ["MARKER"]]),
    members.rows: ([], [[], [1]], [7, "MARKER", {"MARKER": 1}]),
}


@pytest.mark.parametrize("read", READERS, ids=lambda r: r.__name__)
def test_a_member_is_of_its_type_or_absent(read: Callable[..., Any]) -> None:
    absent, good, bad = READERS[read]
    assert read({}, "x") == read({"x": None}, "x") == absent
    for value in good:
        assert read({"x": value}, "x") == value
    for value in bad:
        fault = refused(lambda wrong=value: read({"x": wrong}, "x"))  # type: ignore[misc]
        assert fault.details["field"] == "x"
        assert "`x`" in fault.message


def test_a_count_has_bounds_of_its_own() -> None:
    assert members.count({"n": 128}, "n", most=128) == 128
    assert members.count({"n": 0}, "n", least=0) == 0
    assert "from 1 to 128" in refused(lambda: members.count({"n": 129}, "n", most=128)).message


# --- names -----------------------------------------------------------------------------------------------------------

FOLDED = {"stream": "stream", "max_tokens": "max_tokens"}


def test_a_name_that_differs_only_in_case_is_refused_with_the_right_one() -> None:
    assert refused(lambda: members.no_lookalikes({"Stream": "MARKER"}, FOLDED)).details == {"field": "stream"}
    members.no_lookalikes({"stream": 1, "other": 2, "Other": 3}, FOLDED)


def test_members_that_no_table_lists_are_named_if_their_names_are_words() -> None:
    names = ["model", "new_feature", "harmless", "MARKER said", "x" * 48, "x" * 49, "7up", ""]
    odd = "(a member whose name is not a plain word)"
    found = list(members.unlisted(names, frozenset({"model"}), frozenset({"harmless"})))
    assert found == ["new_feature", odd, "x" * 48, odd, odd, odd]


# --- the model -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("small", Named("small")),
        ("alpha/small", Named("small", "alpha")),
        ("beta/small@fast", Named("small", "beta/small@fast")),
        ("gpt-9", Named("small", alias="gpt-*")),
    ],
)
def test_a_model_is_found_by_its_name(name: str, found: Named) -> None:
    assert members.model(name, SNAPSHOT) == found


@pytest.mark.parametrize("name", [None, 7, "", ["small"], True])
def test_what_names_no_model_is_refused(name: object) -> None:
    assert refused(lambda: members.model(name, SNAPSHOT)).details == {"field": "model"}


@pytest.mark.parametrize("name", ["smal", "alpha/smal", "some/where/smal"])
def test_an_unknown_model_has_near_names(name: str) -> None:
    with pytest.raises(ModelNotFound) as missing:
        members.model(name, SNAPSHOT)
    assert missing.value.near == ["small"]


# --- what a request itself asks for ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "header", "names"),
    [
        ({}, "", []),
        ({"provider": None}, "", []),
        ({}, "strict", ["strict"]),
        ({"provider": {"only": ["alpha"]}}, "", ["request"]),
        ({"provider": {"only": ["alpha"]}}, "strict", ["strict", "request"]),
    ],
)
def test_a_request_narrows_in_the_header_and_in_the_body(values: dict[str, Any], header: str, names: list[str]) -> None:
    assert [policy.name for policy in members.narrowed(values, header, SNAPSHOT)] == names


def test_a_wish_that_is_none_is_refused() -> None:
    assert refused(lambda: members.narrowed({"provider": "MARKER"}, "", SNAPSHOT)).details["field"] == "provider"
