from __future__ import annotations

import gc
import weakref

import pytest
from httptools import HttpParserError

from gateway.core.errors import InvalidRequest
from gateway.http.message_parser import MessageParser

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"


def test_the_parts_of_a_body_are_passed_on_and_the_end_is_noted() -> None:
    parts: list[bytes] = []
    message = MessageParser(parts.append)
    message.feed(POST)
    assert not message.complete
    message.feed(b"ab")
    message.feed(b"c")
    assert (b"".join(parts), message.complete, message.keeps_alive) == (b"abc", True, True)


def test_a_second_message_inside_the_first_is_refused_and_one_behind_it_is_not() -> None:
    message = MessageParser(lambda _: None)
    message.feed(GET)
    with pytest.raises((InvalidRequest, HttpParserError)):
        message.feed(GET)
    behind = MessageParser(lambda _: None)
    for _ in range(2):
        behind.complete = False
        behind.feed(GET)
        assert behind.complete


def test_a_client_may_end_the_connection_with_its_message() -> None:
    message = MessageParser(lambda _: None)
    message.feed(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert not message.keeps_alive


def test_a_closed_parser_is_let_go() -> None:
    gc.disable()
    try:
        message = MessageParser(lambda _: None)
        message.feed(GET)
        message.close()
        gone = weakref.ref(message)
        del message
        assert gone() is None
    finally:
        gc.enable()
