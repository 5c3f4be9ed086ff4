"""`contracts.toml`: what our own contracts put in force at a provider, beyond what its record offers by default."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.catalog import Grant
from gateway.core.evidence import Source
from gateway.core.posture import UNKNOWN
from gateway.declarations.evidence import RecordEvidence
from gateway.declarations.facts import read_facts
from gateway.declarations.reader import Page, Table, labelled
from gateway.declarations.regions import Regions


@dataclass(frozen=True, slots=True)
class GrantEntry:
    """A grant and where it stands; `posture`: the table of what it grants."""

    grant: Grant
    table: Table
    posture: Table | None


def read_contracts(page: Page, regions: Regions) -> tuple[GrantEntry, ...]:
    return tuple(_grant(table, regions) for table in page.root.tables("grants", labelled("provider")))


def _grant(table: Table, regions: Regions) -> GrantEntry:
    table.require(
        provider='provider = "an id of config/catalog"',
        evidence='evidence = "contract and page where it is agreed"',
        verified_on="verified_on = 2026-11-23, the day somebody read that page",
        posture="[grants.posture] and what it puts in force",
    )
    evidence, verified_on = table.text("evidence"), table.past_day("verified_on")
    posture = table.table("posture")
    facts = read_facts(posture, regions, RecordEvidence(None, verified_on, (Source(evidence),) if evidence else ()))
    for name, fact in facts.items():
        if posture is not None and fact.value is UNKNOWN:
            posture.fault(name, "a contract cannot grant what is unknown", "write what it says, or leave it out")
    grant = Grant(
        provider=table.text("provider"),
        facts={name: fact for name, fact in facts.items() if fact.value is not UNKNOWN},
        evidence=evidence,
        expires_on=table.day("expires_on"),
        exceptions=frozenset(table.words("exceptions") or ()),
    )
    return GrantEntry(grant, table, posture)
