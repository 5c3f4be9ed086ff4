"""The scripted provider of measurements: answers every POST at once, whole or as a stream, far faster than a gateway.

usage: python -m tests.bench.provider PORT [CHUNKS] [MS_BETWEEN]

`GET /?chunks=50&between_ms=40&wait_ms=0` changes how it answers from then on: the chunks of a stream, the pause between
two of them, and how long a whole reply takes.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import parse_qsl, urlsplit

import uvloop

WHOLE: Final = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"mock-model","choices":[{"index":0,"message":{"role":'
    b'"assistant","content":"The committee met on Tuesday. It discussed the proposal that had been circulated."},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":180,"completion_tokens":20,"total_tokens":200}}'
)
ANSWER: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(WHOLE)
) + WHOLE
STREAM: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNK: Final = (
    b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
)
LAST: Final = (
    b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":180,'
    b'"completion_tokens":50,"total_tokens":230}}\n\ndata: [DONE]\n\n'
)


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


FRAMED_CHUNK: Final = _framed(CHUNK)
FRAMED_END: Final = _framed(LAST) + b"0\r\n\r\n"


@dataclass(slots=True)
class Script:
    chunks: int = 50
    between_ms: int = 40
    wait_ms: int = 0


class Provider(asyncio.Protocol):
    """One connection. Knows just enough HTTP for a client that sends one request at a time."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._received = bytearray()
        self._needed = 0
        """Bytes of the request that is being received; 0 until its head is here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._needed:
            ends = self._received.find(b"\r\n\r\n") + 4
            if ends < 4:
                return
            head = bytes(self._received[:ends]).lower()
            self._needed = ends + int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(self._received) >= self._needed:
            request = bytes(self._received)
            self._received.clear()
            self._needed = 0
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        if request.startswith(b"GET"):
            for name, value in parse_qsl(urlsplit(request.split(b" ", 2)[1]).query):
                setattr(self._script, name.decode(), int(value))
            self._transport.write(ANSWER)
        elif b'"stream":true' in request or b'"stream": true' in request:
            self._transport.write(STREAM)
            self._play(self._script.chunks, self._script.between_ms / 1000)
        elif self._script.wait_ms:
            asyncio.get_running_loop().call_later(self._script.wait_ms / 1000, self._transport.write, ANSWER)
        else:
            self._transport.write(ANSWER)

    def _play(self, left: int, between_s: float) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(FRAMED_CHUNK if left else FRAMED_END)
        if left and between_s:
            asyncio.get_running_loop().call_later(between_s, self._play, left - 1, between_s)
        elif left:
            asyncio.get_running_loop().call_soon(self._play, left - 1, between_s)


async def main(port: int, script: Script) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(script), "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Script(*map(int, sys.argv[2:4]))))
