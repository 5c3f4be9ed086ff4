"""How a snapshot finds what is declared."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_model,
    a_route,
    a_snapshot,
)


def test_a_snapshot_knows_the_routes_of_a_model_in_the_order_of_the_documents() -> None:
    routes = [a_route("beta"), a_route("alpha"), a_route("alpha", "large")]
    snapshot = a_snapshot(*routes)
    assert snapshot.routes_of == {"small": tuple(routes[:2]), "large": tuple(routes[2:])}


def test_a_model_without_routes_has_none() -> None:
    snapshot = a_snapshot(models={"small": a_model(), "lonely": a_model("lonely")})
    assert snapshot.routes_of["lonely"] == ()


@pytest.mark.parametrize(
    ("name", "found"), [("small", "small"), ("small-latest", "small"), ("smal", None), ("", None), ("dangling", None)]
)
def test_a_model_is_found_by_id_or_alias(name: str, found: str | None) -> None:
    snapshot = a_snapshot(aliases={"small-latest": "small", "dangling": "gone"})
    model = snapshot.model(name)
    assert (model.id if model else None) == found


REDIRECTED = {
    "small": "large",
    "claude-*": "small",
    "claude-opus-*": "large",
    "claude-opus-4": "small",
    "elsewhere": "gone",
}


@pytest.mark.parametrize(
    ("name", "entry", "found"),
    [
        ("small", "small", "large"),  # also where a model has that id
        ("large", "", "large"),
        ("claude-haiku-5", "claude-*", "small"),
        ("claude-", "claude-*", "small"),
        ("claude", "", None),
        ("claude-opus-5", "claude-opus-*", "large"),  # the longer prefix
        ("claude-opus-4", "claude-opus-4", "small"),  # the whole name
        ("Claude-opus-4", "", None),
        ("small-latest", "", "small"),
        ("elsewhere", "elsewhere", None),
        ("", "", None),
    ],
)
def test_what_the_operator_redirects_is_looked_at_first(name: str, entry: str, found: str | None) -> None:
    snapshot = a_snapshot(a_route(), a_route(model="large"), redirects=REDIRECTED)
    model = snapshot.model(name)
    assert (snapshot.redirect(name), model.id if model else None) == (entry, found)


def test_what_a_model_is_called_does_not_depend_on_what_the_operator_redirects() -> None:
    snapshot = a_snapshot(a_route(), a_route(model="large"), redirects={"*": "large", **REDIRECTED})
    assert [model.id for name in ("small", "small-latest") if (model := snapshot.called(name))] == ["small", "small"]
    assert snapshot.called("claude-opus-4") is None
