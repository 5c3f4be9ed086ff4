"""`catalogue review`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.builders import a_receipt, an_attempt
from tests.commands.calling import KEYS, call
from tests.commands.proposals.lists import a_catalogue, genai, litellm, updated
from tests.stores.books_in import books_in, run


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """A dearer price of two lists, an end of one, a month with one exchange, and a policy with a price limit."""
    options = a_catalogue(tmp_path)
    (tmp_path / "policies/cheap.toml").write_text(
        'name = "cheap"\npurpose = "At most 2."\n[routes]\nmax_price = { input = 2 }\nonly_providers = ["alpha"]\n'
    )
    attempt = an_attempt(usage={"input": 1_000_000, "output": 0})
    with books_in(tmp_path / "state") as books:
        run(partial(books.settle, a_receipt("A", attempts=(attempt,))))
    end = {"deprecation_date": "2026-11-23"}
    assert updated(tmp_path, options, litellm(tmp_path, alpha=3e-06, **end), genai(tmp_path, alpha=3)).code == 0
    return [str(tmp_path / "proposal.json"), *options]


def test_each_change_has_its_effects(options: list[str]) -> None:
    view = call("catalogue", "review", *options, environ=KEYS, json=True).json
    changes = {change["id"]: change for change in view["changes"]}
    price = changes["alpha/small:price.input"]
    assert price["proposed"] is True
    assert price["impact"]["policies_lost"] == ["cheap"]
    assert price["impact"]["last_route_lost_in"] == ["cheap"]
    assert price["impact"]["cost"] == {"before": "2", "after": "3", "difference": "1"}
    assert float(price["impact"]["hold"]["difference"]) > 0
    end = changes["alpha/small:retires_on"]
    assert end["doubts"] == ["one_feed"]
    assert set(end["impact"]["policies_lost"]) == {"cheap", "open", "strict"}
    assert set(end["impact"]["last_route_lost_in"]) == {"cheap", "strict"}
    assert view["spend"] == {"research": {"before": "2", "after": "3", "difference": "1"}}
    assert view["traffic"]["exchanges"] == 1


def test_people_read_tables(options: list[str]) -> None:
    out = call("catalogue", "review", *options, environ=KEYS).out
    assert "Proposed: `accept` takes them" in out
    assert "To decide" in out
    assert "THE LAST ROUTE" in out
    assert "research" in out


def test_a_pull_request_gets_markdown(options: list[str], tmp_path: Path) -> None:
    text = call("catalogue", "review", *options, "--markdown", "-", environ=KEYS).out
    assert text.startswith("# Catalogue: 1 changes proposed, ")
    written = tmp_path / "review.md"
    call("catalogue", "review", *options, "--markdown", str(written), environ=KEYS)
    assert written.read_text() == text


def test_a_change_of_a_value_that_is_gone_is_outdated(options: list[str], tmp_path: Path) -> None:
    record = tmp_path / "config/catalog/alpha.toml"
    record.write_text(record.read_text().replace("input = 2\n", "input = 2.5\n"))
    view = call("catalogue", "review", *options, environ=KEYS, json=True).json
    assert [c["id"] for c in view["changes"] if c["outdated"]] == ["alpha/small:price.input"]
    assert "outdated" in call("catalogue", "review", *options, environ=KEYS).out


def test_without_a_gateway_and_without_credentials_it_still_reviews(tmp_path: Path) -> None:
    options = a_catalogue(tmp_path)
    updated(tmp_path, options, litellm(tmp_path, alpha=3e-06))
    view = call("catalogue", "review", str(tmp_path / "proposal.json"), *options, json=True).json
    assert view["traffic"]["exchanges"] == 0
    assert view["changes"][0]["impact"]["cost"] is None
    assert list((tmp_path / "state").iterdir()) == [], "a reader makes nothing there"
