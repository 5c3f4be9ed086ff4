# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date

import pytest

from gateway.core.catalog import Fact, Facts
from gateway.core.evidence import Source
from gateway.core.posture import UNBOUNDED, UNKNOWN, Dpa, Logging, Party, Posture, Training, Value
from gateway.declarations.evidence import RecordEvidence, read_evidence
from gateway.declarations.facts import read_bound, read_facts
from tests.declarations.papers import REGIONS, page, told

READ, VERIFIED, SANDBOX_DAY = date(2026, 11, 20), date(2026, 11, 22), date(2026, 11, 24)
RECORD = RecordEvidence(READ, VERIFIED, (Source("https://p.example"),))


def facts(text: str, evidence: RecordEvidence = RECORD) -> tuple[Facts, list[str]]:
    paper = page(f"[posture]\n{text}")
    found = read_facts(paper.root.table("posture"), REGIONS, evidence)
    paper.close()
    return found, told(paper)


@pytest.mark.parametrize(
    ("line", "dimension", "value"),
    [
        ('processed_in = ["EU", "NO"]', "processed_in", frozenset({"DE", "FR", "SE", "NO"})),
        ('processed_in = ["EU", "global"]', "processed_in", UNKNOWN),
        ('jurisdiction = ["other"]', "jurisdiction", UNKNOWN),
        ("processed_in = []", "processed_in", UNKNOWN),
        ('processed_in = "unknown"', "processed_in", UNKNOWN),
        ("stored_in = []", "stored_in", frozenset()),
        ("retention_days = 30", "retention_days", 30),
        ("retention_days = 0.042", "retention_days", 1),
        ('training = "opt_out"', "training", Training.OPT_OUT),
        ('dpa = "in_force"', "dpa", Dpa.IN_FORCE),
        ("third_party_access = []", "third_party_access", frozenset()),
        ('third_party_access = ["human_review"]', "third_party_access", frozenset({Party.HUMAN_REVIEW})),
        ('third_party_access = ["human_review", "unknown"]', "third_party_access", UNKNOWN),
    ],
)
def test_a_plain_value_has_the_evidence_of_its_record(line: str, dimension: str, value: Value) -> None:
    assert facts(line) == ({dimension: Fact(value, READ, VERIFIED, (Source("https://p.example"),))}, [])


def test_what_is_not_stated_is_no_fact() -> None:
    assert facts("") == ({}, [])
    assert read_facts(None, REGIONS, RECORD) == {}


def test_a_note_alone_leaves_the_evidence_of_the_record() -> None:
    found, _ = facts('training = { value = "no", note = "by contract" }')
    assert found["training"] == Fact(Training.NO, READ, VERIFIED, (Source("https://p.example"),), "by contract")


def test_a_fact_with_a_date_of_its_own_was_not_verified_with_the_record() -> None:
    found, _ = facts('training = { value = "no", read_on = 2026-11-01, sources = ["page"] }')
    assert found["training"] == Fact(Training.NO, date(2026, 11, 1), None, (Source("page"),))


def test_a_verified_fact_needs_no_reading() -> None:
    found, _ = facts('training = { value = "no", verified_on = 2026-11-02 }')
    assert found["training"] == Fact(Training.NO, None, date(2026, 11, 2))


def test_a_fact_with_sources_of_its_own_keeps_the_day_of_the_record() -> None:
    found, _ = facts('training = { value = "no", sources = ["page"] }')
    assert found["training"] == Fact(Training.NO, READ, None, (Source("page"),))


def test_the_worse_of_two_sources_is_the_value_and_the_other_is_kept() -> None:
    found, faults = facts('logging = { value = "abuse_monitoring", disputed = ["metadata"] }')
    assert (found["logging"].value, found["logging"].disputed) == (Logging.ABUSE_MONITORING, (Logging.METADATA,))
    assert faults == []


def test_the_bundled_provider_was_read_today() -> None:
    evidence = RecordEvidence(read_on=SANDBOX_DAY, pinned=SANDBOX_DAY)
    found, _ = facts('dpa = "missing"\ntraining = { value = "no", read_on = 2020-01-01 }', evidence)
    assert {fact.read_on for fact in found.values()} == {SANDBOX_DAY}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('training = "nope"', 'training: "nope" is not a value of training; use one of no, opt_out, yes'),
        ("training = false", "training: false is not a value of training; use one of no, opt_out, yes"),
        ('trainning = "no"', "trainning: is not a key here; use one of dpa, jurisdiction, location_guarantee, logging, processed_in, provider_cache, retention_days, stored_in, third_party_access, training, transfer (did you mean training or"),
        ('processed_in = ["Sweden"]', 'processed_in: "Sweden" must be a country or a region; use one of EU, UK, or a country code of ISO 3166-1 such as DE'),
        ('processed_in = "SE"', 'processed_in: "SE" is not a list of words; write processed_in = ["SE"]'),
        ('retention_days = "none"', 'retention_days: "none" is not a number of days; write whole days, 0 for none, or "unknown"'),
        ("retention_days = -1", 'retention_days: -1 is not a number of days; write whole days, 0 for none, or "unknown"'),
        ('third_party_access = ["reviewers"]', 'third_party_access: "reviewers" is not a value of third_party_access; use one of downstream_providers, human_review, model_developer, subprocessors'),
        ('training = { note = "x" }', 'training.value: is missing; add value = "no"'),
        ('training = { value = "maybe" }', 'training.value: "maybe" is not a value of training; use one of no, opt_out, yes'),
        ('training = { value = "no", disputed = ["yes"] }', "training.disputed: a source states something worse than value; write the worse one as value"),
        ('training = { value = "no", disputed = "no" }', 'training.disputed: "no" is not a list; write disputed = ["no"]'),
        ('training = { value = "no", read_on = 2062-01-01 }', "training.read_on: 2062-01-01 has not come yet; write the day on which it was done"),
        ('retention_days = 0\nstored_in = ["DE"]', "stored_in: retention_days = 0 says that nothing is kept, and this says where; leave stored_in out, or write the days that content is kept (unknown if nobody says)"),
    ],
)  # fmt: skip
def test_a_faulty_fact_is_reported_with_what_to_do(line: str, fault: str) -> None:
    _, faults = facts(line)
    assert len(faults) == 1
    assert faults[0].startswith(f"paper.toml: posture.{fault}"[:150])


def test_whoever_states_evidence_states_all_of_it() -> None:
    assert read_evidence(page('sources = ["x"]').root, RECORD) == RecordEvidence(READ, None, (Source("x"),))
    assert read_evidence(page("").root, RECORD) is RECORD


def bound(text: str) -> tuple[Posture, list[str]]:
    paper = page(f"[bound]\n{text}")
    found = read_bound(paper.root.table("bound"), REGIONS)
    paper.close()
    return found, told(paper)


def test_a_bound_limits_what_it_names() -> None:
    found, faults = bound('processed_in = ["EU"]\ntraining = "no"\nthird_party_access = []')
    expected = Posture(processed_in=REGIONS["EU"], training=Training.NO, third_party_access=frozenset())
    assert (found, faults) == (expected, [])
    assert read_bound(None, REGIONS) == UNBOUNDED


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('training = "unknown"', 'training: "unknown" limits nothing; leave it out, or write the laxest value allowed'),
        ('processed_in = ["EU", "global"]', 'processed_in: ["EU", "global"] limits nothing; leave it out, or write the laxest value allowed'),
        ("processed_in = []", "processed_in: no country is allowed: nothing can be admitted; list the countries that are"),
        ("jurisdiction = []", "jurisdiction: no country is allowed: nothing can be admitted; list the countries that are"),
        ('dpa = "signed"', 'dpa: "signed" is not a value of dpa; use one of available, in_force, missing'),
    ],
)  # fmt: skip
def test_a_bound_that_limits_nothing_or_admits_nothing_is_a_fault(line: str, fault: str) -> None:
    assert bound(line) == (UNBOUNDED, [f"paper.toml: bound.{fault}"])
