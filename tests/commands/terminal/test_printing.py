"""Tables for people, one value for programs."""

from __future__ import annotations

import io
import json

from gateway.commands.terminal.printing import Printer, Toned


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_with_json_standard_output_holds_one_value_and_nothing_else() -> None:
    out, notes = io.StringIO(), io.StringIO()
    printer = Printer(out, notes, as_json=True)
    printer.line("for people")
    printer.table(("a",), [("b",)])
    printer.value({"greeting": "grüß"})
    printer.note("beside it")
    assert json.loads(out.getvalue()) == {"greeting": "grüß"}
    assert notes.getvalue() == "beside it\n"


def test_without_json_the_value_is_silent() -> None:
    out = io.StringIO()
    printer = Printer(out, io.StringIO(), as_json=False)
    printer.value({"a": 1})
    printer.line("for people")
    assert out.getvalue() == "for people\n"


def test_a_table_has_its_columns_and_every_line_of_a_cell() -> None:
    out = io.StringIO()
    Printer(out, io.StringIO(), as_json=False, width=60).table(("name", "count>"), [("one\ntwo", "1"), ("[b]", "22")])
    lines = [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]
    assert lines[0].split() == ["name", "count"]
    assert [line.split() for line in lines[2:]] == [["one", "1"], ["two"], ["[b]", "22"]]
    assert lines[-1].endswith("22")


def test_what_people_paste_into_the_next_command_is_never_folded() -> None:
    out, id = io.StringIO(), "01JDRECEIPT00000000000000A"
    table = Printer(out, io.StringIO(), as_json=False, width=40)
    table.table(("receipt", "why"), [(id, "because of a reason that is longer than the line")])
    lines = [line for line in out.getvalue().splitlines() if line.strip()]
    assert lines[2].split()[0] == id
    assert all(len(line) <= 40 for line in lines)
    assert len(lines) > 4


def test_colour_is_for_terminals_only() -> None:
    texts = []
    for out in (io.StringIO(), Terminal()):
        Printer(out, io.StringIO(), as_json=False, width=40).table(("a",), [(Toned("good", "good"),)])
        texts.append(out.getvalue())
    assert "\x1b[" not in texts[0]
    assert "\x1b[32m" in texts[1]


def test_rows_are_csv_whatever_their_cells_hold() -> None:
    out = io.StringIO()
    Printer(out, io.StringIO(), as_json=False).rows(("name", "count"), [('a, "b"', 1), ("c", 2)])
    assert out.getvalue() == 'name,count\n"a, ""b""",1\nc,2\n'
