from __future__ import annotations

import pytest

from gateway.core.evaluation import Kind
from gateway.core.posture import DIMENSIONS
from gateway.views.reason_codes import CitedReason, cited, code_words, verdict_on


def test_a_code_has_four_parts() -> None:
    assert cited("posture:training@team:eu") == CitedReason("posture", "training", "team", "eu")
    assert cited("excluded:pinned@request") == CitedReason("excluded", "pinned", "request", "")
    assert cited("no_credential") == CitedReason("no_credential", "", "", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("posture:training@team:eu", "Trained on: less careful than eu (team) demands"),
        ("posture:processed_in@data_class:personal", "Processed in: less careful than personal (data class) demands"),
        ("posture:dpa", "Processing agreement: less careful than policy demands"),
        ("evidence:dpa@key:p", "Processing agreement: the evidence is older or weaker than p (key) accepts"),
        ("price:input@request", "The input price is above the limit of request"),
        ("unpriced:budget", "No price is known, and policy needs one"),
        ("capability:structured_output", "The route cannot carry what the request needs: structured output"),
        ("excluded:pinned@request", "The request named another provider"),
        ("excluded:ignored@organisation:open", "open (organisation) ignores the route"),
        ("no_credential", "The gateway has no credential for the provider"),
    ],
)
def test_a_code_is_a_sentence(code: str, words: str) -> None:
    assert code_words(code) == words


def test_every_kind_and_dimension_has_words_of_its_own() -> None:
    kinds = [kind.value for kind in Kind]
    assert len({code_words(kind) for kind in kinds}) == len(kinds)
    assert len({code_words(f"posture:{name}") for name in DIMENSIONS}) == len(DIMENSIONS)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (["excluded:pinned@request", "posture:training@team:eu"], "Not asked for"),
        (["posture:training@team:eu", "no_credential"], "Refused by policy"),
        (["no_credential"], "Not connected"),
        (["no_credential", "cooling_down"], "Not connected"),
        (["locked_out"], "Not answering"),
        (["capability:tools"], "Cannot do it"),
        (["retired"], "Cannot do it"),
    ],
)
def test_a_route_has_one_verdict(codes: list[str], words: str) -> None:
    assert verdict_on(codes)["words"] == words
