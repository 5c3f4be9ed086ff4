# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from gateway.declarations.faults import DocumentFault, Report, Toml, one_of, shown, some


def test_a_fault_says_where_what_and_what_to_do() -> None:
    fault = DocumentFault(
        "config/catalog/evroc.toml", "posture.training", '"nope" is not a value of training', "use one of no"
    )
    assert str(fault) == 'config/catalog/evroc.toml: posture.training: "nope" is not a value of training; use one of no'


def test_a_fault_of_a_whole_document_names_no_key() -> None:
    assert (
        str(DocumentFault("fx.toml", "", "the document is missing", "copy it"))
        == "fx.toml: the document is missing; copy it"
    )


def test_warnings_make_no_document_faulty() -> None:
    report = Report()
    report.warn("a.toml", "k", "is old", "renew it")
    report.fault("b.toml", "k", "is wrong", "correct it")
    assert report.faulty == {"b.toml"}


@pytest.mark.parametrize(
    ("wrong", "known", "do"),
    [
        ("nope", ["no", "opt_out", "yes"], "use one of no, opt_out, yes"),
        ("optout", ["no", "opt_out", "yes"], "use one of no, opt_out, yes (did you mean opt_out?)"),
        ("x", [], "remove it: none is declared"),
        ("model-7b", [f"model-{n}" for n in range(30)], "did you mean model-7 or model-27 or model-17?"),
        ("zzz", [f"model-{n}" for n in range(30)], "use one of the 30 that are declared, such as model-0, model-1, model-10"),
    ],
)  # fmt: skip
def test_what_to_do_about_a_word_lists_the_known_ones_or_the_nearest(wrong: str, known: list[str], do: str) -> None:
    assert one_of(wrong, known) == do


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        ("x", '"x"'),
        (Decimal("0.10"), "0.10"),
        (date(2026, 11, 23), "2026-11-23"),
        ({"a": 1}, "a table"),
        (["a", False], '["a", false]'),
        ([1] * 9, "[1, 1, 1, 1, 1, 1, 1, 1, …]"),
        ("x" * 80, '"' + "x" * 59 + "…"),
    ],
)
def test_values_are_shown_as_written_and_cut_to_a_line(value: Toml, text: str) -> None:
    assert shown(value) == text


def test_a_long_list_of_names_is_cut_with_its_count() -> None:
    assert some(["c", "a", "b"], most=2) == "a, b and 1 more"
    assert some(["b", "a"]) == "a, b"
