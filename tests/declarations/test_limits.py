# ruff: noqa: E501  # a fault is pinned with its whole text, one line each
from __future__ import annotations

import pytest

from gateway.core.limits import Concurrent, Limit, Rate
from gateway.declarations.limits import read_limits
from tests.declarations.papers import page, told

ONE = 'write requests = 60 with per = "minute", tokens = 200000 with per = "minute", or concurrent = 8'


def read(text: str) -> tuple[tuple[Limit, ...], list[str]]:
    paper = page(text)
    found = read_limits(paper.root, "limits")
    paper.close()
    return found, told(paper)


def test_limits_are_read_one_by_one() -> None:
    found, faults = read(
        '[[limits]]\nrequests = 60\nper = "minute"\n'
        '[[limits]]\nrequests = 5_000\nper = "day"\nburst = 500\n'
        '[[limits]]\ntokens = 200_000\nper = "minute"\n'
        "[[limits]]\nconcurrent = 8\n"
    )
    assert faults == []
    assert found == (
        Rate("requests", 60, "minute", 60),
        Rate("requests", 5_000, "day", 500),
        Rate("tokens", 200_000, "minute", 200_000),
        Concurrent(8),
    )


def test_limits_may_be_written_in_lines() -> None:
    found, faults = read('limits = [{ requests = 10, per = "second" }, { concurrent = 2 }]\n')
    assert (found, faults) == ((Rate("requests", 10, "second", 10), Concurrent(2)), [])


def test_nothing_is_limited_by_itself() -> None:
    assert read("") == ((), [])


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ("{}", f"limits[#1]: an entry limits one thing, and this one limits nothing; {ONE}"),
        ('{ requests = 1, tokens = 1, per = "day" }', f"limits[#1]: an entry limits one thing, and this one limits requests and tokens; {ONE}"),
        ("{ requests = 60 }", 'limits[#1].per: is missing; add per = "minute"'),
        ('{ requests = 60, per = "week" }', 'limits[#1].per: "week" is not a value of per; use one of day, hour, minute, second'),
        ('{ requests = 0, per = "day" }', "limits[#1].requests: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ('{ tokens = 1, per = "day", burst = 0 }', "limits[#1].burst: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ('{ tokens = 1000000000001, per = "day" }', "limits[#1].tokens: 1000000000001 is more than 1000000000000; leave the limit out"),
        ("{ concurrent = 0 }", "limits[#1].concurrent: 0 is not a whole number of at least 1; write it without quotes, or leave the key out if nobody says"),
        ('{ concurrent = 8, per = "minute" }', "limits[#1].per: is not a key here; use one of concurrent, requests, tokens, or remove it"),
        ("{ concurrent = 8, burst = 2 }", "limits[#1].burst: is not a key here; use one of concurrent, requests, tokens, or remove it"),
        ("{ concurrent = 8 }, { concurrent = 9 }", "limits[#2].concurrent: there is a limit of concurrent already; keep one of them"),
        ('{ tokens = 8, per = "day" }, { tokens = 9, per = "day" }', "limits[#2].tokens: there is a limit of tokens per day already; keep one of them"),
    ],
)  # fmt: skip
def test_a_faulty_limit_is_reported(entries: str, fault: str) -> None:
    assert read(f"limits = [{entries}]")[1] == [f"paper.toml: {fault}"]
