"""Answers of control planes: written and read again, and joined to a record, which they only narrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from gateway.core.catalog import ControlPlane, Provider
from gateway.core.posture import UNKNOWN, Value
from gateway.declarations.catalog import ProviderDocument
from gateway.declarations.destinations import (
    ObservedDestinations,
    narrowed,
    read_destinations,
    written_destinations,
)
from gateway.declarations.faults import Report
from gateway.declarations.reader import Page, parse
from gateway.declarations.routes import DraftRoute, read_route
from tests.builders import a_connection, a_provider

DAY = date(2026, 12, 1)
COUNTRIES = {"eu-central-1": "DE", "eu-west-1": "IE", "eu-central-2": "CH"}
OBSERVED = ObservedDestinations(
    "https://bedrock.example", DAY, {"region": "eu-central-1"}, {"eu.claude": ("eu-central-1", "eu-west-1")}, "none"
)


def read_again(content: bytes) -> tuple[Mapping[str, ObservedDestinations], Report]:
    report = Report()
    values = parse("destinations.toml", content, report)
    assert values is not None
    return read_destinations(Page("destinations.toml", values, report, DAY)), report


def test_what_is_written_is_read_again() -> None:
    strange = ObservedDestinations('https://a"\\b\n', DAY, {}, {'eu."x': (), "eu.y": ("é",)})
    for observed in ({}, {"aws": OBSERVED}, {"aws": OBSERVED, "b": strange}):
        found, report = read_again(written_destinations(observed))
        assert found == observed
        assert not report.faults


def test_an_answer_without_its_date_is_a_fault() -> None:
    found, report = read_again(b'[aws]\nurl = "https://a.example"\n')
    assert (found, [fault.key for fault in report.faults]) == ({}, ["aws.read_on"])


def a_record(upstream: str = "eu.claude", destinations: ControlPlane | None = None) -> ProviderDocument:
    plane = destinations or ControlPlane("https://bedrock.example", COUNTRIES)
    provider = a_provider("aws", connection=a_connection(destinations=plane))
    return ProviderDocument(provider, (a_draft(upstream),), ())


def a_draft(upstream: str) -> DraftRoute:
    return read_route(Page("", {"model": "claude", "upstream_model": upstream}, Report(), DAY).root, None)


def place(provider: Provider) -> Value | None:
    exceptions = [e for e in provider.exceptions if e.models == frozenset({"claude"})]
    return exceptions[0].facts["processed_in"].value if exceptions else None


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        (("eu-central-1", "eu-west-1"), frozenset({"DE", "IE"})),
        (("eu-central-1", "eu-central-2"), frozenset({"DE", "CH"})),
        (("eu-central-1", "mars-north-1"), UNKNOWN),
        ((), UNKNOWN),
    ],
)
def test_the_place_of_a_model_is_the_list_of_its_destinations(regions: tuple[str, ...], expected: Value) -> None:
    observed = replace(OBSERVED, profiles={"eu.claude": regions, "eu.other": ("eu-west-1",)})
    provider = narrowed(a_record(), observed).provider
    assert place(provider) == expected
    [exception] = provider.exceptions
    assert exception.facts["processed_in"].read_on == DAY


def test_a_model_without_an_answer_keeps_the_statement_of_its_record() -> None:
    assert narrowed(a_record("eu.unlisted"), OBSERVED).provider.exceptions == ()


@pytest.mark.parametrize("mode", ["aws_review", "provider_data_share", "something_new"])
def test_a_mode_that_keeps_content_makes_retention_unknown(mode: str) -> None:
    provider = narrowed(a_record(), replace(OBSERVED, profiles={}, retention_mode=mode)).provider
    [exception] = provider.exceptions
    assert exception.models is None
    assert {name: fact.value for name, fact in exception.facts.items()} == dict.fromkeys(
        ("stored_in", "retention_days", "logging", "third_party_access"), UNKNOWN
    )


def test_a_record_without_a_control_plane_is_as_it_was() -> None:
    record = a_record()
    bare = replace(record, provider=replace(record.provider, connection=a_connection()))
    assert narrowed(bare, OBSERVED) is bare
