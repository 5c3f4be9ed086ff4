"""A reply on its way through: passed on as it came, or read and written anew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import Ended, UpstreamFailed
from gateway.core.usage import NO_USAGE, Metered, Usage, UsageSource
from gateway.dialects import sse
from gateway.dialects.dialect import Broken, Dialect
from gateway.dialects.neutral import (
    Begun,
    CallBegan,
    Finished,
    Lost,
    Reply,
    ReplyEnded,
    ReplyEvent,
    Said,
    StopReason,
    Thinking,
    Used,
    Vectors,
)
from gateway.dialects.relay import Passed, Stream, Translated, Whole, passed_whole, translated_whole
from gateway.dialects.sse import AsIs

COUNTED = Metered(Usage(input=9, output=3), UsageSource.PROVIDER, {"input_tokens": 9})
READ = Metered(Usage(cache_read=90, output=1), UsageSource.PROVIDER, {"cache_read_input_tokens": 90})
VECTORS = Vectors(((0.5,),), COUNTED)
BROKE_OFF = UpstreamFailed("The provider broke off its reply.")


class Ledger:
    """A tally of a language in which `say:x` is content, `meta` is none, `hide` is not for the client, and `end` is
    the end; a stream whose last word was `last` may just stop."""

    def __init__(self) -> None:
        self.content = self.ended = False
        self.generated = 0
        self.metered: Metered | None = None
        self._last = b""

    def see(self, data: bytes) -> bool:
        if data == b"error":
            raise Broken("an error")
        self._last = data
        self.ended = self.ended or data == b"end"
        if data.startswith(b"say:"):
            self.content, self.generated = True, self.generated + len(data) - 4
        if data == b"used":
            self.metered = COUNTED
        return data != b"hide"

    def close(self) -> None:
        self.ended = self.ended or self._last == b"last"

    def failure(self, ended: Ended) -> bytes:
        return f"data: {ended.code}\n\n".encode()


class Bracketed:
    """A framing that wraps."""

    def event(self, event: bytes, data: bytes) -> bytes:  # noqa: ARG002
        return b"(" + data + b")" if data else b""

    def close(self) -> bytes:
        return b"]"


WORDS: dict[bytes, list[ReplyEvent]] = {
    b"meta": [],
    b"used": [Used(COUNTED)],
    b"stop": [Finished(StopReason.END)],
    b"lose": [Lost("citations")],
    b"begin": [Begun(READ)],
    b"call": [CallBegan(0, "c", "f")],
    b"end": [ReplyEnded()],
    b"both": [Said("a"), Said("b")],
}


class Listener:
    """Reads the same language."""

    def __init__(self) -> None:
        self._last = b""

    def read(self, data: bytes) -> Iterable[ReplyEvent]:
        if data == b"error":
            raise Broken("an error")
        self._last = data
        return [Said(data[4:].decode())] if data.startswith(b"say:") else WORDS.get(data, [])

    def close(self) -> Iterable[ReplyEvent]:
        return [ReplyEnded()] if self._last == b"last" else []


class Scribe:
    """Writes every event by its name."""

    def write(self, event: ReplyEvent) -> bytes:
        match event:
            case Said(text):
                return f"<{text}>".encode()
            case Finished(stop):
                return f"<stop {stop.value}>".encode()
            case Used() | ReplyEnded():
                return f"<{type(event).__name__.lower()}>".encode()
        return b""

    def keepalive(self) -> bytes:
        return b"<keepalive>"

    def failure(self, ended: Ended) -> bytes:
        return f"<{ended.code}>".encode()

    def whole(self, reply: Reply | Vectors) -> bytes:
        if isinstance(reply, Vectors):
            return json.dumps(reply.vectors).encode()
        return json.dumps(
            [[getattr(p, "text", "call") for p in a.parts] + [a.stop.value] for a in reply.answers]
        ).encode()


def bytes_of(*words: str) -> bytes:
    return b"".join(f"data: {word}\n\n".encode() for word in words)


def passing(framing: Any = None) -> Stream:
    return Stream(Passed(Ledger(), framing or AsIs()), 300)


def translating() -> Stream:
    return Stream(Translated(Listener(), Scribe()), 300)


# --- why a choice ended, and what was told ---------------------------------------------------------------------------


CALLED = CallBegan(0, "c", "f")


# --- whole replies ---------------------------------------------------------------------------------------------------


class Provider:
    """The provider's side of a dialect, as far as whole replies go. `found`: the events, or the vectors."""

    def __init__(self, found: Any, reported: Metered | None = None) -> None:
        self._found, self._reported = found, reported

    def observe(self, body: bytes) -> tuple[Metered | None, int]:
        return self._reported, len(body)

    def events(self, body: bytes) -> Iterable[ReplyEvent] | Vectors:  # noqa: ARG002
        return cast("Iterable[ReplyEvent] | Vectors", self._found)


def translated(*events: ReplyEvent) -> Whole:
    return translated_whole(events, Scribe(), 300)


def test_a_reply_that_is_passed_on_is_the_providers_own() -> None:
    own = b'{"x": 1}'
    reported = passed_whole(cast(Dialect, Provider((), COUNTED)), own, 300)
    assert (reported.body, reported.metered, reported.lost) == (own, COUNTED, ())
    estimated = passed_whole(cast(Dialect, Provider(())), own, 300).metered
    assert (estimated.usage, estimated.source) == (Usage(input=100, output=3), UsageSource.ESTIMATED)


def test_a_reply_that_is_translated_is_written_anew() -> None:
    found = translated(Said("hello"), Lost("citations"), Finished(StopReason.END), Used(COUNTED), ReplyEnded())
    assert json.loads(found.body) == [["hello", "end"]]
    assert (found.metered, found.lost) == (COUNTED, ("citations",))


def test_in_a_whole_reply_too_a_choice_that_called_tools_ended_for_that() -> None:
    assert json.loads(translated(CALLED, Finished(StopReason.END)).body) == [["call", "calls"]]
    assert json.loads(translated(Said("x"), Finished(StopReason.CALLS)).body) == [["x", "end"]]


def test_a_translated_reply_without_report_is_estimated_from_what_was_said() -> None:
    found = translated(Thinking("abc"), Said("def"), Finished(StopReason.END)).metered
    assert (found.usage, found.source) == (Usage(input=100, output=2), UsageSource.ESTIMATED)


@pytest.mark.parametrize("events", [[], [Said("x")], [Used(COUNTED), ReplyEnded()]])
def test_what_never_finishes_is_no_reply(events: list[ReplyEvent]) -> None:
    with pytest.raises(Broken):
        translated(*events)


def test_vectors_are_written_with_what_their_provider_reported() -> None:
    found = translated_whole(VECTORS, Scribe(), 300)
    assert (json.loads(found.body), found.metered, found.lost) == ([[0.5]], COUNTED, ())


def test_vectors_of_which_nobody_counted_the_input_are_estimated_from_its_size() -> None:
    guessed = Metered(NO_USAGE, UsageSource.ESTIMATED, {"total_tokens": 0})
    found = translated_whole(Vectors(((0.5,),), guessed), Scribe(), 300).metered
    assert (found.usage, found.source, found.reported) == (
        Usage(input=100),
        UsageSource.ESTIMATED,
        {"total_tokens": 0},
    )


def test_a_reply_shows_no_words() -> None:
    assert "MARKER" not in repr(Whole(b"MARKER", COUNTED))


# --- streams ---------------------------------------------------------------------------------------------------------

COURSE = (
    ": hi\n\ndata: meta\n\n",
    "data:say:héllo\r\n\r\n",
    "event: x\ndata: say:y\n\n",
    "data: used\n\n",
    "data: end\n\n",
)
STREAM = "".join(COURSE).encode()


def cut(stream: Stream, data: bytes, cuts: list[int]) -> bytes:
    out, at = b"", 0
    for place in [*sorted(c % (len(data) + 1) for c in cuts), len(data)]:
        out += stream.feed(data[at:place])
        at = place
    return out + stream.finish()


CUTS = st.lists(st.integers(0, len(STREAM)), max_size=20) | st.just([*range(len(STREAM))])


@given(CUTS)
def test_what_is_passed_on_is_the_same_bytes_however_they_came(cuts: list[int]) -> None:
    stream = passing()
    assert cut(stream, STREAM, cuts) == STREAM
    assert (stream.complete, stream.content, stream.metered, stream.lost) == (True, True, COUNTED, ())
    assert stream.beats == 6, "a comment shows life too"


@given(CUTS)
def test_what_is_translated_is_the_same_events_however_they_came(cuts: list[int]) -> None:
    stream = translating()
    assert cut(stream, STREAM, cuts) == "<héllo><y><used><replyended>".encode()
    assert (stream.complete, stream.content, stream.metered) == (True, True, COUNTED)


@given(CUTS)
def test_another_framing_wraps_each_event(cuts: list[int]) -> None:
    assert cut(passing(Bracketed()), bytes_of("say:a", "last"), cuts) == b"(say:a)(last)]"


def test_a_framing_is_not_closed_over_a_stream_that_broke_off() -> None:
    assert cut(passing(Bracketed()), bytes_of("say:a"), []) == b"(say:a)"


def test_what_is_not_for_the_client_is_noticed_and_stays_here() -> None:
    assert cut(passing(), bytes_of("say:a", "hide", "end"), []) == bytes_of("say:a", "end")


@pytest.mark.parametrize("make", [passing, translating])
def test_a_stream_without_its_end_is_not_complete(make: Any) -> None:
    stream = make()
    cut(stream, bytes_of("say:a", "used"), [])
    assert (stream.complete, stream.ended, stream.over, stream.failed) == (False, False, False, False)


@pytest.mark.parametrize("make", [passing, translating])
def test_a_stream_may_end_by_ending_where_its_dialect_says_so(make: Any) -> None:
    stream = make()
    cut(stream, bytes_of("say:a", "last"), [])
    assert stream.complete


@pytest.mark.parametrize("make", [passing, translating])
def test_a_last_event_without_its_empty_line_counts(make: Any) -> None:
    for rest in (b"data: end", b"data: end\n", b"data: end\r\n"):
        stream = make()
        stream.feed(bytes_of("say:a") + rest)
        assert not stream.complete
        assert stream.finish()
        assert stream.complete


@pytest.mark.parametrize(("make", "before"), [(passing, bytes_of("say:a")), (translating, b"<a>")])
def test_an_error_in_a_replys_place_ends_the_stream_and_is_not_shown(make: Any, before: bytes) -> None:
    stream = make()
    assert stream.feed(bytes_of("say:a", "error", "say:MARKER", "end")) == before
    assert (stream.failed, stream.over, stream.complete) == (True, True, False)


@pytest.mark.parametrize("make", [passing, translating])
def test_an_event_larger_than_any_ends_the_stream(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 1000)
    stream = make()
    stream.feed(bytes_of("say:a"))
    assert stream.feed(b"data: " + b"x" * 1001) == b""
    assert (stream.failed, stream.complete) == (True, False)


@pytest.mark.parametrize("make", [passing, translating])
def test_a_stream_without_report_is_estimated_from_what_was_said(make: Any) -> None:
    stream = make()
    stream.feed(bytes_of("meta", "say:abcd"))
    assert (stream.metered.usage, stream.metered.source) == (Usage(input=100, output=2), UsageSource.ESTIMATED)


def test_a_stream_that_breaks_off_has_used_what_was_reported_as_it_began() -> None:
    stream = translating()
    stream.feed(bytes_of("begin", "say:abcdefg"))
    assert not stream.complete
    found = stream.metered
    assert (found.usage, found.source) == (Usage(cache_read=90, output=3), UsageSource.ESTIMATED)
    assert found.reported == READ.reported
    stream.feed(bytes_of("used"))
    assert stream.metered == replace(COUNTED, source=UsageSource.ESTIMATED, known=COUNTED.usage)
    stream.feed(bytes_of("end"))
    assert stream.metered == COUNTED


@pytest.mark.parametrize("make", [passing, translating])
def test_content_begins_with_the_first_word(make: Any) -> None:
    stream = make()
    stream.feed(b": hi\n\n" + bytes_of("meta", "used"))
    assert not stream.content
    stream.feed(bytes_of("say:a"))
    assert stream.content


def test_a_translated_stream_says_what_got_lost_and_why_it_ended() -> None:
    stream = translating()
    assert stream.feed(bytes_of("call", "lose", "lose", "stop", "end")) == b"<stop calls><replyended>"
    assert stream.lost == ("citations",)


@pytest.mark.parametrize("behind", ["meta", "say:more", "error", "end"])
@pytest.mark.parametrize(("make", "shown"), [(passing, bytes_of("say:a", "end")), (translating, b"<a><replyended>")])
def test_what_comes_behind_the_end_is_nothing_of_the_replys(make: Any, shown: bytes, behind: str) -> None:
    for pieces in ([bytes_of("say:a", "end", behind)], [bytes_of("say:a", "end"), bytes_of(behind)]):
        stream = make()
        assert b"".join(map(stream.feed, pieces)) + stream.finish() == shown
        assert (stream.complete, stream.failed) == (True, False)


def test_nothing_is_written_behind_the_end() -> None:
    stream = translating()
    assert stream.feed(bytes_of("both", "end", "say:more", "end")) == b"<a><b><replyended>"
    assert stream.finish() == b""


def test_a_failure_is_told_in_the_language_of_what_was_written() -> None:
    assert passing().failure(BROKE_OFF) == b"data: upstream_failed\n\n"
    assert translating().failure(BROKE_OFF) == b"<upstream_failed>"


def test_a_beat_is_the_writers_and_only_in_the_midst_of_a_stream() -> None:
    stream = translating()
    assert stream.keepalive() == b"<keepalive>"
    stream.feed(bytes_of("say:a"))
    assert stream.keepalive() == b"<keepalive>"
    stream.feed(bytes_of("end"))
    assert stream.keepalive() == b""
    own = passing()
    own.feed(bytes_of("say:a"))
    assert own.keepalive() == b"\n", "an empty line means nothing in any framing"


def test_a_failed_stream_has_no_beat() -> None:
    stream = translating()
    stream.feed(bytes_of("say:a", "error"))
    assert stream.keepalive() == b""
