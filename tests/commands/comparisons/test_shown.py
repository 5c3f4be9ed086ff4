"""Output of a comparison."""

from __future__ import annotations

import io
from argparse import Namespace
from pathlib import Path

from gateway.commands.comparisons.shown import show
from gateway.commands.terminal.context import CommandContext
from gateway.commands.terminal.printing import Printer
from gateway.core.admission_shift import ComparedSide
from tests.builders import NOW, a_policy, a_route, a_snapshot
from tests.commands.calling import documents


def test_many_routes_are_cut_for_people_and_counted(tmp_path: Path) -> None:
    documents(tmp_path)
    out = io.StringIO()
    options = Namespace(config=str(tmp_path / "config"), policies=str(tmp_path / "policies"), state=str(tmp_path))
    context = CommandContext(options, Printer(out, io.StringIO(), as_json=False, width=120), {}, lambda: NOW)
    before = a_snapshot(*(a_route(f"p{number:02}") for number in range(45)), policies=(a_policy(),))
    after = a_snapshot(a_route("p00"), policies=(a_policy(),))
    sides = [(ComparedSide(before, before.policies["open"]), ComparedSide(after, after.policies["open"]))]
    assert show(context, sides, before, after) == 0
    text = out.getvalue()
    assert "open: 45 -> 1 routes, 1 -> 1 models" in text
    assert "and 4 more: --json lists them" in text
    assert "44 leave; decided by absent 44" in text
    assert "No receipt of the last thirty days" in text
