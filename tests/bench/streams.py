"""What a streamed chunk costs on its way through: passed on, and translated, for each client dialect. No sockets.

usage: python -m tests.bench.streams. The best of five runs of each; compare within one run.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from gateway.dialects.prompt import PromptHead
from gateway.dialects.translation import ReplyMark, Translation
from tests.builders import a_route, a_snapshot

CHUNKS: Final = 2000
SAID: Final = [{"role": "user", "content": "hi"}]
REQUESTS: Final[dict[str, tuple[dict[str, Any], PromptHead]]] = {
    "openai_chat": ({"model": "small", "stream": True, "messages": SAID}, PromptHead()),
    "openai_responses": ({"model": "small", "stream": True, "input": "hi"}, PromptHead()),
    "anthropic_messages": (
        {"model": "small", "stream": True, "max_tokens": 9, "messages": SAID},
        PromptHead(version="2023-06-01"),
    ),
    "google_generate": (
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        PromptHead(model="small", streaming=True, verb="streamGenerateContent"),
    ),
}
CHAT: Final = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
)
MESSAGES: Final = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"word "}}\n\n'
)
MESSAGE_BEGINS: Final = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant",'
    b'"content":[],"model":"x","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}\n\n'
    b"event: content_block_start\n"
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n'
)
STREAMS: Final = {"openai_chat": (b"", CHAT), "anthropic_messages": (MESSAGE_BEGINS, MESSAGES)}


def chunk_us(wire: str, client: str) -> float:
    """CPU microseconds of one chunk from a route that speaks `wire` to a client that speaks `client`."""
    body, asked = REQUESTS[client]
    begins, chunk = STREAMS[wire]
    translation = Translation.accepted(client, json.dumps(body).encode(), asked, a_snapshot(a_route()))
    best = float("inf")
    for _ in range(5):
        stream = translation.stream(wire, a_route(), ReplyMark("01J", 1))
        stream.feed(begins)
        began = time.process_time()
        for _ in range(CHUNKS):
            stream.feed(chunk)
        best = min(best, time.process_time() - began)
        assert not stream.failed
    return best / CHUNKS * 1e6


def main() -> None:
    for wire in STREAMS:
        for client in REQUESTS:
            how = "passed on" if wire == client else "translated"
            print(f"{wire:19} -> {client:19} {how}  {chunk_us(wire, client):5.1f} us/chunk")


if __name__ == "__main__":
    main()
