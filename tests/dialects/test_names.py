"""What model names mean."""

from __future__ import annotations

import pytest

from gateway.dialects.names import Named, near, resolve
from tests.builders import a_route, a_snapshot

SNAPSHOT = a_snapshot(a_route("alpha"), a_route("beta", variant="fast"), a_route("beta", variant="slow"))


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("small", Named("small")),
        ("small-latest", Named("small")),
        ("alpha/small", Named("small", "alpha")),
        ("alpha/small-latest", Named("small", "alpha")),
        ("beta/small", Named("small", "beta")),
        ("beta/small@fast", Named("small", "beta/small@fast")),
        ("gamma/small", None),
        ("alpha/large", None),
        ("large", None),
        ("", None),
    ],
)
def test_a_name_is_bare_pinned_or_an_alias(name: str, meaning: Named | None) -> None:
    assert resolve(name, SNAPSHOT) == meaning


REDIRECTED = a_snapshot(
    a_route("alpha"), a_route("alpha", "large"), redirects={"small": "large", "gpt-*": "small", "lab/big": "large"}
)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("small", Named("large", alias="small")),
        ("small-latest", Named("small")),
        ("gpt-5-nano-2025-08-07", Named("small", alias="gpt-*")),  # never what the client wrote
        ("lab/big", Named("large", alias="lab/big")),
        ("alpha/small", Named("small", "alpha")),  # who pins a provider means that model
        ("alpha/small-latest", Named("small", "alpha")),
        ("alpha/gpt-5", None),
    ],
)
def test_the_operator_redirects_bare_names_only(name: str, meaning: Named | None) -> None:
    assert resolve(name, REDIRECTED) == meaning


def test_near_names_help_those_who_mistype() -> None:
    assert near("smal", ["small", "large"]) == ["small"]
    assert near("x" * 100_000, ["small"]) == []
