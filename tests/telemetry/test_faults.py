"""What is left of an exception is its class and place, whatever it carries."""

from __future__ import annotations

import json
import re

import pytest

from gateway.core.usage import Usage
from gateway.telemetry.faults import LONGEST, class_name, nameless, place, reduce

MARKER = "marker-5e1f-of-a-prompt"


def caught(raiser: object) -> BaseException:
    assert callable(raiser)
    try:
        raiser()
    except BaseException as fault:  # noqa: BLE001  # whatever it is, it is looked at
        return fault
    raise AssertionError("nothing was raised")


def chained() -> None:
    try:
        int(MARKER)
    except ValueError as fault:
        raise KeyError(MARKER) from fault


def in_context() -> None:
    try:
        int(MARKER)
    except ValueError:
        raise KeyError(MARKER)  # noqa: B904  # the context is what is tested


def hidden() -> None:
    try:
        int(MARKER)
    except ValueError:
        raise KeyError(MARKER) from None


def noted() -> None:
    fault = ValueError(MARKER)
    fault.add_note(MARKER)
    raise fault


def grouped() -> None:
    members = [caught(noted), caught(chained)]
    raise BaseExceptionGroup(MARKER, members)


def nested(depth: int = 2_000) -> None:
    fault: Exception = ValueError(MARKER)
    for _ in range(depth):
        fault = ExceptionGroup(MARKER, [fault])
    raise fault


def wide() -> None:
    def group(depth: int) -> Exception:
        return ExceptionGroup(MARKER, [group(depth - 1) for _ in range(5)]) if depth else ValueError(MARKER)

    raise group(5)


def recursive(depth: int = 400) -> None:
    if depth == 0:
        raise RuntimeError(MARKER)
    recursive(depth - 1)


@pytest.mark.parametrize(
    "raiser",
    [
        chained,
        in_context,
        hidden,
        noted,
        grouped,
        nested,
        wide,
        recursive,
        lambda: json.loads('{"a": ' + MARKER),
        lambda: MARKER.encode("utf-16").decode("utf-8"),
        lambda: dict[str, int]()[MARKER],
        lambda: getattr(object(), MARKER),
    ],
)
def test_no_word_of_an_exception_is_kept(raiser: object) -> None:
    fault = caught(raiser)
    reduced = reduce(fault)
    assert MARKER not in reduced
    assert class_name(type(fault)) in reduced
    assert "\n" not in reduced
    assert len(reduced) <= LONGEST


def test_our_own_frames_are_files_and_lines_and_others_are_modules() -> None:
    reduced = reduce(caught(lambda: Usage(input=-1)))
    assert re.fullmatch(
        r"ValueError at gateway/core/usage\.py:\d+ < <string>:\d+ < tests\.telemetry\.test_faults:\d+ < "
        r"tests\.telemetry\.test_faults:\d+",
        reduced.replace("gateway.core.usage:", "<string>:"),
    ), reduced


def test_causes_follow_and_suppressed_ones_do_not() -> None:
    assert re.fullmatch(r"KeyError at \S+ < \S+ from ValueError at \S+", reduce(caught(chained)))
    assert re.fullmatch(r"KeyError at \S+ < \S+ from ValueError at \S+", reduce(caught(in_context)))
    assert "from" not in reduce(caught(hidden))


def test_a_group_names_its_members() -> None:
    assert re.search(r"ExceptionGroup at .* of \(ValueError at .* and KeyError at .*\)", reduce(caught(grouped)))


def test_what_a_member_was_raised_from_is_told_too() -> None:
    """Task groups wrap what happened: the chain inside is what an operator needs."""
    assert re.search(r" and KeyError at \S+ < \S+ from ValueError at \S+\)", reduce(caught(grouped)))


def test_a_deep_chain_is_cut_in_the_middle() -> None:
    reduced = reduce(caught(recursive))
    assert len(reduced) < 2_000


def test_causes_that_go_in_a_circle_end() -> None:
    one, two = ValueError(MARKER), KeyError(MARKER)
    one.__cause__, two.__cause__ = two, one
    assert reduce(one) == "ValueError from KeyError"


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert reduce(ValueError(MARKER)) == "ValueError"


def test_a_foreign_class_is_named_with_its_module() -> None:
    assert class_name(json.JSONDecodeError) == "json.decoder.JSONDecodeError"


def test_a_class_name_cannot_carry_a_sentence() -> None:
    assert class_name(type("A secret\n'sentence'", (ValueError,), {"__module__": "m"})) == "m.A_secret__sentence_"


def test_a_fault_without_an_exception_is_one_word() -> None:
    assert nameless("task pending") == "task_pending"


def test_a_place_without_a_file_is_still_a_place() -> None:
    assert place("<string>", "", 3) == "unknown:3"
    assert place("\0", "m", 3) == "m:3"
