"""The log takes events, and of an event only what looks like a name, a number or a place."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any, cast, get_args

import orjson
import pytest

from gateway.telemetry.events import (
    DocumentFaults,
    Event,
    ExchangeEnded,
    Fault,
    LibraryNote,
    ReloadRefused,
    Started,
    Stopping,
)
from gateway.telemetry.faults import Reduced, reduce
from gateway.telemetry.log import Log, NotAnEvent, standard_output
from tests.builders import a_receipt

SENTENCE = "My salary is 40,000 and I'm ill"
ENDED = ExchangeEnded.of(a_receipt())


def logged(*events: Event, **how: Any) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    log = Log(stream, **how)
    for event in events:
        log.emit(event)
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def changed(event: Event, **values: object) -> Event:
    """An event with values that its types forbid."""
    wrong: dict[str, Any] = dict(values)
    return replace(event, **wrong)


def test_an_exchange_is_one_line_with_its_metered_cost() -> None:
    (line,) = logged(ENDED)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "event": "exchange_ended",
        "receipt": "01JDRECEIPT00000000000000A",
        "key": "key_1",
        "team": "research",
        "route": "alpha/small",
        "region": "declared:SE",
        "usage": {"input": 1_000, "output": 20},
        "usage_source": "provider",
        "cost": 1_040_000,
        "currency": "USD",
        "outcome": "served",
        "code": "",
        "first_event_ms": 180,
        "sent_to": ["alpha/small:SE:200"],
        "duration_ms": 430,
        "amount": "0.00104",
        "gen_ai.usage.input_tokens": 1_000,
        "gen_ai.usage.output_tokens": 20,
    }


def test_totals_include_the_cache_as_opentelemetry_has_it() -> None:
    (line,) = logged(changed(ENDED, usage={"input": 1, "cache_read": 10, "output": 2, "reasoning": 20}))
    assert (line["gen_ai.usage.input_tokens"], line["gen_ai.usage.output_tokens"]) == (11, 22)


@pytest.mark.parametrize(
    "given", [SENTENCE, SENTENCE.encode(), {"event": SENTENCE}, ValueError(SENTENCE), None, object()]
)
def test_what_is_no_event_is_refused_unseen(given: object) -> None:
    stream = io.BytesIO()
    with pytest.raises(NotAnEvent) as refused:
        Log(stream).emit(cast(Event, given))
    assert SENTENCE not in str(refused.value)
    assert stream.getvalue() == b""


def test_a_subclass_of_an_event_is_no_event() -> None:
    class Smuggled(Stopping):
        """Could have more fields than the allow-list knows."""

    with pytest.raises(NotAnEvent):
        Log(io.BytesIO()).emit(Smuggled(1))


@pytest.mark.parametrize(
    "content",
    [
        SENTENCE,
        "line\nbreak",
        '{"json":1}',
        "ångström",
        "a" * 257,
        SENTENCE.encode(),
        [SENTENCE],
        ValueError(SENTENCE),
        1.5,
    ],
)
def test_whatever_gets_into_a_field_by_mistake_becomes_a_question_mark(content: object) -> None:
    for name in ("receipt", "team", "route", "region", "code"):
        (line,) = logged(changed(ENDED, **{name: content}))
        assert line[name] == "?"


def test_a_tuple_lets_names_through_one_by_one() -> None:
    (line,) = logged(Started("0.1.0", "[::1]:8080", "5" * 64, 1, 1, ("evroc", SENTENCE), sandbox=False, started_ms=1))
    assert line["providers"] == ["evroc", "?"]
    assert line["address"] == "[::1]:8080"


def test_usage_has_known_classes_and_whole_numbers_only() -> None:
    (line,) = logged(changed(ENDED, usage={"input": 1, SENTENCE: 2}))
    assert line["usage"] == {"input": 1}
    (line,) = logged(changed(ENDED, cost=2**70))  # more than JSON's writer takes
    assert line["cost"] == "?"


def test_a_fault_shows_its_places_but_no_sentence() -> None:
    try:
        int(SENTENCE)
    except ValueError as fault:
        (line,) = logged(Fault(reduce(fault), receipt="01J"))
    assert line["fault"].startswith("ValueError at tests.telemetry.test_log:")
    assert (line["level"], line["receipt"], line["where"]) == ("error", "01J", "exchange")
    (line,) = logged(Fault(Reduced(f"KeyError: '{SENTENCE}'")))
    assert line["fault"] == "?"


def test_the_level_keeps_lesser_events_out() -> None:
    note = LibraryNote("httpx.client", "warning", "httpx.client:1")
    assert [line["event"] for line in logged(ENDED, note, level="info")] == ["exchange_ended", "library_note"]
    assert [line["event"] for line in logged(ENDED, note, level="warning")] == ["library_note"]
    assert logged(ENDED, note, level="error") == []


def test_a_line_that_cannot_be_written_is_counted_and_fails_nobody() -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, SENTENCE)

    full, closed = Log(Full()), io.BytesIO()
    full.emit(ENDED)
    late = Log(closed)
    closed.close()
    late.emit(ENDED)
    assert (full.lost, late.lost) == (1, 1)


class Writes(io.BytesIO):
    """Keeps apart what was written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.each: list[list[str]] = []

    def write(self, data: Any) -> int:
        self.each.append([orjson.loads(line)["event"] for line in data.splitlines()])
        return super().write(data)


def test_the_lines_of_one_turn_are_one_write_in_their_order_and_a_fault_takes_them_along() -> None:
    stream = Writes()
    log = Log(stream)

    async def turns() -> None:
        log.emit(ENDED)
        log.emit(Stopping(1))
        await asyncio.sleep(0)
        log.emit(Stopping(2))
        log.emit(Fault(Reduced("KeyError")))
        log.emit(ENDED)

    asyncio.run(turns())
    log.flush()
    assert stream.each == [["exchange_ended", "stopping"], ["stopping", "fault"], ["exchange_ended"]]


def test_events_of_many_threads_are_a_line_each() -> None:
    stream = io.BytesIO()
    log = Log(stream)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: log.emit(ENDED), range(400)))
    assert len([orjson.loads(line) for line in stream.getvalue().splitlines()]) == 400
    assert 'safeconduct_events_total{event="exchange_ended"} 400' in log.metrics.text()


def test_a_terminal_gets_readable_lines_and_a_pipe_gets_json(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    stream = io.BytesIO()
    Log(stream, readable=True).emit(ENDED)
    assert stream.getvalue().decode().split("  ")[1:3] == ["alpha/small", "declared:SE"]
    assert not sys.stdout.isatty()
    standard_output().emit(ENDED)
    assert orjson.loads(capfdbinary.readouterr().out)["event"] == "exchange_ended"


def test_every_event_has_a_line_of_its_own_in_both_forms() -> None:
    values: Mapping[Any, object] = {"int": 1, "bool": True, "Mapping[str, int]": {}, "tuple[str, ...]": ("a",)}
    kinds: tuple[Any, ...] = get_args(Event)
    for kind in kinds:
        blank = kind(**{f.name: values.get(f.type, "name") for f in fields(kind)})
        (line,) = logged(blank)
        assert set(line) >= {"time", "level", "event", *(f.name for f in fields(kind))}
        stream = io.BytesIO()
        Log(stream, readable=True).emit(blank)
        assert stream.getvalue().count(b"\n") == 1


def test_words_about_documents_pass_on_one_line_and_bounded() -> None:
    stream = io.BytesIO()
    words = DocumentFaults(('config/teams.toml: policy: unknown policy "eu"\n; use one of é', "x" * 9_000))
    Log(stream).emit(ReloadRefused("7" * 64, 2, ("config/teams.toml:policy",), (), "signal", words))
    (line,) = stream.getvalue().splitlines()
    first, second = orjson.loads(line)["words"]
    assert first == 'config/teams.toml: policy: unknown policy "eu" ; use one of é'
    assert second == "x" * 512
