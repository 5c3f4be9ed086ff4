"""Receipts in words."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.receipt import as_json
from gateway.views.receipts import ReceiptNames, dialect_words, receipt_line, receipt_view
from tests.builders import a_receipt, an_attempt

NAMES = ReceiptNames({"key_1": "laptop"}, {"EU": frozenset({"DE", "SE"})})
BROKEN = an_attempt(
    route="walk-us/small",
    region="US",
    status=500,
    outcome="failed",
    fault="status",
    cost=0,
    usage={},
    dialect="openai_chat",
)


def view(**changed: Any) -> dict[str, Any]:
    return dict(receipt_view(as_json(a_receipt(**changed)), NAMES))


def test_a_line_names_every_provider_that_got_the_prompt() -> None:
    receipt = a_receipt(attempts=(BROKEN, an_attempt(left=False, route="beta/small"), an_attempt()))
    line: dict[str, Any] = receipt_line(as_json(receipt), NAMES)
    assert line["left_for"] == ["walk-us", "alpha"]
    assert (line["key"], line["key_label"], line["tokens_in"], line["tokens_out"]) == ("key_1", "laptop", 2_000, 40)
    assert line["outcome"] == {"mark": "good", "words": "Served", "code": None}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "Served by alpha/small. The prompt left once."),
        (
            {"attempts": (BROKEN, an_attempt())},
            "Served by alpha/small after 1 failed attempt. The prompt left 2 times.",
        ),
        (
            {"outcome": "refused", "code": "no_eligible_route", "attempts": (), "route": ""},
            "Refused (no eligible route). The prompt never left the gateway.",
        ),
        (
            {"outcome": "failed", "code": "upstream_failed", "attempts": (BROKEN,), "route": ""},
            "Failed (upstream failed) after 1 attempt. The prompt left once.",
        ),
        ({"outcome": "client_left"}, "The client left before the end. The prompt left once."),
        ({"outcome": "interrupted"}, "The process ended while the request was under way. The prompt left once."),
        (
            {"outcome": "corrected", "attempts": ()},
            "The cost of an earlier request was corrected. The prompt never left the gateway.",
        ),
    ],
)
def test_a_receipt_begins_with_what_became_of_the_request(changed: dict[str, Any], sentence: str) -> None:
    assert view(**changed)["sentence"] == sentence


def test_the_timeline_has_every_attempt_with_its_end_and_its_money() -> None:
    receipt = view(
        attempts=(BROKEN, an_attempt(left=False, outcome="failed", fault="connect", status=0, cost=0), an_attempt()),
        dialect="anthropic_messages",
        demand={"input_tokens_at_most": 1273, "output_tokens": 200},
        chain="01JDCHAIN",
        sequence=200,
    )
    first, broken, unsent, served, last = receipt["timeline"]
    assert first["words"] == "Asked for small in Anthropic Messages; at most 1,273 tokens in, 200 out."
    assert (broken["kind"], broken["route"]) == ("left_failed", "walk-us/small")
    assert broken["words"] == "in OpenAI Chat. Failed, status 500, status after 420 ms."
    assert (unsent["kind"], unsent["words"]) == ("stayed", "Failed, connect after 420 ms.")
    assert served["words"] == "Served, status 200 after 420 ms."
    assert served["detail"] == "Held $0.002, charged $0.00104, as the provider reported; price price list 2026-11-24."
    assert last["words"] == "Receipt 200 of chain …DCHAIN written."


def test_the_decision_has_a_verdict_for_every_route() -> None:
    decision = view(
        plan=("alpha/small",),
        rejections={
            "beta/small": ("posture:training@team:eu",),
            "gamma/small": ("no_credential",),
            "delta/small": ("excluded:pinned@request",),
        },
        policy={"team": "eu", "organisation": "open"},
    )["decision"]
    assert decision["layers"] == [
        {"layer": "organisation", "policy": "open"},
        {"layer": "team", "policy": "eu"},
    ]
    assert [(route["route"], route["verdict"]["words"]) for route in decision["routes"]] == [
        ("alpha/small", "Admitted, no. 1"),
        ("gamma/small", "Not connected"),
        ("beta/small", "Refused by policy"),
        ("delta/small", "Not asked for"),
    ]


def test_the_facts_are_those_of_every_place_that_the_prompt_left_for() -> None:
    facts = view(attempts=(an_attempt(left=False), an_attempt(region="DE+SE", observed={"region": "Sweden Central"})))
    assert facts["facts"] == [
        {
            "route": "alpha/small",
            "countries": ["DE", "SE"],
            "reported_region": "Sweden Central",
            "posture_digest": "7" * 64,
            "evidence_from": "2026-11-23",
        }
    ]


def test_the_receipt_itself_is_shown_as_it_is_and_its_proof_has_a_place() -> None:
    plain = as_json(a_receipt(chain="01JD", sequence=3, previous="9" * 64))
    shown: dict[str, Any] = receipt_view(plain, NAMES)
    assert shown["record"] == plain
    assert shown["proof"] == {"schema": 1, "chain": "01JD", "sequence": 3, "previous": "9" * 64, "signature": None}


def test_dialects_have_their_proper_names() -> None:
    assert dialect_words("openai_chat") == "OpenAI Chat"
    assert dialect_words("google_generate") == "Google Generate"
