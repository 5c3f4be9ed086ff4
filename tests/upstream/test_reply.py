"""A reply as its reader sees it: whole or in pieces, refused, broken, given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.upstream.faults import UpstreamFault
from gateway.upstream.reply import IncomingReply
from tests.upstream.calling import run


class _Line:
    """Writes down what a reply asks of its connection."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def abort(self) -> None:
        self.asked.append("abort")

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")


def _answer(
    line: _Line, *pieces: bytes, status: int = 200, fields: tuple[tuple[bytes, bytes], ...] = (), ended: bool = True
) -> IncomingReply:
    answer = IncomingReply(line, asyncio.get_running_loop())
    answer.status, answer.fields = status, list(fields)
    answer.pieces, answer.size = list(pieces), sum(map(len, pieces))
    if ended:
        answer.complete()
    return answer


@pytest.mark.parametrize(("most", "body"), [(4, b"abcd"), (9, b"abcd"), (3, None)])
@pytest.mark.parametrize("ended", [True, False], ids=["at hand", "awaited"])
def test_a_body_is_read_whole_up_to_a_bound(most: int, body: bytes | None, ended: bool) -> None:
    async def scenario() -> None:
        answer = _answer(_Line(), b"ab", b"cd", ended=ended)
        reading = asyncio.create_task(answer.whole(most))
        await asyncio.sleep(0)
        if not ended and not reading.done():
            answer.complete()
        assert await reading == body

    run(scenario())


def test_a_body_that_breaks_off_is_a_fault_after_what_came_of_it() -> None:
    async def scenario() -> None:
        answer = _answer(_Line(), b"some", ended=False)
        answer.fail("reset")
        assert await anext(answer) == b"some"
        for reading in (anext(answer), answer.whole(99)):
            with pytest.raises(UpstreamFault) as caught:
                await reading
            assert (caught.value.kind, caught.value.sent) == ("reset", "maybe")

    run(scenario())


WAITING: dict[str, Callable[[IncomingReply], Awaitable[object]]] = {
    "head": lambda answer: answer.begun(),
    "piece": lambda answer: answer.__anext__(),
    "whole": lambda answer: answer.whole(99),
}


@pytest.mark.parametrize("what", WAITING)
def test_who_is_cancelled_cuts_the_connection(what: str) -> None:
    async def scenario() -> None:
        line = _Line()
        answer = _answer(line, status=0 if what == "head" else 200, ended=False)
        waiting = asyncio.ensure_future(WAITING[what](answer))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert line.asked == ["abort"]

    run(scenario())


def test_closing_cuts_once_and_only_what_is_not_at_its_end() -> None:
    async def scenario() -> None:
        hanging, ended = _Line(), _Line()
        answer, complete = _answer(hanging, ended=False), _answer(ended)
        for reply in (answer, answer, complete, complete):
            await reply.close()
        assert (hanging.asked, ended.asked) == (["abort"], [])

    run(scenario())


def test_holds_back_once_and_goes_on_when_it_is_read() -> None:
    async def scenario() -> None:
        line = _Line()
        answer = _answer(line, b"a", b"b", ended=False)
        answer.pause()
        answer.pause()
        assert await anext(answer) == b"ab"
        assert line.asked == ["pause", "resume"]

    run(scenario())


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (101, (), "protocol"),
        (302, (), "redirected"),
        (304, (), "redirected"),
        (200, ((b"Content-Encoding", b" GZIP "),), "encoded"),
        (200, ((b"content-encoding", b"identity"), (b"content-encoding", b"br")), "encoded"),
        (500, ((b"transfer-encoding", b"gzip, chunked"),), "encoded"),
        (200, ((b"content-encoding", b""), (b"Transfer-Encoding", b"Chunked")), None),
        (429, ((b"x-content-coding", b"gzip"),), None),
    ],
)
def test_refuses_what_cannot_be_handed_on(
    status: int, fields: tuple[tuple[bytes, bytes], ...], kind: str | None
) -> None:
    async def scenario() -> None:
        line = _Line()
        answer = _answer(line, status=status, fields=fields, ended=False)
        if kind is None:
            assert await answer.begun() is answer
            return
        with pytest.raises(UpstreamFault) as caught:
            await answer.begun()
        assert (caught.value.kind, caught.value.sent) == (kind, "maybe")
        assert line.asked == ["abort"]

    run(scenario())
