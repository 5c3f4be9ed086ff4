"""The scripted provider of measurements: answers every POST at once, whole or as a stream, far faster than a gateway.

usage: python -m tests.bench.provider PORT [CHUNKS] [MS_BETWEEN]
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

WHOLE = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"mock-model","choices":[{"index":0,"message":{"role":'
    b'"assistant","content":"The committee met on Tuesday. It discussed the proposal that had been circulated."},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":180,"completion_tokens":20,"total_tokens":200}}'
)
CHUNK = b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
LAST = (
    b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":180,'
    b'"completion_tokens":50,"total_tokens":230}}\n\ndata: [DONE]\n\n'
)


class Provider(asyncio.Protocol):
    """One connection. Knows just enough HTTP for a client that sends one request at a time."""

    def __init__(self, chunks: int, between_s: float) -> None:
        self._chunks, self._between_s = chunks, between_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(body) < length:
            return
        self._received = b""
        if b'"stream":true' in body.replace(b" ", b""):
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            self._transport.write(head)
            self._play(self._chunks)
        else:
            fields = b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(WHOLE)
            self._transport.write(b"HTTP/1.1 200 OK\r\n" + fields + WHOLE)

    def _play(self, left: int) -> None:
        if self._transport.is_closing():
            return
        data = CHUNK if left else LAST
        self._transport.write(b"%x\r\n%s\r\n" % (len(data), data) + (b"" if left else b"0\r\n\r\n"))
        if left:
            asyncio.get_running_loop().call_later(self._between_s, self._play, left - 1)


async def main(port: int, chunks: int, between_ms: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(chunks, between_ms / 1000), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    port, chunks, between_ms = (int(a) for a in [*sys.argv[1:], "50", "40"][:3])
    uvloop.run(main(port, chunks, between_ms))
