# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date

import pytest

from gateway.core.catalog import Fact, Grant
from gateway.core.evidence import Source
from gateway.declarations.contracts import read_contracts
from tests.declarations.papers import REGIONS, page, told

GRANT = '[[grants]]\nprovider = "beta"\nevidence = "contract 7"\nverified_on = 2026-11-20\n'
POSTURE = "[grants.posture]\nretention_days = 0\n"


def test_what_a_contract_puts_in_force_was_verified_by_its_reader() -> None:
    paper = page(GRANT + 'expires_on = 2027-11-20\nexceptions = ["search"]\n' + POSTURE)
    (entry,) = read_contracts(paper, REGIONS)
    paper.close()
    assert told(paper) == []
    assert entry.grant == Grant(
        "beta",
        {"retention_days": Fact(0, None, date(2026, 11, 20), (Source("contract 7"),))},
        "contract 7",
        date(2027, 11, 20),
        frozenset({"search"}),
    )


def test_no_contracts_are_no_fault() -> None:
    assert read_contracts(page("# none yet"), REGIONS) == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GRANT.replace('provider = "beta"\n', "") + POSTURE, 'grants[#1].provider: is missing; add provider = "an id of config/catalog"'),
        (GRANT.replace('evidence = "contract 7"\n', "") + POSTURE, 'grants[beta].evidence: is missing; add evidence = "contract and page where it is agreed"'),
        (GRANT.replace("verified_on = 2026-11-20\n", "") + POSTURE, "grants[beta].verified_on: is missing; add verified_on = 2026-11-23, the day somebody read that page"),
        (GRANT, "grants[beta].posture: is missing; add [grants.posture] and what it puts in force"),
        (GRANT + '[grants.posture]\ntraining = "unknown"', "grants[beta].posture.training: a contract cannot grant what is unknown; write what it says, or leave it out"),
        (GRANT + "expires_on = 'never'\n" + POSTURE, 'grants[beta].expires_on: "never" is not a date; write it without quotes, as in 2026-11-23'),
        (GRANT.replace("2026-11-20", "2062-11-20") + POSTURE, "grants[beta].verified_on: 2062-11-20 has not come yet; write the day on which it was done"),
    ],
)  # fmt: skip
def test_a_faulty_grant_is_reported(text: str, fault: str) -> None:
    paper = page(text)
    read_contracts(paper, REGIONS)
    paper.close()
    assert told(paper) == [f"paper.toml: {fault}"]
