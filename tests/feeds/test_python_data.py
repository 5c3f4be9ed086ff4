"""Python source read as data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.feeds.python_data import assigned
from gateway.feeds.refused import FeedRefused


def test_calls_become_objects_and_amounts_decimals() -> None:
    source = b"import os\nx: list[P] = [P(id='a', or_=[1, -2], d=Decimal('0.1'), f=0.5, t=datetime.date(2026, 1, 2))]"
    assert assigned(source, "x") == [
        {"id": "a", "or": [1, -2], "d": Decimal("0.1"), "f": Decimal("0.5"), "t": "2026-01-02"}
    ]


def test_nothing_is_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    source = f"open({str(trace)!r}, 'w')\nx = [open(name={str(trace)!r})]".encode()
    assert assigned(source, "x") == [{"name": str(trace)}]
    assert not trace.exists()


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (b"x = [P(id='a'", "is not a Python module"),
        (b"\xff\xfe", "is not a Python module"),
        (b"y = 1", "assigns no x"),
        (b"x = [a for a in b]", "computes a value at line 1"),
        (b"x = __import__('os')", "calls __import__ at line 1"),
        (b"x = Decimal('many')", "beyond all bounds"),
        (b"x = " + b"[" * 500 + b"]" * 500, "is not a Python module"),
    ],
    ids=["truncated", "encoding", "missing", "computed", "called", "number", "nesting"],
)
def test_anything_but_data_is_refused(source: bytes, what: str) -> None:
    with pytest.raises(FeedRefused) as refused:
        assigned(source, "x")
    assert what in refused.value.what
