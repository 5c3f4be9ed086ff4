"""Notices in words: each says what holds and what to do."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.catalog import RouteId
from gateway.core.notices import Notice, NoticeKind
from gateway.views.notices import notice_view, notice_words

MANY = tuple(RouteId(f"alpha/m{n}") for n in range(6))


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_says_what_holds_and_what_to_do(kind: NoticeKind) -> None:
    what, do = notice_words(Notice(kind, "alpha", MANY, date(2026, 12, 11)))
    assert what
    assert do
    assert ";" not in what


def test_a_long_list_is_counted_and_successors_are_named() -> None:
    what, do = notice_words(Notice(NoticeKind.RETIRES_SOON, "alpha", MANY, date(2026, 12, 11), ("new",)))
    assert what == "routes end from 2026-12-11 on: m0, m1, m2, m3 and 2 more"
    assert do == "use new instead"


def test_programs_read_every_member() -> None:
    assert notice_view(Notice(NoticeKind.RETIRED, "alpha", MANY[:1], date(2026, 12, 11), ("new",))) == {
        "kind": "retired",
        "provider": "alpha",
        "routes": ["alpha/m0"],
        "day": "2026-12-11",
        "successors": ["new"],
        "names": [],
    }
