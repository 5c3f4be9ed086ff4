"""`deployments.toml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.catalog import RouteId
from gateway.declarations.deployments import with_deployments
from tests.builders import a_route
from tests.declarations.papers import Papers, papers

BEFORE = 'dialect = "openai_chat"'


def named(tmp_path: Path, text: str) -> Papers:
    """Papers in which the operator names the deployments of alpha."""
    documents = papers(tmp_path).change("config/catalog/alpha.toml", BEFORE, f"{BEFORE}\ndeployments = true")
    return documents.write("config/deployments.toml", text)


def test_a_route_is_asked_for_by_the_name_of_its_deployment(tmp_path: Path) -> None:
    snapshot = named(tmp_path, '[alpha]\nsmall = "chat-eu"\n').load().snapshot
    assert snapshot is not None
    route, other = snapshot.routes[RouteId("alpha/small")], snapshot.routes[RouteId("beta/small")]
    assert (route.upstream_model, route.wire_model) == ("lab/Small", "chat-eu")
    assert other.wire_model == other.upstream_model
    assert snapshot.routes_of["small"] == (route, other)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[beta]\nsmall = "chat"\n', "config/deployments.toml: beta: beta names its models itself; remove the table"),
        ('[alpha]\nlarge = "chat"\n', '"alpha/large" is not a declared route'),
        ('[gamma]\nsmall = "chat"\n', '"gamma" is not a declared provider'),
        ('[alpha]\nsmall = "a chat"\n', '"a chat" is not the name of a deployment'),
        ('[alpha]\nsmall.x = "chat"\n', "is a table: a dot outside quotes divides a key"),
        ("alpha = 3\n", "alpha"),
    ],
)
def test_a_name_that_nothing_takes_is_a_fault(tmp_path: Path, text: str, fault: str) -> None:
    faults = [str(each) for each in named(tmp_path, text).load().faults]
    assert any(fault in each for each in faults), faults


def test_without_a_document_nothing_is_renamed() -> None:
    routes = {RouteId("alpha/small"): a_route()}
    assert with_deployments(routes, {}) is routes
