# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import gc
from datetime import date
from decimal import Decimal
from weakref import ref

import pytest

from gateway.declarations.faults import Report, Toml
from gateway.declarations.reader import Page, Table, labelled, parse
from tests.declarations.papers import TODAY, page, told


class Content(dict[str, Toml]):
    """The content of a table, of which one can see whether it is still there."""


def test_what_is_there_is_read_and_what_is_not_is_nothing() -> None:
    root = page('t = "x"\nw = 3\nf = false\nd = 2026-11-23\na = 0.10\nl = ["p", "q"]\n[m]\nk = "v"').root
    assert (root.text("t"), root.whole("w"), root.flag("f"), root.day("d")) == ("x", 3, False, date(2026, 11, 23))
    assert (root.amount("a"), root.words("l"), root.mapping("m")) == (Decimal("0.10"), ("p", "q"), {"k": "v"})
    assert (root.text("-"), root.whole("-"), root.flag("-"), root.day("-"), root.amount("-")) == (
        "",
        None,
        None,
        None,
        None,
    )
    assert (root.words("-"), root.mapping("-"), root.table("-"), root.tables("-")) == (None, {}, None, [])
    assert root.choice("-", {"a": 1}) is None
    assert root.chosen("-", {"a": 1}) is None
    assert root.report.faults == []


def test_an_amount_is_exact_and_may_be_quoted() -> None:
    root = page('a = 0.1\nb = "500.00"\nc = 3').root
    assert [root.amount(k) for k in "abc"] == [Decimal("0.1"), Decimal("500.00"), Decimal(3)]


def read_everything(root: Table) -> None:
    """The keys `text`, `whole`, ... are read as what they are called."""
    root.text("text")
    root.whole("whole", 1)
    root.flag("flag")
    root.day("day")
    root.past_day("past_day")
    root.amount("amount")
    root.choice("choice", {"red": 1, "green": 2})
    root.words("words")
    root.chosen("chosen", {"red": 1, "green": 2})
    root.table("table")
    root.tables("tables")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("text = 5", 'text: 5 is not text; write it in quotes, such as "evroc", or leave the key out'),
        ('text = " "', 'text: " " is not text; write it in quotes, such as "evroc", or leave the key out'),
        ("whole = 0", "whole: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ("whole = true", "whole: true is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ("whole = 1.5", "whole: 1.5 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ('flag = "yes"', 'flag: "yes" is not true or false; write true or false without quotes, or leave it out'),
        ('day = "2026-11-23"', 'day: "2026-11-23" is not a date; write it without quotes, as in 2026-11-23'),
        ("day = 2026-11-23T10:00:00Z", "day: 2026-11-23 10:00:00+00:00 is not a date; write it without quotes, as in 2026-11-23"),
        ("past_day = 2062-11-23", "past_day: 2062-11-23 has not come yet; write the day on which it was done"),
        ("amount = -1", "amount: -1 is not an amount of at least 0; write a plain number: amount = 0.54"),
        ("amount = nan", "amount: NaN is not an amount of at least 0; write a plain number: amount = 0.54"),
        ("amount = 1e-19", "amount: 1E-19 is not an amount of at least 0; write a plain number: amount = 0.54"),
        ("amount = 1e9", "amount: 1E+9 is not an amount of at least 0; write a plain number: amount = 0.54"),
        ('amount = "much"', 'amount: "much" is not an amount of at least 0; write a plain number: amount = 0.54'),
        ('choice = "gren"', 'choice: "gren" is not a value of choice; use one of green, red (did you mean green?)'),
        ('words = "a"', 'words: "a" is not a list; write words = ["a"]'),
        ("words = [1]", "words: 1 in this list is not text; write each entry in quotes"),
        ('words = ["a", "a"]', 'words: "a" is listed twice; keep one of them'),
        ('chosen = ["blue"]', 'chosen: "blue" is not a value of chosen; use one of green, red'),
        ("table = 1", "table: 1 is not a table; write [table] and its keys below it"),
        ("tables = 1", "tables: 1 is not a list of tables; write [[tables]] above each"),
        ("tables = [1]", "tables: 1 in this list is not a table; write [[…]] above each entry"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_one_fault(line: str, fault: str) -> None:
    paper = page(line)
    read_everything(paper.root)
    paper.close()
    assert told(paper) == [f"paper.toml: {fault}"]


def test_tomorrow_is_today_in_the_east() -> None:
    paper = page("past_day = 2026-11-25")
    assert paper.root.past_day("past_day") == date(2026, 11, 25)
    assert told(paper) == []


def test_five_faults_are_five_reports() -> None:
    paper = page('text = 5\nflag = 1\nday = 1\nwhole = "x"\nwrods = []')
    paper.root.require(text="text", other='other = "…"')
    read_everything(paper.root)
    paper.close()
    assert len(told(paper)) == 6
    assert told(paper)[0] == 'paper.toml: other: is missing; add other = "…"'


def test_an_unknown_key_is_reported_with_the_nearest_known_one() -> None:
    paper = page('[[a]]\nid = "x"\n[a.b]\ntrainning = 1')
    (entry,) = paper.root.tables("a", labelled("id"))
    inner = entry.table("b")
    assert inner is not None
    inner.raw("training")
    paper.close()
    assert told(paper) == [
        "paper.toml: a[x].id: is not a key here; use one of b, or remove it",
        "paper.toml: a[x].b.trainning: is not a key here; use one of training (did you mean training?), or remove it",
    ]


def test_a_table_that_nobody_opens_is_unknown() -> None:
    paper = page("[surprise]\nx = 1")
    paper.close()
    assert told(paper) == ["paper.toml: surprise: is not a key here; remove it"]


def test_a_table_is_the_same_whenever_it_is_asked_for() -> None:
    root = page("[t]\nx = 1").root
    assert root.table("t") is root.table("t")


def test_a_closed_page_lets_go_of_what_it_read() -> None:
    content = Content(t=Content(x="y"))
    whole, inner, paper = ref(content), ref(content["t"]), Page("paper.toml", content, Report(), TODAY)
    table = paper.root.table("t")
    assert table is not None
    del content
    gc.disable()  # the collector would find them too, but not before a start is over
    try:
        paper.close()
        assert (whole(), inner()) == (None, None)
    finally:
        gc.enable()
    table.fault("x", "is wrong", "correct it")
    assert told(paper) == [
        "paper.toml: t.x: is not a key here; remove it",
        "paper.toml: t.x: is wrong; correct it",
    ]


def test_what_documents_repeat_is_one_object() -> None:
    one, other = (page('t = "a source"\nl = ["p q"]').root for _ in range(2))
    assert one.text("t") is other.text("t")
    assert (one.words("l") or ("",))[0] is (other.words("l") or ("",))[0]
    options = {"p q": "p q"}
    assert one.chosen("l", options) is other.chosen("l", options)


def test_entries_without_a_name_are_counted() -> None:
    root = page('[[a]]\nid = "x"\n[[a]]\nid = 5').root
    assert [t.path for t in root.tables("a", labelled("id"))] == ["a[x]", "a[#2]"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"a = 1\nb = [}", "paper.toml: line 2: this is not TOML (Invalid value); correct the line"),
        (b"a = '\xff'", "paper.toml: byte 5 is not UTF-8; save the document as UTF-8"),
        (b"a = " + b"[" * 1000, "paper.toml: a number or a nesting in it is beyond all bounds; make it smaller"),
        (b"a = " + b"9" * 5000, "paper.toml: a number or a nesting in it is beyond all bounds; make it smaller"),
        (b"a = 1e99999999999999999999", "paper.toml: a number or a nesting in it is beyond all bounds; make it smaller"),
    ],
)  # fmt: skip
def test_what_is_no_toml_is_one_fault(content: bytes, fault: str) -> None:
    report = Report()
    assert parse("paper.toml", content, report) is None
    assert [str(f) for f in report.faults] == [fault]
